/** Everything `verifyLog` can find wrong. `docs/reference` is generated from this table; codes are stable. */
export const LOG_PROBLEMS = {
  checkpoint_missing: { means: 'the log has no checkpoint, so nothing vouches for its entries' },
  checkpoint_invalid: { means: 'the checkpoint is malformed, of another log, or its signature is wrong' },
  foreign_key: { means: 'the checkpoint is signed by a key that is not trusted' },
  entry_changed: { means: 'the bytes of an entry are not those the log committed to' },
  entries_missing: { means: 'entries the log committed to are gone' },
  entry_swapped: { means: 'entries stand in another order than they were written in' },
  entry_duplicated: { means: 'an entry stands in the log twice' },
  entry_inserted: { means: 'an entry stands where none was written' },
  entry_invalid: { means: 'an entry is not canonical JSON of a known schema, or its index or time is wrong' },
  file_truncated: { means: 'a file ends in the middle of an entry' },
  tile_mismatch: { means: 'a hash tile is missing or does not belong to the entries' },
  rolled_back: { means: 'a checkpoint held elsewhere is ahead of the log or contradicts it' },
  outcome_without_decision: { means: 'an outcome names no open decision of the same act' },
} as const satisfies Record<string, { means: string }>
export type LogProblemCode = keyof typeof LOG_PROBLEMS

/** One thing that is wrong, at the first entry it touches. */
export interface LogProblem {
  readonly reason: LogProblemCode
  /** First bad entry. For a problem of the checkpoint, or when `exact` is false: no entry before this one is in doubt. */
  readonly index: number
  /** Whether exactly this entry is bad; else it is the first that nothing vouches for. */
  readonly exact: boolean
  /** For missing entries. */
  readonly where?: 'head' | 'middle' | 'tail'
  readonly detail?: string
}
