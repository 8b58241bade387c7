import { ALONE, DIGIT, LETTER, SKIPPED, STOP, letters } from './letters.ts'

/** Longest token in UTF-16 units; a longer run is read as several. */
export const TOKEN_UNITS_MAX = 32
/** Sentence position that stands for "later than the third". */
export const LATER = 3

/**
 * A text as tokens: words, numbers, and single letters of scripts written without spaces. Token `i` is the units `starts[i]` to
 * `ends[i]` of the text. Arrays may be longer than `count`.
 */
export interface Tokens {
  readonly text: string
  readonly count: number
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** FNV-1a over the folded units; numbers of the same length are the same. */
  readonly hashes: Int32Array
  /** Place in its sentence: 0, 1, 2 or `LATER`. */
  readonly places: Uint8Array
  /** Tokens that are letters of the Latin alphabet, letters that stand alone, and other words. */
  readonly latin: number
  readonly alone: number
  readonly other: number
  /** Whether the whole text was read. */
  readonly isWhole: boolean
}

const FNV_OFFSET = 0x811c9dc5 | 0
const FNV_PRIME = 0x01000193
const LATIN_END = 0x250

let last: { readonly text: string; readonly tokens: Tokens } | undefined
/** Longest text whose tokens are kept for the next caller, in UTF-16 units. */
const KEPT_CHARS_MAX = 65_536

/**
 * Reads at most `tokensMax` tokens. Linear in the text. A text's length and script are asked for before its windows, so the last
 * answer is kept where it was whole; it is a pure function all the same.
 */
export function tokensOf(text: string, tokensMax: number): Tokens {
  if (last?.text === text && last.tokens.count <= tokensMax) return last.tokens
  const tokens = read(text, tokensMax)
  if (tokens.isWhole && text.length <= KEPT_CHARS_MAX) last = { text, tokens }
  return tokens
}

function read(text: string, tokensMax: number): Tokens {
  const { kinds, folded } = letters()
  const room = Math.min(tokensMax, text.length)
  const starts = new Int32Array(room)
  const ends = new Int32Array(room)
  const hashes = new Int32Array(room)
  const places = new Uint8Array(room)
  let [count, place, latin, alone, other, i] = [0, 0, 0, 0, 0, 0]
  while (i < text.length && count < room) {
    const unit = text.charCodeAt(i)
    const kind = kinds[unit]
    if (kind !== LETTER && kind !== DIGIT && kind !== ALONE) {
      if (kind === STOP) place = 0
      i++
      continue
    }
    starts[count] = i
    places[count] = place
    if (place < LATER) place++
    if (kind === ALONE) {
      hashes[count] = Math.imul(FNV_OFFSET ^ (folded[unit] ?? 0), FNV_PRIME)
      alone++
      i++
    } else {
      const end = tokenEnd(text, i, kinds)
      hashes[count] = tokenHash(text, i, end)
      if (kind === LETTER && (folded[unit] ?? 0) < LATIN_END) latin++
      else if (kind === LETTER) other++
      i = end
    }
    ends[count++] = i
  }
  return { text, count, starts, ends, hashes, places, latin, alone, other, isWhole: i >= text.length }
}

function tokenEnd(text: string, from: number, kinds: Uint8Array): number {
  const limit = Math.min(text.length, from + TOKEN_UNITS_MAX)
  let end = from + 1
  for (; end < limit; end++) {
    const kind = kinds[text.charCodeAt(end)]
    if (kind !== LETTER && kind !== DIGIT && kind !== SKIPPED) break
  }
  return end
}

function tokenHash(text: string, from: number, end: number): number {
  const { kinds, folded } = letters()
  let [hash, digits, isNumber] = [FNV_OFFSET, 0, true]
  for (let i = from; i < end; i++) {
    const unit = text.charCodeAt(i)
    const kind = kinds[unit]
    if (kind === SKIPPED) continue
    if (kind === DIGIT) digits++
    else isNumber = false
    hash = Math.imul(hash ^ (folded[unit] ?? 0), FNV_PRIME)
  }
  return isNumber ? Math.imul(FNV_OFFSET ^ Math.min(digits, 5), FNV_PRIME) ^ 0x5bd1e995 : hash
}
