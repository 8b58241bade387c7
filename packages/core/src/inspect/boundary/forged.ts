import type { Span } from '../reading/view.ts'
import { findSpelled, spellingOf } from './spelled.ts'

/** What both marks of a boundary are called. No ordinary text has these words. */
export const BOUNDARY_NAME = 'sallyport-untrusted'

const SPELLING = spellingOf(BOUNDARY_NAME)

/** Anything in a text that looks like a mark of a boundary, however it is spelled. */
export function findForgedBoundaries(text: string): readonly Span[] {
  return findSpelled(text, SPELLING)
}
