import { UNIT_KINDS } from './written-forms.ts'

/** A known word in a text, and the list it is from. */
export interface Spotted<List extends string> {
  readonly list: List
  readonly start: number
  readonly end: number
}

/** Longest word of a list. */
const WORD_CHARS_MAX = 24
/** Size of the sieve, a power of two; a word that is in no list passes it once in some thirty times. */
const SIEVE = 16_384

/**
 * Makes a function that finds the words of some lists, whole and in any case, in one pass. Words are of ASCII letters and digits.
 * A sieve by hash lets nearly every other word pass without being cut out of the text.
 */
export function wordSpotter<List extends string>(
  lists: Readonly<Record<List, string>>,
): (text: string) => readonly Spotted<List>[] {
  const known = new Map<string, List>()
  const sieve = new Uint8Array(SIEVE)
  for (const [list, words] of Object.entries(lists) as [List, string][])
    for (const word of words.split(' ')) {
      known.set(word, list)
      let hash = 0
      for (let i = 0; i < word.length; i++) hash = step(hash, word.charCodeAt(i))
      sieve[hash & (SIEVE - 1)] = 1
    }
  return (text) => {
    const spotted: Spotted<List>[] = []
    const { length } = text
    // Every character of every text comes by here, so it is read once and nothing is called for it.
    for (let i = 0; i < length; i++) {
      let unit = text.charCodeAt(i)
      if (unit >= 128 || UNIT_KINDS[unit] === 0) continue
      const start = i
      let hash = 0
      do {
        hash = step(hash, unit)
        unit = ++i < length ? text.charCodeAt(i) : 0
      } while (unit < 128 && UNIT_KINDS[unit] !== 0)
      if (sieve[hash & (SIEVE - 1)] === 0 || i - start > WORD_CHARS_MAX) continue
      const list = known.get(text.slice(start, i).toLowerCase())
      if (list) spotted.push({ list, start, end: i })
    }
    return spotted
  }
}

/** Setting bit 5 puts a letter in lower case and leaves a digit as it is. */
function step(hash: number, unit: number): number {
  return (Math.imul(hash, 31) + (unit | 32)) | 0
}
