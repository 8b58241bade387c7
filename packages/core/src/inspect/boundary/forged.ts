import type { Span } from '../reading/view.ts'
import { findSpelled } from './spelled.ts'

/** What both marks of a boundary are called. No ordinary text has these words. */
export const BOUNDARY_NAME = 'sallyport-untrusted'

/** Anything in a text that looks like a mark of a boundary, however it is spelled. */
export function findForgedBoundaries(text: string): readonly Span[] {
  return findSpelled(text, BOUNDARY_NAME)
}
