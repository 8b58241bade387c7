import type { Entry } from '../model/entry.ts'
import type { LogProblem } from './log-problems.ts'

/** Most open acts a report lists; all are counted. */
export const OPEN_ACTS_SHOWN_MAX = 100

/** Counts entries and matches every outcome with its decision. Remembers only acts that are still open. */
export class ActLedger {
  readonly #kept: number
  readonly counts: Record<Entry['type'], number> = {
    decision: 0,
    outcome: 0,
    unknown: 0,
    refusal: 0,
    admin: 0,
    evaluation: 0,
  }
  /** Act by the index of its decision. */
  readonly #open = new Map<number, string>()

  /** @param kept Index of the first entry that was not pruned: what an earlier decision allowed cannot be looked up. */
  constructor(kept: number = 0) {
    this.#kept = kept
  }

  /** Takes the next entry; a problem when it completes an act that is not open. */
  add(entry: Entry): LogProblem | undefined {
    this.counts[entry.type]++
    if (entry.type === 'decision' && entry.enforced === 'allow') this.#open.set(entry.index, entry.act)
    if (entry.type !== 'outcome' && entry.type !== 'unknown') return undefined
    if (this.#open.get(entry.decision) === entry.act) {
      this.#open.delete(entry.decision)
      return undefined
    }
    if (entry.decision < this.#kept) return undefined
    return { reason: 'outcome_without_decision', index: entry.index, exact: true }
  }

  /** Allowed acts with neither outcome nor `unknown`: in flight, or cut off by a crash not yet recovered from. */
  open(): { readonly index: number; readonly act: string }[] {
    return [...this.#open].map(([index, act]) => ({ index, act }))
  }
}
