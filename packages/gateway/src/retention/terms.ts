import {
  DEFAULT_RETENTION_CLASS,
  RECORD_CLASSES,
  retentionOf,
  type RecordClass,
  type RetentionConflict,
  type RetentionRules,
  type RetentionSubject,
} from '@sallyport/core'
import type { State } from '../state.ts'

/** How long records are kept, for each agent that ever had a manifest and, as `*`, for what belongs to no agent. */
export interface Terms {
  /** Days for records of an agent; for one that is unknown, or for none, the longest of all. */
  days(agent: string | undefined, record: RecordClass): number
  readonly list: readonly { readonly agent: string; readonly class: string; readonly record: RecordClass; readonly days: number }[]
  readonly conflicts: readonly (RetentionConflict & { readonly agent: string })[]
}

/** Agent of what belongs to none. */
export const NO_AGENT = '*'

/**
 * Reads the terms of every agent. An agent whose manifest changed keeps the longest of all its versions: a new class must not let go
 * what was recorded under the old one.
 */
export function readTerms(state: Pick<State, 'agents' | 'manifestVersions'>, rules: RetentionRules): Terms {
  const records = Object.keys(RECORD_CLASSES) as RecordClass[]
  const nobody: readonly [string, readonly RetentionSubject[]] = [NO_AGENT, [{ class: DEFAULT_RETENTION_CLASS, regimes: [] }]]
  const agents = state.agents().map(({ id }): readonly [string, readonly RetentionSubject[]] => [id, subjectsOf(state, id)])
  const conflicts: (RetentionConflict & { agent: string })[] = []
  const list = [nobody, ...agents].flatMap(([agent, subjects]) =>
    records.map((record) => {
      const terms = subjects.map((subject) => retentionOf(record, subject, rules))
      for (const conflict of distinct(terms.flatMap((term) => term.conflict ?? []))) conflicts.push({ agent, ...conflict })
      return {
        agent,
        class: subjects.at(-1)?.class ?? DEFAULT_RETENTION_CLASS,
        record,
        days: Math.max(...terms.map(({ days }) => days)),
      }
    }),
  )
  const known = new Map(list.map((term) => [`${term.agent} ${term.record}`, term.days]))
  const longest = (record: RecordClass): number =>
    Math.max(...list.filter((term) => term.record === record).map(({ days }) => days))
  return { days: (agent, record) => known.get(`${agent ?? ''} ${record}`) ?? longest(record), list, conflicts }
}

function subjectsOf(state: Pick<State, 'manifestVersions'>, agent: string): readonly RetentionSubject[] {
  const subjects = state
    .manifestVersions(agent)
    .map(({ manifest }): RetentionSubject => manifest.retention ?? { class: DEFAULT_RETENTION_CLASS, regimes: [] })
  return subjects.length > 0 ? subjects : [{ class: DEFAULT_RETENTION_CLASS, regimes: [] }]
}

function distinct(conflicts: readonly RetentionConflict[]): RetentionConflict[] {
  return [...new Map(conflicts.map((conflict) => [JSON.stringify(conflict), conflict])).values()]
}
