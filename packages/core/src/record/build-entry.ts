import { GatewayError } from '../errors.ts'
import { utf8 } from '../model/bytes.ts'
import { ENTRY_BYTES_MAX, type Entry, type EntryBody } from '../model/entry.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'

export interface BuiltEntry {
  readonly entry: Entry
  /** The leaf: exact JCS bytes, at most `ENTRY_BYTES_MAX`. */
  readonly bytes: Uint8Array
  readonly timeMs: number
}

/**
 * Numbers and dates an entry and fixes its bytes. Its time is never before `lastMs`, whatever the clock says. An entry over
 * the limit loses the redacted structures of its contents first; the commitments stay.
 * @param at.toBytes UTF-8 bytes of a text, where there is a faster way than ours.
 * @throws GatewayError `AUDIT_ENTRY_TOO_LARGE` when it is over the limit even so.
 */
export function buildEntry(
  body: EntryBody,
  at: { readonly index: number; readonly nowMs: number; readonly lastMs: number; readonly toBytes?: (text: string) => Uint8Array },
): BuiltEntry {
  const toBytes = at.toBytes ?? utf8
  const timeMs = Math.max(Math.floor(at.nowMs), at.lastMs)
  const entry = { ...body, v: 1, index: at.index, time: new Date(timeMs).toISOString() } as Entry
  const bytes = toBytes(encode(entry))
  if (bytes.length <= ENTRY_BYTES_MAX) return { entry, bytes, timeMs }
  const smaller = withoutShapes(entry)
  const fewer = toBytes(encode(smaller))
  if (fewer.length > ENTRY_BYTES_MAX)
    throw new GatewayError('AUDIT_ENTRY_TOO_LARGE', `an audit entry would be over ${ENTRY_BYTES_MAX} bytes`)
  return { entry: smaller, bytes: fewer, timeMs }
}

function encode(entry: Entry): string {
  // Every entry is JSON by its schema; TypeScript cannot see that an interface-free union fits an index signature.
  return jcs(entry as unknown as Json)
}

function withoutShapes(entry: Entry): Entry {
  if (entry.type === 'decision' || entry.type === 'evaluation')
    return { ...entry, input: { commitment: entry.input.commitment, bytes: entry.input.bytes } }
  if (entry.type === 'outcome' && entry.output)
    return { ...entry, output: { commitment: entry.output.commitment, bytes: entry.output.bytes } }
  return entry
}
