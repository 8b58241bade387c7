import { splitAt } from './joined.ts'
import { isLetter } from './marks.ts'
import { hashed, isKnown, maybe, PLAIN, REVERSED, ROTATED, WORD_CHARS_MAX, WORD_CHARS_MIN } from './words.ts'

/** What the words of a text suggest, before anything was looked at closely. */
export interface WordSigns {
  readonly isRotated: boolean
  readonly isReversed: boolean
  readonly isLeet: boolean
  readonly isJoined: boolean
}

/** A word that reads only when turned, and one that reads as it is; any other word counts 1 against. */
export const HIT = 5
/** Hits minus what counts against them that make a stretch worth turning: three words out of five. */
export const STRETCH_MIN = 11
/** Longest word that is looked at for digits and signs among its letters: a few signs may follow it. */
const LEET_CHARS_MAX = WORD_CHARS_MAX + 2
/** Single letters in a row, whatever stands between, that may be a word. */
const SINGLES_MIN = 4

const LETTER = 1
const JOINER = 2
const LEET = 3
const KIND = new Uint8Array(128)
for (let i = 0; i < 128; i++) {
  const char = String.fromCharCode(i)
  if (/[a-z]/i.test(char)) KIND[i] = LETTER
  else if (/[-_.*~`]/.test(char)) KIND[i] = JOINER
  else if (/[\d@$!|+]/.test(char)) KIND[i] = LEET
}

/**
 * One look at every word. Scores rise with each word that reads only when turned and fall with each other one, never below 0.
 * This and `marksOf` are what a text costs in which nothing is hidden.
 */
export function wordSigns(text: string): WordSigns {
  const signs = new Signs()
  // The word, and the word with what stands between its parts left out.
  let hash = 0
  let letters = 0
  let whole = 0
  let wholeLetters = 0
  let wholeStart = 0
  let hasInner = false
  let hasPending = false
  // The part that may be written with digits.
  let partStart = 0
  let leets = 0
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32
    const kind = code < 128 ? KIND[code] : 0
    if (kind === LETTER) {
      hash = hashed(hash, code | 32)
      whole = hashed(whole, code | 32)
      letters++
      wholeLetters++
      if (hasPending) hasInner = true
      continue
    }
    if (letters > 0) signs.word(hash, letters)
    hash = 0
    letters = 0
    if (kind === LEET) {
      if (code <= 0x39 && code >= 0x30) signs.digit()
      leets++
      continue
    }
    if (leets > 0 && wholeLetters > 0) signs.part(text, partStart, i)
    partStart = i + 1
    leets = 0
    if (kind === JOINER) hasPending = wholeLetters > 0
    else {
      if (hasInner && wholeLetters <= WORD_CHARS_MAX && maybe(whole) & PLAIN) signs.split(text, wholeStart)
      wholeStart = i + 1
      whole = 0
      wholeLetters = 0
      hasInner = false
      hasPending = false
    }
  }
  return signs
}

class Signs implements WordSigns {
  isRotated = false
  isReversed = false
  isLeet = false
  isJoined = false
  #rotations = 0
  #reversals = 0
  #singles = 0
  #leetWord: string | undefined

  word(hash: number, letters: number): void {
    if (letters === 1) {
      if (++this.#singles >= SINGLES_MIN) this.isJoined = true
      return
    }
    this.#singles = 0
    if (letters < WORD_CHARS_MIN) return
    const bits = letters <= WORD_CHARS_MAX ? maybe(hash) : 0
    if ((bits & (ROTATED | REVERSED)) === 0 && this.#rotations === 0 && this.#reversals === 0) return
    const isPlain = (bits & PLAIN) !== 0
    const against = isPlain ? HIT : 1
    this.#rotations = bits & ROTATED && !isPlain ? this.#rotations + HIT : Math.max(0, this.#rotations - against)
    this.#reversals = bits & REVERSED && !isPlain ? this.#reversals + HIT : Math.max(0, this.#reversals - against)
    if (this.#rotations >= STRETCH_MIN) this.isRotated = true
    if (this.#reversals >= STRETCH_MIN) this.isReversed = true
  }

  /** A word with something between its parts. */
  split(text: string, start: number): void {
    let at = start
    while (at < text.length && !isLetter(text.charCodeAt(at))) at++
    this.isJoined ||= splitAt(text, at) !== undefined
  }

  /** Letters among digits are a number or a code. */
  digit(): void {
    this.#singles = 0
  }

  /** A part with digits or signs among its letters. Two different words written so are no accident. */
  part(text: string, start: number, end: number): void {
    if (this.isLeet || end - start > LEET_CHARS_MAX || !mayBeLeet(text, start, end)) return
    const word = leetWordOf(text.slice(start, end))
    this.isLeet = word !== undefined && this.#leetWord !== undefined && word !== this.#leetWord
    this.#leetWord ??= word
  }
}

const SIGNS = '0123456789@$!|+'
const LEET_LETTERS: ReadonlyMap<string, string> = new Map(Array.from(SIGNS, (sign, at) => [sign, 'oizeasgtbgasilt'[at] ?? '']))
/** The letter that a character stands for, by code, in lower case; 0 for none. What `1`, `!` and `|` stand for comes twice. */
const READ_AS = (['i', 'l'] as const).map((one) =>
  Uint8Array.from({ length: 128 }, (_, code) => {
    const letter = unleet(String.fromCharCode(code).toLowerCase(), one)
    return /^[a-z]$/.test(letter) ? letter.charCodeAt(0) : 0
  }),
)

/** Whether digits and signs may stand for the letters of a known word here; signs at the end are left out as well as read. */
function mayBeLeet(text: string, start: number, end: number): boolean {
  for (const letters of READ_AS) {
    let hash = 0
    for (let i = start; i < end; i++) {
      const code = text.charCodeAt(i)
      if (i - start >= WORD_CHARS_MIN && (maybe(hash) & PLAIN) !== 0 && '!|+'.includes(text[i] ?? '')) return true
      hash = hashed(hash, letters[code] ?? 0)
    }
    if ((maybe(hash) & PLAIN) !== 0) return true
  }
  return false
}

/** A word written with digits and signs for letters, each read as its usual letter. `one`: what `1`, `!` and `|` stand for. */
export function unleet(word: string, one: 'i' | 'l'): string {
  let text = ''
  for (const char of word) text += /[1!|]/.test(char) ? one : (LEET_LETTERS.get(char) ?? char)
  return text
}

/** The known word that letters, digits and signs stand for; `undefined` when none, or too little of it is written in letters. */
export function leetWordOf(written: string): string | undefined {
  if (written.length < WORD_CHARS_MIN || written.length > LEET_CHARS_MAX) return undefined
  const word = written.toLowerCase().replace(/[!|+]{1,3}$/, '')
  if (!/[a-z]/.test(word) || /^[a-z]*$/.test(word)) return undefined
  for (const one of ['i', 'l'] as const) {
    const read = unleet(word, one)
    if (isKnown(read)) return read
  }
  return undefined
}
