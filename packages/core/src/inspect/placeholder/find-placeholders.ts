import type { Span } from '../reading/view.ts'
import { PLACEHOLDER_TYPE_CHARS_MAX, SEALED_CHARS_MAX, SEALED_CHARS_MIN } from './placeholder-text.ts'

/** Longest placeholder as it is found, in UTF-16 units: models wrap lines and escape. */
export const PLACEHOLDER_CHARS_MAX = 2 * SEALED_CHARS_MAX

/** How the text around a placeholder is written, so that the value can be put in its place in the same way. */
export type Writing = 'plain' | 'percent' | 'entities'

/** Something in the form of a placeholder; only opening it tells whether it is one. */
export interface FoundPlaceholder extends Span {
  readonly type: string
  readonly sealed: string
  readonly writing: Writing
}

/**
 * Finds placeholders, also as models and formats change them: spaces around the parts, `\[\[` of Markdown, entities of HTML,
 * percent-encoding, line wraps and backslashes inside. Both brackets of a pair have to be written alike, so that a backslash that
 * merely stands before a placeholder stays. In order, without overlap. Linear: an attempt reads no further than to the next
 * character that no placeholder has, or `PLACEHOLDER_CHARS_MAX`.
 */
export function findPlaceholders(text: string): readonly FoundPlaceholder[] {
  const found: FoundPlaceholder[] = []
  const open = new RegExp(OPEN)
  for (let match = open.exec(text); match; match = open.exec(text)) {
    const [bracket, percent, entities] = match
    const start = match.index
    const inner = innerAt(text, start + bracket.length, start + PLACEHOLDER_CHARS_MAX)
    if (inner) found.push({ ...inner, start, writing: percent ? 'percent' : entities ? 'entities' : 'plain' })
    open.lastIndex = inner ? inner.end : start + 1
  }
  return found
}

const OPEN = /\[\[(?!\[)|\\\[\\\[|((?:%5[Bb]){2})|((?:&(?:#91|#x5[Bb]|lbrack|lsqb);){2})/g
const CLOSE = /\]\]|\\\]\\\]|(?:%5[Dd]){2}|(?:&(?:#93|#x5[Dd]|rbrack|rsqb);){2}/y
const COLON = /\\?:|%3[Aa]|&(?:#58|#x3[Aa]|colon);/y
const TYPE = new RegExp(`[a-z0-9_]{1,${PLACEHOLDER_TYPE_CHARS_MAX + 1}}`, 'y')
const SEALED = new RegExp(`[A-Za-z0-9_-]{1,${SEALED_CHARS_MAX + 1}}`, 'y')
const UNDERSCORE = /\\_|&#95;|%5[Ff]/y
/** What may stand between the parts, and between the characters of the sealed value, without being part of it. A blank line ends all markup. */
const SPACING = /[ \r\t\\\u00a0\u200b]|\n(?!\n)|%20|%0[Aa]|&nbsp;|&#8203;/y

function innerAt(text: string, from: number, limit: number): Omit<FoundPlaceholder, 'start' | 'writing'> | undefined {
  const type = word(text, { from, limit, part: TYPE, charsMax: PLACEHOLDER_TYPE_CHARS_MAX })
  const colon = lengthAt(text, type.end, COLON)
  if (colon === 0 || !/^[a-z]/.test(type.word)) return undefined
  const sealed = word(text, { from: type.end + colon, limit, part: SEALED, charsMax: SEALED_CHARS_MAX })
  const close = lengthAt(text, sealed.end, CLOSE)
  if (close === 0 || sealed.word.length < SEALED_CHARS_MIN) return undefined
  return { end: sealed.end + close, type: type.word, sealed: sealed.word }
}

interface WordRule {
  readonly from: number
  readonly limit: number
  readonly part: RegExp
  readonly charsMax: number
}

/** The characters of a word without the spacing in, before and behind it, and where the spacing behind it ends. */
function word(text: string, { from, limit, part, charsMax }: WordRule): { readonly word: string; readonly end: number } {
  let found = ''
  let i = from
  while (i < limit && found.length <= charsMax) {
    const run = lengthAt(text, i, part)
    found += text.slice(i, i + run)
    i += run
    // What ends a word may begin with a backslash, which is not spacing then.
    if (lengthAt(text, i, CLOSE) > 0 || lengthAt(text, i, COLON) > 0) break
    const underscore = lengthAt(text, i, UNDERSCORE)
    const spacing = underscore || lengthAt(text, i, SPACING)
    if (spacing === 0) break
    if (underscore > 0) found += '_'
    i += spacing
  }
  return { word: found.length <= charsMax ? found : '', end: i }
}

/** How much of a text a sticky pattern takes at a place. */
function lengthAt(text: string, index: number, pattern: RegExp): number {
  pattern.lastIndex = index
  return pattern.test(text) ? pattern.lastIndex - index : 0
}
