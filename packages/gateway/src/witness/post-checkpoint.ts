import { collect } from '../collect.ts'
import type { WitnessConfig } from '../config-witness.ts'
import { openPool } from '../egress.ts'
import type { PostCheckpoint } from './ask-witness.ts'

/** Longest wait for one answer. */
const WITNESS_ANSWER_MS = 5_000

/** Speaks to one witness under the egress rules: checked address, no redirect, bounded. */
export function connectWitness({ url, allowPrivateNetwork }: WitnessConfig): {
  readonly post: PostCheckpoint
  close(): Promise<void>
} {
  const target = new URL(url)
  const pool = openPool(target, allowPrivateNetwork)
  return {
    async post(body, bytesMax) {
      const response = await pool.request({
        method: 'POST',
        path: `${target.pathname.replace(/\/$/, '')}/add-checkpoint`,
        headers: { 'content-type': 'text/plain; charset=utf-8' },
        body,
        headersTimeout: WITNESS_ANSWER_MS,
        bodyTimeout: WITNESS_ANSWER_MS,
        signal: AbortSignal.timeout(WITNESS_ANSWER_MS),
      })
      let bytes = 0
      const answer = await collect(response.body, (more) => {
        bytes += more
        if (bytes > bytesMax) throw new Error('the answer is too large')
      })
      return { status: response.statusCode, text: answer.toString('utf8') }
    },
    close: () => pool.destroy(),
  }
}
