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
  if (!text.includes('[') && !text.includes('%5') && !text.includes('&')) return found
  for (let i = 0; i < text.length; i++) {
    if (!OPENERS.includes(text[i] ?? ' ')) continue
    const placeholder = placeholderAt(text, i)
    if (!placeholder) continue
    found.push(placeholder)
    i = placeholder.end - 1
  }
  return found
}

/** Characters that an opening bracket can begin with. */
const OPENERS = '[\\%&'

const OPEN: readonly (readonly [string, Writing])[] = [
  ['[[', 'plain'],
  ['\\[\\[', 'plain'],
  ['%5B%5B', 'percent'],
  ['%5b%5b', 'percent'],
  ['&#91;&#91;', 'entities'],
  ['&#x5b;&#x5b;', 'entities'],
  ['&#x5B;&#x5B;', 'entities'],
  ['&lbrack;&lbrack;', 'entities'],
  ['&lsqb;&lsqb;', 'entities'],
]
const CLOSE = [']]', '\\]\\]', '%5D%5D', '%5d%5d', '&#93;&#93;', '&#x5d;&#x5d;', '&#x5D;&#x5D;', '&rbrack;&rbrack;', '&rsqb;&rsqb;']
const COLON = [':', '\\:', '%3A', '%3a', '&#58;', '&#x3a;', '&#x3A;', '&colon;']
/** What may stand between the parts, and between the characters of the sealed value, without being part of it. */
const SPACING = [' ', '\n', '\r', '\t', '\\', '\u00a0', '\u200b', '%20', '%0A', '%0a', '&nbsp;', '&#8203;']
const UNDERSCORE = ['\\_', '&#95;', '%5F', '%5f']

function placeholderAt(text: string, start: number): FoundPlaceholder | undefined {
  const limit = start + PLACEHOLDER_CHARS_MAX
  const open = OPEN.find(([bracket]) => text.startsWith(bracket, start))
  if (!open) return undefined
  const [bracket, writing] = open
  const type = word(text, { from: start + bracket.length, limit, isPart: isTypePart, charsMax: PLACEHOLDER_TYPE_CHARS_MAX })
  const colon = startsWithAny(text, type.end, COLON)
  if (!colon || !/^[a-z]/.test(type.word)) return undefined
  const sealed = word(text, { from: type.end + colon.length, limit, isPart: isSealedPart, charsMax: SEALED_CHARS_MAX })
  const close = startsWithAny(text, sealed.end, CLOSE)
  if (!close || sealed.word.length < SEALED_CHARS_MIN) return undefined
  return { start, end: sealed.end + close.length, type: type.word, sealed: sealed.word, writing }
}

interface WordRule {
  readonly from: number
  readonly limit: number
  readonly isPart: (code: number) => boolean
  readonly charsMax: number
}

/** The characters of a word without the spacing in, before and behind it, and where the spacing behind it ends. */
function word(text: string, { from, limit, isPart, charsMax }: WordRule): { readonly word: string; readonly end: number } {
  let found = ''
  let i = from
  while (i < limit && found.length <= charsMax) {
    const run = i
    while (i < limit && i - run <= charsMax && isPart(text.charCodeAt(i))) i++
    found += text.slice(run, i)
    // What ends a word may begin with a backslash or percent sign, which is not spacing then.
    if (startsWithAny(text, i, CLOSE) || startsWithAny(text, i, COLON)) break
    const underscore = startsWithAny(text, i, UNDERSCORE)
    const spacing = underscore ?? startsWithAny(text, i, SPACING)
    if (spacing === undefined) break
    if (underscore) found += '_'
    i += spacing.length
  }
  return { word: found.length <= charsMax ? found : '', end: i }
}

function startsWithAny(text: string, index: number, words: readonly string[]): string | undefined {
  return words.find((each) => text.startsWith(each, index))
}

function isTypePart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95
}
function isSealedPart(code: number): boolean {
  return isTypePart(code) || (code >= 65 && code <= 90) || code === 45
}
