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

interface Bracket {
  readonly writing: Writing
  readonly texts: readonly string[]
}
const OPEN: readonly Bracket[] = [
  { writing: 'plain', texts: ['[[', '\\[\\['] },
  { writing: 'percent', texts: ['%5B%5B', '%5b%5b'] },
  { writing: 'entities', texts: ['&#91;&#91;', '&#x5b;&#x5b;', '&#x5B;&#x5B;', '&lbrack;&lbrack;', '&lsqb;&lsqb;'] },
]
const CLOSE = [']]', '\\]\\]', '%5D%5D', '%5d%5d', '&#93;&#93;', '&#x5d;&#x5d;', '&#x5D;&#x5D;', '&rbrack;&rbrack;', '&rsqb;&rsqb;']
const COLON = [':', '\\:', '%3A', '%3a', '&#58;', '&#x3a;', '&#x3A;', '&colon;']
/** What may stand between the parts, and between the characters of the sealed value, without being part of it. */
const SPACING = [' ', '\n', '\r', '\t', '\\', '\u00a0', '\u200b', '%20', '%0A', '%0a', '&nbsp;', '&#8203;']
const UNDERSCORE = ['\\_', '&#95;', '%5F', '%5f']

function placeholderAt(text: string, start: number): FoundPlaceholder | undefined {
  const limit = start + PLACEHOLDER_CHARS_MAX
  const open = OPEN.flatMap(({ writing, texts }) => texts.map((each) => ({ writing, each }))).find(({ each }) =>
    text.startsWith(each, start),
  )
  if (!open) return undefined
  const type = word(text, { from: start + open.each.length, limit, isPart: isTypePart, charsMax: PLACEHOLDER_TYPE_CHARS_MAX })
  const colon = COLON.find((each) => text.startsWith(each, type.end))
  if (!colon || !/^[a-z]/.test(type.word)) return undefined
  const sealed = word(text, { from: type.end + colon.length, limit, isPart: isSealedPart, charsMax: SEALED_CHARS_MAX })
  const close = CLOSE.find((each) => text.startsWith(each, sealed.end))
  if (!close || sealed.word.length < SEALED_CHARS_MIN) return undefined
  return { start, end: sealed.end + close.length, type: type.word, sealed: sealed.word, writing: open.writing }
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
  let run = i
  while (i < limit && found.length + i - run <= charsMax) {
    if (isPart(text.charCodeAt(i))) {
      i++
      continue
    }
    found += text.slice(run, i)
    const underscore = UNDERSCORE.find((each) => text.startsWith(each, i))
    // A closing bracket of Markdown begins with a backslash, which is not spacing then.
    const spacing =
      underscore ?? (CLOSE.some((each) => text.startsWith(each, i)) ? undefined : SPACING.find((each) => text.startsWith(each, i)))
    run = i
    if (spacing === undefined || COLON.some((each) => text.startsWith(each, i))) return { word: found, end: i }
    if (underscore) found += '_'
    i += spacing.length
    run = i
  }
  return { word: found + text.slice(run, i), end: i }
}

function isTypePart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95
}
function isSealedPart(code: number): boolean {
  return isTypePart(code) || (code >= 65 && code <= 90) || code === 45
}
