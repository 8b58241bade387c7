import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError, utf8 } from '@sallyport/core'
import type { Anchor } from '../../anchor.ts'
import { collect } from '../../collect.ts'
import type { Rfc3161AnchorConfig } from '../../config-anchors.ts'
import { openPool } from '../../egress.ts'
import { writeDurably } from '../../write-durably.ts'
import { buildRequest, readRoots, TIMESTAMP_BYTES_MAX, verifyTimestamp } from './token.ts'

const NONCE_BYTES = 8
const ANSWER_MS = 30_000
/** Digits of a size in a file's name, so that names sort as sizes do. */
const SIZE_DIGITS = 16

export interface Rfc3161Deps {
  /** Where answers are kept, each beside the checkpoint it is over. */
  readonly dir: string
  /** PEM of the roots. */
  readonly roots: string
  readonly randomBytes: (count: number) => Uint8Array
}

/**
 * Has a time stamp authority sign the hash of each checkpoint. What it signed proves that the log stood like that no later than then:
 * somebody who rewrites it can get no stamp of that time for another one. Anyone can check it: `openssl ts -verify`.
 */
export function openRfc3161Anchor(config: Rfc3161AnchorConfig, { dir, roots, randomBytes }: Rfc3161Deps): Anchor {
  if (readRoots(roots).length === 0) throw new GatewayError('CONFIG_INVALID', 'anchors: the file of roots holds no certificate')
  const url = new URL(config.url)
  const pool = openPool(url, config.allowPrivateNetwork)

  async function ask(request: Uint8Array): Promise<Uint8Array> {
    try {
      const { statusCode, headers, body } = await pool.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers: { 'content-type': 'application/timestamp-query', accept: 'application/timestamp-reply' },
        body: request,
        headersTimeout: ANSWER_MS,
        bodyTimeout: ANSWER_MS,
      })
      let bytes = 0
      const answer = await collect(body, (more) => {
        bytes += more
        if (bytes > TIMESTAMP_BYTES_MAX) throw new GatewayError('UPSTREAM_TOO_LARGE', 'the time stamp is too large')
      })
      if (statusCode !== 200 || !String(headers['content-type']).startsWith('application/timestamp-reply'))
        throw new GatewayError('UPSTREAM_UNAVAILABLE', `the time stamp authority answered ${statusCode}`)
      return answer
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      throw new GatewayError('UPSTREAM_UNAVAILABLE', 'the time stamp authority cannot be reached', { cause })
    }
  }

  return {
    id: 'rfc3161',
    async anchor({ note, head }) {
      const base = join(dir, String(head.size).padStart(SIZE_DIGITS, '0'))
      if (isStamped(base, note)) return
      const bytes = utf8(note)
      const nonce = randomBytes(NONCE_BYTES)
      const answer = await ask(await buildRequest(bytes, nonce))
      const result = await verifyTimestamp(answer, bytes, { roots, nonce })
      if (!result.ok) throw new GatewayError('UPSTREAM_MALFORMED', `the time stamp is not usable: ${result.fault}`)
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      writeDurably(`${base}.tsr`, answer)
      writeDurably(`${base}.checkpoint`, bytes)
    },
    close: () => pool.close(),
  }
}

/** The checkpoint is written last. */
function isStamped(base: string, note: string): boolean {
  return existsSync(`${base}.checkpoint`) && readFileSync(`${base}.checkpoint`, 'utf8') === note
}
