interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Finds telephone numbers in a text: spans in UTF-16 units, inside the text, in order, not overlapping. `isWorthwhile` is asked
 * about every candidate before its digits are judged, which is costly. Must be pure, throw nothing, and take time linear in the
 * text. Numbering plans change every month, so their tables are not part of `core`.
 */
export type PhoneFinder = (text: string, isWorthwhile: (candidate: Span) => boolean) => readonly Span[]
