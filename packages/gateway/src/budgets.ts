import { exhaustedBy, type Facts, type Spend } from '@sallyport/core'
import { openSpendLedger, type SpendChange } from './spend-ledger.ts'

/** A named budget of calls in a sliding window. */
export interface Draw {
  readonly key: string
  readonly callsMax: number
  readonly windowMs: number
}

/** What is asked for: calls, and amounts of tokens or money. */
export type Wanted = Draw | Spend

/** What was taken: one call from each key and every amount, or nothing from any. */
export type Reservation = Facts['budget']

/**
 * Exact sliding-window budgets: at no moment does a window hold more calls than it may, whoever asks and however many at once.
 * A reservation takes one call or its amount from each named budget or from none. Keys of one reservation are distinct.
 */
export interface Budgets {
  /**
   * A value where the budgets are in this process: taken in the same synchronous step, whatever `isWanted` would say. Where they
   * must be waited for, a promise; there nothing is taken, and a value returned, when the call is not wanted.
   * @param nowMs The gateway's clock. Budgets that several gateways share go by a clock of their own.
   * @param isWanted Whether the act would be allowed if it had these calls. Asked at most once, before waiting.
   * @throws GatewayError `STORE_UNAVAILABLE` when whoever keeps the budgets cannot be asked. What was taken, if anything, stays
   * taken: an error admits nothing.
   */
  reserve(wanted: readonly Wanted[], nowMs: number, isWanted: () => boolean): Reservation | Promise<Reservation>
  /**
   * What `reserve` would answer about calls now, with nothing taken and nobody kept waiting for it.
   * @throws GatewayError `STORE_UNAVAILABLE`
   */
  peek(draws: readonly Draw[], nowMs: number, isWanted: () => boolean): Reservation | Promise<Reservation>
  /** Gives back the calls of one reservation: the act did not happen. */
  refund(keys: readonly string[], atMs: number): void
  /** Corrects amounts of one reservation: what was not used is there again, what was used beyond it is missing. */
  adjust(changes: readonly SpendChange[], atMs: number): void
}

/** Budgets of one process, lost with it and rebuilt from the log. */
export interface OwnBudgets extends Budgets {
  reserve(wanted: readonly Wanted[], nowMs: number): Reservation
  /** Counts a call from the log, when rebuilding after a start. */
  restore(keys: readonly string[], atMs: number): void
}

export function isSpend(wanted: Wanted): wanted is Spend {
  return 'amount' in wanted
}

export function isDraw(wanted: Wanted): wanted is Draw {
  return !isSpend(wanted)
}

/** What a caller is told about a budget that is used up. */
export function limitOf({ key, callsMax, windowMs }: Draw): string {
  return `${key}: ${callsMax} calls per ${windowMs} ms`
}

function keysOf(draws: readonly Draw[]): string[] {
  return draws.map((draw) => draw.key)
}

/** Above this many budgets in memory, those nobody drew on for a day, the longest window, are forgotten. */
const BUDGETS_MAX = 100_000

/** Every reservation is one synchronous step, so concurrent requests cannot both take the last call. */
export function openBudgets(): OwnBudgets {
  /** Times of calls, oldest first. */
  const calls = new Map<string, number[]>()
  /** Restored in whatever order; sorted once, when they are first needed. */
  const unsorted = new Set<string>()
  const ledger = openSpendLedger()
  return {
    reserve,
    peek: (draws, nowMs) => shortOf(draws, nowMs) ?? { reserved: true, keys: keysOf(draws) },
    refund,
    adjust,
    restore,
  }

  function reserve(wanted: readonly Wanted[], nowMs: number): Reservation {
    const draws = wanted.filter(isDraw)
    const spends = wanted.filter(isSpend)
    const keys = keysOf(draws)
    const short = shortOf(draws, nowMs)
    if (short) return short
    for (const spend of spends) {
      const shortage = ledger.shortage(spend, nowMs)
      if (!shortage) continue
      const { used, ...wait } = shortage
      return { reserved: false, keys, ...exhaustedBy(spend, used), ...wait }
    }
    for (const draw of draws) calls.get(draw.key)?.push(nowMs)
    for (const { key, windowMs, amount } of spends) ledger.change({ key, windowMs, by: amount }, nowMs)
    return { reserved: true, keys, ...(spends.length > 0 && { spends }) }
  }

  /** The answer where a budget of calls is used up. */
  function shortOf(draws: readonly Draw[], nowMs: number): Reservation | undefined {
    for (const draw of draws) {
      const times = live(draw, nowMs)
      if (times.length < draw.callsMax) continue
      const freesAtMs = (times[times.length - draw.callsMax] ?? nowMs) + draw.windowMs
      return { reserved: false, keys: keysOf(draws), limit: limitOf(draw), retryAfterMs: Math.max(1, freesAtMs - nowMs) }
    }
    return undefined
  }

  function adjust(changes: readonly SpendChange[], atMs: number): void {
    for (const change of changes) ledger.change(change, atMs)
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
