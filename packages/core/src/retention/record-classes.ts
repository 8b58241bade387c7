import type { Entry } from '../model/entry.ts'

/** Days of seven years and of one, leap days included. */
export const SEVEN_YEARS_DAYS = 2_557
export const YEAR_DAYS = 366

/**
 * Classes of records with the days they are kept unless configured, a regime asks for more or a ceiling for less. `custody` is never
 * deleted: when its place in the log is pruned, entry and proof are set aside.
 */
export const RECORD_CLASSES = {
  skeleton: {
    days: SEVEN_YEARS_DAYS,
    daysMin: YEAR_DAYS,
    means: 'decisions, outcomes and refusals: commitments and structure, no content',
  },
  config: { days: SEVEN_YEARS_DAYS, daysMin: YEAR_DAYS, means: 'approvals and everything people did to the configuration' },
  custody: { days: Infinity, daysMin: Infinity, means: 'holds, erasures, prunings and keys' },
  payload: { days: 90, daysMin: 1, means: 'inputs and outputs in the vault' },
  detector: { days: 30, daysMin: 1, means: 'what detectors were given' },
  reasoning: { days: 7, daysMin: 1, means: 'intermediate reasoning of models' },
} as const
export type RecordClass = keyof typeof RECORD_CLASSES

/** Verbs of entries that are kept as long as there is a log. */
const CUSTODY = /^(?:hold|erase|erasure|subject\.erase|key|audit\.key|log|retention)(?:\.|$)/

/** The class an entry of the log belongs to. The others are classes of content, which is in the vault. */
export function recordClassOf(entry: Entry): 'skeleton' | 'config' | 'custody' {
  if (entry.type !== 'admin') return 'skeleton'
  return CUSTODY.test(entry.verb) ? 'custody' : 'config'
}
