import { ALONE, SKIPPED, letters } from './letters.ts'
import { TOKEN_UNITS_MAX, type Tokens } from './tokens.ts'

/** Most features that one token adds. */
export const TOKEN_FEATURES_MAX = 3 * (TOKEN_UNITS_MAX + 2) + 5
const GRAM_MIN = 3
const GRAM_MAX = 5
const FNV_PRIME = 0x01000193
const EDGE = 0x5f

const units = new Uint16Array(TOKEN_UNITS_MAX + 2)

/** Kinds of feature, each hashed apart. */
const [WORD, PAIR, TRIPLE, SKIP, FIRST, GRAM] = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f, 0x165667b1, 0x2545f491]

/**
 * Writes the features that token `i` completes to `into`, as hashes of 32 bits: the word, the pair and triple that end with it,
 * the pair that skips one, its opening of a sentence, and its 3 to 5 letter pieces. The trainer and the guard use this function.
 * @returns How many were written, at most `TOKEN_FEATURES_MAX`.
 */
export function tokenFeatures(tokens: Tokens, i: number, into: Int32Array): number {
  const { hashes, places } = tokens
  const word = hashes[i] ?? 0
  const before = i > 0 ? (hashes[i - 1] ?? 0) : 0
  const first = i > 1 ? (hashes[i - 2] ?? 0) : 0
  const pair = joined(before, word)
  let count = 0
  into[count++] = mixed(word, WORD)
  if (i > 0) into[count++] = mixed(pair, PAIR)
  if (i > 1) {
    into[count++] = mixed(joined(first, pair), TRIPLE)
    into[count++] = mixed(joined(first, word), SKIP)
  }
  const place = places[i] ?? 0
  if (place === 0) into[count++] = mixed(word, FIRST)
  else if (place === 1) into[count++] = mixed(pair, FIRST)
  else if (place === 2) into[count++] = mixed(joined(first, pair), FIRST)
  return letterPieces(tokens, i, into, count)
}

// oxlint-disable-next-line max-params -- the innermost loop of the guard: an options object would be allocated per token
function letterPieces(tokens: Tokens, i: number, into: Int32Array, written: number): number {
  const { text } = tokens
  const { kinds, folded } = letters()
  const from = tokens.starts[i] ?? 0
  const end = tokens.ends[i] ?? 0
  if (kinds[text.charCodeAt(from)] === ALONE) return written
  let [length, count] = [1, written]
  units[0] = EDGE
  for (let k = from; k < end; k++) {
    const unit = text.charCodeAt(k)
    if (kinds[unit] !== SKIPPED) units[length++] = folded[unit] ?? 0
  }
  units[length++] = EDGE
  for (let start = 0; start + GRAM_MIN <= length; start++) {
    let hash = GRAM
    const stop = Math.min(length, start + GRAM_MAX)
    for (let k = start; k < stop; k++) {
      hash = Math.imul(hash ^ (units[k] ?? 0), FNV_PRIME)
      if (k - start >= GRAM_MIN - 1) into[count++] = mixed(hash, GRAM)
    }
  }
  return count
}

const joined = (a: number, b: number): number => Math.imul(a, 0x9e3779b1) ^ ((b << 13) | (b >>> 19))

function mixed(hash: number, kind: number): number {
  let value = hash ^ kind
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d)
  value = Math.imul(value ^ (value >>> 12), 0x297a2d39)
  return value ^ (value >>> 15)
}
