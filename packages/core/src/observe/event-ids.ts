import { toHex, utf8 } from '../model/bytes.ts'
import type { Sha256 } from '../record/tree.ts'

/** Crockford's base 32. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_CHARS = 10
const RANDOM_CHARS = 16

/**
 * A ULID whose random part comes from a hash instead, so that the same entry always has the same id.
 * @param hash At least 10 bytes.
 * @see https://github.com/ulid/spec
 */
export function ulidOf(timeMs: number, hash: Uint8Array): string {
  let time = ''
  for (let rest = Math.max(0, Math.floor(timeMs)), i = 0; i < TIME_CHARS; i++, rest = Math.floor(rest / 32))
    time = (ALPHABET[rest % 32] ?? '0') + time
  let random = ''
  for (let i = 0; i < RANDOM_CHARS; i++) {
    const at = (i * 5) >> 3
    const pair = ((hash[at] ?? 0) << 8) | (hash[at + 1] ?? 0)
    random += ALPHABET[(pair >> (11 - ((i * 5) & 7))) & 31] ?? '0'
  }
  return time + random
}

const TRACE_BYTES = 16
const SPAN_BYTES = 8

/**
 * Ids of the trace of a session and of the span of one of its acts, made from our own ids: nobody outside chooses them, and
 * decision and outcome of an act meet in one span without a table of open ones.
 * @see W3C Trace Context, section 3.2
 */
export function traceIds(of: { readonly origin: string; readonly session: string; readonly act: string }, sha: Sha256): TraceIds {
  return {
    traceId: toHex(sha(utf8(`trace\n${of.origin}\n${of.session}`)).subarray(0, TRACE_BYTES)),
    spanId: toHex(sha(utf8(`span\n${of.origin}\n${of.act}`)).subarray(0, SPAN_BYTES)),
  }
}

export interface TraceIds {
  readonly traceId: string
  readonly spanId: string
}
