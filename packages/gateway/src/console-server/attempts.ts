import { GatewayError } from '@sallyport/core'

const WINDOW_MS = 60_000
const PER_ADDRESS_MAX = 30
const TOTAL_MAX = 600
const ADDRESSES_MAX = 10_000

/**
 * Counts sign-in attempts by address and in all, in windows of a minute. What cannot be counted is refused.
 * The function it returns throws GatewayError `LIMIT_RATE`.
 */
export function limitAttempts(nowMs: () => number): (address: string) => void {
  let windowMs = Number.NEGATIVE_INFINITY
  let total = 0
  const counts = new Map<string, number>()
  return (address) => {
    const now = nowMs()
    if (now - windowMs >= WINDOW_MS || now < windowMs) {
      windowMs = now
      total = 0
      counts.clear()
    }
    const count = counts.get(address) ?? 0
    if (count >= PER_ADDRESS_MAX || total >= TOTAL_MAX || (count === 0 && counts.size >= ADDRESSES_MAX))
      throw new GatewayError('LIMIT_RATE', 'too many attempts to sign in; wait a minute', {
        retryAfterMs: WINDOW_MS - (now - windowMs),
      })
    counts.set(address, count + 1)
    total++
  }
}
