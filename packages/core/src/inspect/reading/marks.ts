import { isElement } from './elements.ts'

/** Shortest run of one alphabet that is tried as an encoding, in characters. */
export const RUN_CHARS_MIN = 16
/** Pairs of hex digits in a row that are tried as bytes. */
const PAIRS_MIN = 6

/** What one look at the characters of a text showed. */
export interface Marks {
  /** Control characters, or any outside ASCII. */
  readonly isUnusual: boolean
  readonly hasTags: boolean
  readonly hasEntities: boolean
  readonly hasPercent: boolean
  readonly hasEscapes: boolean
  readonly hasLinks: boolean
  readonly hasEncodedWords: boolean
  readonly hasHexPairs: boolean
  /** Start and end, alternating, of runs of letters, digits and `+/-_` that may be an encoding. */
  readonly runs: readonly number[]
}

const LOWER = 1
const UPPER = 2
const DIGIT = 4
const SIGN = 8
const MARK = 16

const CLASS = new Uint8Array(128)
for (let i = 0; i < 128; i++) {
  const char = String.fromCharCode(i)
  if (/[a-z]/.test(char)) CLASS[i] = LOWER
  else if (/[A-Z]/.test(char)) CLASS[i] = UPPER
  else if (/\d/.test(char)) CLASS[i] = DIGIT
  else if ('+/-_'.includes(char)) CLASS[i] = SIGN
  else if ('<&%\\]='.includes(char) || (i < 32 && !'\t\n\r'.includes(char)) || i === 127) CLASS[i] = MARK
}

/**
 * One look at every character. Nothing that is reported costs the caller anything unless it is there.
 * @param isMarkup Whether tags with names that HTML does not know count as tags.
 */
export function marksOf(text: string, isMarkup: boolean): Marks {
  const seen = { isUnusual: false, hasTags: false, hasEntities: false, hasPercent: false, hasEscapes: false, hasLinks: false }
  const found = { ...seen, hasEncodedWords: false, hasHexPairs: false }
  const runs: number[] = []
  let start = 0
  let classes = 0
  let pairs = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32
    const kind = code < 128 ? (CLASS[code] ?? 0) : MARK
    if (kind !== 0 && kind < MARK) {
      classes |= kind
      continue
    }
    const length = i - start
    if (length >= RUN_CHARS_MIN) {
      if ((classes & DIGIT) !== 0 || (classes & UPPER) !== 0) runs.push(start, i)
    } else if (length === 2 || length === 4) {
      pairs = isHexPair(text, start, length) ? pairs + 1 : 0
      if (pairs >= PAIRS_MIN) found.hasHexPairs = true
    } else if (length > 0) pairs = 0
    if (code >= 128) found.isUnusual = true
    else if (kind === MARK) note(found, { text, i, code }, isMarkup)
    start = i + 1
    classes = 0
  }
  return { ...found, runs }
}

type Found = { -readonly [Name in keyof Omit<Marks, 'runs'>]: boolean }

function note(found: Found, { text, i, code }: { text: string; i: number; code: number }, isMarkup: boolean): void {
  const next = text.charCodeAt(i + 1) | 32
  if (code === 0x3c) found.hasTags ||= startsTag(text, i, isMarkup)
  else if (code === 0x26) found.hasEntities ||= text[i + 1] === '#' || (next >= 0x61 && next <= 0x7a)
  else if (code === 0x25) found.hasPercent ||= isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2))
  else if (code === 0x5c) found.hasEscapes ||= next === 0x78 || next === 0x75
  else if (code === 0x5d) found.hasLinks ||= text[i + 1] === '(' || text[i + 1] === ':'
  else if (code === 0x3d) {
    found.hasEncodedWords ||= text[i + 1] === '?'
  } else found.isUnusual = true
}

/** Whether a tag or comment starts here: of a known element, of any name in markup, or an empty pair that splits a word. */
function startsTag(text: string, i: number, isMarkup: boolean): boolean {
  const at = text[i + 1] === '/' ? i + 2 : i + 1
  if (text.startsWith('!--', at)) return true
  let end = at
  while (end - at < 24 && isNameCode(text.charCodeAt(end))) end++
  if (end === at) return false
  const name = text.slice(at, end)
  if (isMarkup || (isElement(name.toLowerCase()) && !isTypeArgument(text, i, name))) return true
  return text[end] === '>' && text[end + 1] === '<' && text[end + 2] === '/' && isLetter(text.charCodeAt(i - 1))
}

/** `Option<Input>` in source code: a name in mixed case directly behind another. */
function isTypeArgument(text: string, i: number, name: string): boolean {
  return isLetter(text.charCodeAt(i - 1)) && name !== name.toLowerCase() && name !== name.toUpperCase()
}

/** Two hex digits, or `0x` and two, that stand for an ASCII character from the space on. Dates and times hold smaller ones. */
function isHexPair(text: string, start: number, length: number): boolean {
  if (length === 4 && (text[start] !== '0' || (text.charCodeAt(start + 1) | 32) !== 0x78)) return false
  const first = text.charCodeAt(start + length - 2)
  return first >= 0x32 && first <= 0x37 && isHexDigit(text.charCodeAt(start + length - 1))
}

export function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || ((code | 32) >= 97 && (code | 32) <= 102)
}

export function isLetter(code: number): boolean {
  return (code | 32) >= 97 && (code | 32) <= 122
}

/** Letters, digits and the signs of element names. */
export function isNameCode(code: number): boolean {
  return isLetter(code) || (code >= 48 && code <= 57) || code === 0x2d || code === 0x3a || code === 0x5f
}
