import type { Span } from '../../reading/view.ts'

/** Longest name field of track 1 and discretionary part of either, in UTF-16 units (ISO/IEC 7813 allows 26, and 79 in all). */
const NAME_CHARS_MAX = 26
const REST_CHARS_MAX = 40

/**
 * The magnetic stripe that holds the card number between two places: track 1, `%B…^NAME^YYMM…?`, or track 2, `;…=YYMM…?`.
 * `undefined` when the number is not part of one.
 */
export function trackAt(text: string, start: number, end: number): Span | undefined {
  const isFirst = text[start - 1] === 'B' && text[start - 2] === '%' && text[end] === '^'
  if (isFirst) {
    const name = text.slice(end + 1, end + 2 + NAME_CHARS_MAX).indexOf('^')
    return name < 0 ? undefined : { start: start - 2, end: restEnd(text, end + name + 2) }
  }
  const isSecond = text[start - 1] === ';' && text[end] === '='
  return isSecond && /^\d{4}/.test(text.slice(end + 1, end + 5)) ? { start: start - 1, end: restEnd(text, end + 1) } : undefined
}

/** The end of the dates and discretionary part, with the end sentinel. */
function restEnd(text: string, from: number): number {
  const rest = /^[0-9A-Za-z]*/.exec(text.slice(from, from + REST_CHARS_MAX))?.[0].length ?? 0
  return from + rest + (text[from + rest] === '?' ? 1 : 0)
}
