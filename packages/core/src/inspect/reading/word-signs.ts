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

/** One look at every word. Scores rise with each word that reads only when turned and fall with each other one, never below 0. */
export function wordSigns(text: string): WordSigns {
  let [isRotated, isReversed, isJoined, leetWord, isLeet] = [false, false, false, '', false]
  let [rotations, reversals, singles] = [0, 0, 0]
  // The word, the word with what stands between its parts left out, and the part that may be written with digits.
  let [hash, letters] = [0, 0]
  let [whole, wholeLetters, hasInner, hasPending] = [0, 0, false, false]
  let [partStart, leets, partLetters] = [0, 0, 0]
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 32
    const kind = code < 128 ? KIND[code] : 0
    if (kind === LETTER) {
      const lower = code | 32
      hash = hashed(hash, lower)
      whole = hashed(whole, lower)
      letters++
      wholeLetters++
      partLetters++
      if (hasPending) hasInner = true
      continue
    }
    if (letters === 1) {
      if (++singles >= SINGLES_MIN) isJoined = true
    } else if (letters > 0) {
      singles = 0
      if (letters >= WORD_CHARS_MIN) {
        const bits = letters <= WORD_CHARS_MAX ? maybe(hash) : 0
        const against = bits & PLAIN ? HIT : 1
        rotations = bits & ROTATED && !(bits & PLAIN) ? rotations + HIT : Math.max(0, rotations - against)
        reversals = bits & REVERSED && !(bits & PLAIN) ? reversals + HIT : Math.max(0, reversals - against)
        if (rotations >= STRETCH_MIN) isRotated = true
        if (reversals >= STRETCH_MIN) isReversed = true
      }
    }
    hash = 0
    letters = 0
    if (kind === LEET) {
      leets++
      continue
    }
    if (leets > 0 && partLetters > 0 && !isLeet) {
      const word = leetWordOf(text.slice(partStart, i))
      isLeet = word !== undefined && leetWord !== '' && word !== leetWord
      leetWord = word ?? leetWord
    }
    ;[partStart, leets, partLetters] = [i + 1, 0, 0]
    if (kind === JOINER) hasPending = wholeLetters > 0
    else {
      if (hasInner && wholeLetters <= WORD_CHARS_MAX && maybe(whole) & PLAIN) isJoined = true
      ;[whole, wholeLetters, hasInner, hasPending] = [0, 0, false, false]
    }
  }
  return { isRotated, isReversed, isJoined, isLeet }
}

const LEET_LETTERS: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
  '+': 't',
}

/** A word written with digits and signs for letters, each read as its usual letter. `one`: what `1`, `!` and `|` stand for. */
export function unleet(word: string, one: 'i' | 'l'): string {
  let text = ''
  for (const char of word) text += /[1!|]/.test(char) ? one : (LEET_LETTERS[char] ?? char)
  return text
}

/** The known word that letters, digits and signs stand for; `undefined` when none, or too little of it is written in letters. */
export function leetWordOf(written: string): string | undefined {
  if (written.length < WORD_CHARS_MIN || written.length > WORD_CHARS_MAX + 2) return undefined
  const word = written.toLowerCase().replace(/[!|+]{1,3}$/, '')
  if (!/[a-z]/.test(word) || /^[a-z]*$/.test(word)) return undefined
  for (const one of ['i', 'l'] as const) {
    const read = unleet(word, one)
    if (isKnown(read)) return read
  }
  return undefined
}
