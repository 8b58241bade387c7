import { GatewayError, sha256Hex } from '@sallyport/core'

const KEPT_MS = 10 * 60_000
const KEPT_MAX = 10_000

interface Kept<A> {
  readonly body: string
  readonly answer: Promise<A>
  readonly atMs: number
}

/**
 * Runs a mutation once for each `Idempotency-Key` of one session and route, and gives the same answer again for ten minutes
 * (draft-ietf-httpapi-idempotency-key-header). What failed is forgotten: it did nothing and may be tried again.
 */
export function openIdempotency<A>(nowMs: () => number): {
  /** @throws GatewayError `CONFLICT` for another body under the same key, `LIMIT_OVERLOADED` when too many are kept */
  once(key: string, body: string, run: () => Promise<A>): Promise<A>
} {
  const kept = new Map<string, Kept<A>>()
  return {
    async once(key, body, run) {
      const now = nowMs()
      for (const [old, { atMs }] of kept) {
        if (now - atMs < KEPT_MS) break
        kept.delete(old)
      }
      const hash = sha256Hex(body)
      const known = kept.get(key)
      if (known) {
        if (known.body === hash) return known.answer
        throw new GatewayError('CONFLICT', 'this Idempotency-Key came with another body before')
      }
      if (kept.size >= KEPT_MAX) throw new GatewayError('LIMIT_OVERLOADED', 'too many requests with an Idempotency-Key')
      const answer = run()
      kept.set(key, { body: hash, answer, atMs: now })
      try {
        return await answer
      } catch (error) {
        kept.delete(key)
        throw error
      }
    },
  }
}
