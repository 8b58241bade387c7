import type { Span } from '../reading/view.ts'
import { blockOpening, candidateOpening, earliest, runOpening, wordStart, type Opening } from './opening.ts'

/** Longest key, token, address or encoded run. */
const WORD_CHARS_MAX = 4_096
/**
 * Longest stretch of letters without capitals in a word: Chinese, Japanese and Thai write sentences without a space, and
 * addresses such as 用户@例子.广告.
 */
const CASELESS_CHARS_MAX = 16
/** Longest identifier written in groups: the lines of a passport. */
const GROUPS_CHARS_MAX = 160
/** Shortest number that words can make a person's. */
const NUMBER_DIGITS_MIN = 4
/** How far behind a number words are looked for that say what it is. */
const NUMBER_AFTER_CHARS = 48
/** Longest link, image or tag. */
const MARKUP_CHARS_MAX = 8_192
/** What belongs to a link or tag and stands before it, such as `!` and `\\`, is held as part of a word. */
const BEFORE_MARKUP_CHARS_MAX = 16
/** A private key of 16,384 bits has 12 KB. */
const PEM_CHARS_MAX = 16_000

/**
 * Where ordinary detectors of identifiers, secrets and markup may have a match open: the word that the text ends in, groups of
 * digits or capitals, a number whose following words may say what it is, a link or tag that is not closed within its paragraph, a
 * PEM block. After a plain word and a space nothing is held. Detectors of phrases and names add `termOpening`, `candidateOpening`
 * or `lastChars`.
 */
export const ordinaryOpening: Opening = earliest([
  openWord,
  runOpening({ isPart: isGroupPart, isFirst: isGroupFirst, charsMax: GROUPS_CHARS_MAX }),
  candidateOpening({ find: numbers, charsMax: GROUPS_CHARS_MAX, afterChars: NUMBER_AFTER_CHARS }),
  openMarkup,
  blockOpening({ begin: '-----BEGIN', end: '-----END', charsMax: PEM_CHARS_MAX, afterChars: 64 }),
])

/** The word that the text ends in: up to white space, or to the punctuation of a script that writes none. */
function openWord(text: string): number {
  const limit = Math.max(0, text.length - WORD_CHARS_MAX)
  let start = text.length
  for (let caseless = 0; start > limit; start--) {
    const code = text.charCodeAt(start - 1)
    if (code < 128 ? code <= 32 : /[\s\u3001\u3002\uff01\uff0c\uff1b\uff1f]/.test(text.charAt(start - 1))) break
    caseless = code >= 128 && /\p{Lo}/u.test(text.charAt(start - 1)) ? caseless + 1 : 0
    if (caseless > CASELESS_CHARS_MAX) break
  }
  return start
}

/** Digits, capitals, and what is no letter. */
function isGroupPart(code: number): boolean {
  return code < 128 ? code < 97 || code > 122 : !/[\p{Ll}\p{Lo}]/u.test(String.fromCharCode(code))
}

/** Digits and capitals. */
function isGroupFirst(code: number): boolean {
  if (code >= 128) return /[\p{N}\p{Lu}\p{Cs}]/u.test(String.fromCharCode(code))
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 90)
}

/** Four digits or more, and codes such as `E11`: with the right words near them, numbers of a person. */
function* numbers(text: string): Generator<Span> {
  for (const { 0: found, index } of text.matchAll(/[A-Z]?\d(?:[^0-9A-Za-z]?[0-9A-Z])*/g))
    if (/^[A-Z]\d[0-9A-Z]/.test(found) || (found.match(/\d/g)?.length ?? 0) >= NUMBER_DIGITS_MIN)
      yield { start: index, end: index + found.length }
}

/** The first `[` or `<` of the last paragraph that may still become a link, an image or a tag. */
function openMarkup(text: string): number {
  const paragraph = text.lastIndexOf('\n\n')
  let i = Math.max(0, text.length - MARKUP_CHARS_MAX, paragraph)
  while (i < text.length) {
    const code = text.charCodeAt(i)
    const end = code === 60 ? tagEnd(text, i) : code === 91 ? linkEnd(text, i) : i + 1
    if (end === undefined) return wordStart(text, i, Math.max(0, i - BEFORE_MARKUP_CHARS_MAX))
    i = end
  }
  return text.length
}

/** Where a tag or comment ends; `undefined` while it does not. */
function tagEnd(text: string, start: number): number | undefined {
  const next = text.charAt(start + 1)
  if (next !== '' && !/[a-z/!?]/i.test(next)) return start + 1
  const close = text.startsWith('<!--', start) ? '-->' : '>'
  const end = text.indexOf(close, start + 1)
  return end < 0 ? undefined : end + close.length
}

/** Where a link, or a bracket that is none, ends; `undefined` while it does not. */
function linkEnd(text: string, start: number): number | undefined {
  const label = text.indexOf(']', start)
  if (label < 0 || label === text.length - 1) return undefined
  if (text.charAt(label + 1) !== '(') return label + 1
  const target = text.indexOf(')', label)
  return target < 0 ? undefined : target + 1
}
