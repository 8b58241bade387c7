import type { Entry, OutcomeEntry } from '@sallyport/core'
import type { OwnBudgets } from './budgets.ts'

/** Reads the log newest first, back to a time. */
type ReadBack = (untilMs: number) => AsyncIterable<{ readonly entry: Entry }>

/**
 * Rebuilds budgets from the log: a start must not refill them. Goes back only as far as the longest window in force; called
 * again with a longer one it adds what is older and counts nothing twice.
 * @param startMs When this process opened the log. Calls are served only once the first reading is done.
 * @returns Resolves when every call within `windowMs` before the start is counted.
 */
export function budgetRestorer(readBack: ReadBack, budgets: OwnBudgets, startMs: number): (windowMs: number) => Promise<void> {
  let coveredMs = Number.POSITIVE_INFINITY
  return async (windowMs) => {
    const fromMs = startMs - windowMs
    if (fromMs >= coveredMs) return
    const untilMs = coveredMs
    coveredMs = fromMs
    /** What acts used in the end, by the index of their decision, which comes later here. */
    const used = new Map<number, NonNullable<OutcomeEntry['spends']>>()
    for await (const { entry } of readBack(fromMs)) {
      if (entry.type === 'outcome' && entry.spends) used.set(entry.decision, entry.spends)
      if (entry.type !== 'decision') continue
      const atMs = Date.parse(entry.time)
      // An act without an outcome may have used all that it reserved.
      const spends = used.get(entry.index) ?? entry.spends ?? []
      used.delete(entry.index)
      if (atMs >= untilMs) continue
      budgets.restore(entry.budgets, atMs)
      budgets.adjust(
        spends.map(({ key, windowMs, amount }) => ({ key, windowMs, by: amount })),
        atMs,
      )
    }
  }
}
