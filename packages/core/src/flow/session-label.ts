import { type Integrity, lower } from '../model/integrity.ts'

/** What a session carries: the least integrity and all classes of what entered it. It is never raised again. */
export interface SessionLabel {
  readonly integrity: Integrity
  readonly classes: readonly string[]
}

/** Nothing entered yet. */
export const EMPTY_LABEL: SessionLabel = { integrity: 'system', classes: [] }

/** The label of content made from two: a join, so that order and repetition do not matter. */
export function joinLabels(a: SessionLabel, b: SessionLabel): SessionLabel {
  return { integrity: lower(a.integrity, b.integrity), classes: [...new Set([...a.classes, ...b.classes])].sort() }
}
