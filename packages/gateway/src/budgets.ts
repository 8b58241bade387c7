/** A named budget of calls in a sliding window. */
export interface Draw {
  readonly key: string
  readonly callsMax: number
  readonly windowMs: number
}

export interface Reservation {
  readonly reserved: boolean
  readonly keys: readonly string[]
  readonly limit?: string
  readonly retryAfterMs?: number
}

/**
 * Exact sliding-window budgets of one process. A reservation takes one call from each named budget or from none; it happens
 * in one synchronous step, so concurrent requests cannot both take the last call.
 */
export interface Budgets {
  reserve(draws: readonly Draw[], nowMs: number): Reservation
  /** Gives back the calls of one reservation: the act did not happen. */
  refund(keys: readonly string[], atMs: number): void
  /** Counts a call from the log, when rebuilding after a start. */
  restore(keys: readonly string[], atMs: number): void
}

/** Above this many budgets in memory, those nobody drew on for a day, the longest window, are forgotten. */
const BUDGETS_MAX = 100_000

export function openBudgets(): Budgets {
  /** Times of calls, oldest first. */
  const calls = new Map<string, number[]>()
  /** Restored in whatever order; sorted once, when they are first needed. */
  const unsorted = new Set<string>()
  return { reserve, refund, restore }

  function reserve(draws: readonly Draw[], nowMs: number): Reservation {
    const keys = draws.map((draw) => draw.key)
    for (const draw of draws) {
      const times = live(draw, nowMs)
      if (times.length < draw.callsMax) continue
      const freesAtMs = (times[times.length - draw.callsMax] ?? nowMs) + draw.windowMs
      return {
        reserved: false,
        keys,
        limit: `${draw.key}: ${draw.callsMax} calls per ${draw.windowMs} ms`,
        retryAfterMs: Math.max(1, freesAtMs - nowMs),
      }
    }
    for (const draw of draws) calls.get(draw.key)?.push(nowMs)
    return { reserved: true, keys }
  }

  function live(draw: Draw, nowMs: number): number[] {
    let times = calls.get(draw.key)
    if (!times) {
      times = []
      if (calls.size >= BUDGETS_MAX) dropIdle(nowMs)
      calls.set(draw.key, times)
    }
    if (unsorted.delete(draw.key)) times.sort((a, b) => a - b)
    let gone = 0
    while (gone < times.length && (times[gone] ?? 0) <= nowMs - draw.windowMs) gone++
    if (gone > 0) times.splice(0, gone)
    return times
  }

  function refund(keys: readonly string[], atMs: number): void {
    for (const key of keys) {
      const times = calls.get(key)
      const at = times?.lastIndexOf(atMs) ?? -1
      if (at >= 0) times?.splice(at, 1)
    }
  }

  function restore(keys: readonly string[], atMs: number): void {
    for (const key of keys) {
      const times = calls.get(key) ?? []
      calls.set(key, times)
      times.push(atMs)
      unsorted.add(key)
    }
  }

  function dropIdle(nowMs: number): void {
    const DAY_MS = 86_400_000
    for (const [key, times] of calls) if ((times.at(-1) ?? 0) <= nowMs - DAY_MS) calls.delete(key)
  }
}
