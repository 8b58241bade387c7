import { GatewayError } from '@sallyport/core'

/** Bytes of memory a body costs while it is read, parsed, forwarded and committed to. */
export const COST_FACTOR = 4

/** One budget for all bodies in memory. Whoever finds it used up waits outside, with 503; the process never runs out. */
export interface ByteBudget {
  /** @throws GatewayError `LIMIT_OVERLOADED` with a retry time. */
  take(bytes: number): void
  give(bytes: number): void
  used(): number
}

const RETRY_MS = 1_000

export function openByteBudget(bytesMax: number): ByteBudget {
  let used = 0
  return {
    take(bytes) {
      if (used + bytes > bytesMax)
        throw new GatewayError('LIMIT_OVERLOADED', 'too many bytes are in flight', { retryAfterMs: RETRY_MS })
      used += bytes
    },
    give(bytes) {
      used -= bytes
    },
    used: () => used,
  }
}
