import { drawnLike, looksLike } from '../../normalise/skeleton.ts'
import type { Span } from '../reading/view.ts'

/** End of the characters that are looked up in a table. */
const TABLE_END = 0x250
/** Per character the code of the letter it looks like; 0 for none or several. */
const LOOK = Uint16Array.from({ length: TABLE_END }, (_, code) => {
  const look = seenAs(String.fromCharCode(code))
  return look.length === 1 ? look.charCodeAt(0) : 0
})
/** Per character whether it can stand between the letters of one word without being one. */
const FILLER = Uint8Array.from({ length: TABLE_END }, (_, code) => (/[\p{L}\p{N}]/u.test(String.fromCharCode(code)) ? 0 : 1))

/** A word made ready to be looked for: what its letters and digits look like, and how far to fall back where they do not go on. */
export interface Spelling {
  readonly target: Uint16Array
  readonly fallback: Uint8Array
}

export function spellingOf(word: string): Spelling {
  const target = Uint16Array.from(Array.from(word.replaceAll(/[^\p{L}\p{N}]/gu, ''), seenAs).join(''), (letter) =>
    letter.charCodeAt(0),
  )
  return { target, fallback: fallbacks(target) }
}

/**
 * Finds a word however it is spelled: in any case, with spaces, punctuation or invisible characters between its letters, in
 * look-alike letters. Overlapping finds are one. Linear in the text (Knuth, Morris and Pratt, 1977).
 */
export function findSpelled(text: string, { target, fallback }: Spelling): readonly Span[] {
  // Where each of the last letters stands; the first of a find is that many letters back.
  let places: Float64Array | undefined
  const spans: Span[] = []
  const first = target[0]
  let state = 0
  let letters = 0

  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    // Nearly every character of an ordinary text ends here.
    if (state === 0) while (code < TABLE_END && LOOK[code] !== first && ++i < text.length) code = text.charCodeAt(i)
    if (code < TABLE_END) {
      const letter = LOOK[code] ?? 0
      if (i < text.length && (FILLER[code] === 0 || letter === target[state])) take(letter, i, i + 1)
      continue
    }
    // Neither seen nor read as a letter: joiners, variation selectors. And scripts whose letters look like no other.
    if ((code >= 0x200b && code <= 0x206f) || (code >= 0xfe00 && code <= 0xfe0f) || code === 0xfeff) continue
    if (code >= 0x2e80 && code <= 0xd7ff) {
      state = 0
      continue
    }
    const isPair = (code & 0xfc00) === 0xd800 && i + 1 < text.length
    const char = isPair ? text.slice(i, i + 2) : text.charAt(i)
    const isLetter = /[\p{L}\p{N}]/u.test(char)
    for (const part of seenAs(char)) {
      const letter = part.charCodeAt(0)
      if (isLetter || letter === target[state]) take(letter, i, i + char.length)
    }
    if (isPair) i++
  }
  return spans

  function take(letter: number, start: number, end: number): void {
    while (state > 0 && target[state] !== letter) state = fallback[state - 1] ?? 0
    if (target[state] === letter) state++
    places ??= new Float64Array(target.length)
    places[letters++ % target.length] = start
    if (state < target.length) return
    const from = places[letters % target.length] ?? 0
    const before = spans.at(-1)
    if (before && from < before.end) spans[spans.length - 1] = { start: before.start, end }
    else spans.push({ start: from, end })
    state = fallback[state - 1] ?? 0
  }
}

function fallbacks(target: Uint16Array): Uint8Array {
  const table = new Uint8Array(target.length)
  for (let i = 1, state = 0; i < target.length; i++) {
    while (state > 0 && target[i] !== target[state]) state = table[state - 1] ?? 0
    if (target[i] === target[state]) state++
    table[i] = state
  }
  return table
}

/** What a character looks like to somebody who reads fast: `0` is `o`, `1` and `l` are `i`. */
function seenAs(char: string): string {
  return Array.from(looksLike(char), drawnLike).join('')
}
