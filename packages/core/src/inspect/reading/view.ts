/**
 * Every way a text is read. `text` is the text as it came. `folded`: compatibility forms, accents, invisible characters and
 * look-alike letters resolved. `visible` and `hidden`: what a person sees of HTML and what only a program does. `tags`: ASCII
 * written in tag characters or variation selectors. `joined`: letters that were spaced or dashed apart. The rest are encodings.
 */
export const VIEWS = [
  'text',
  'folded',
  'visible',
  'hidden',
  'target',
  'tags',
  'joined',
  'leet',
  'base64',
  'base32',
  'hex',
  'percent',
  'entities',
  'rot13',
  'reversed',
  'fields',
  'session',
] as const
export type ViewKind = (typeof VIEWS)[number]

/** A place in a text, in UTF-16 units; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** One reading of a text. */
export interface View {
  readonly kind: ViewKind
  readonly text: string
  /** The smallest span of the original that a span of this reading came from: inside the original, never empty. */
  readonly locate: (start: number, end: number) => Span
}

/** A text in all its readings; the first is the text itself. */
export interface Reading {
  readonly views: readonly View[]
  /** Whether every reading fitted the bounds; otherwise something was left unread. */
  readonly isWhole: boolean
}
