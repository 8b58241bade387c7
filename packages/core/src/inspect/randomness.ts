/** Units looked at; more tells nothing new. */
const UNITS_MAX = 512

/** Shannon entropy in bits per UTF-16 unit, of the first 512: 0 for one repeated letter, about 4 for hex, 6 for base64. */
export function bitsPerUnit(text: string): number {
  const length = Math.min(text.length, UNITS_MAX)
  const counts = new Map<number, number>()
  for (let i = 0; i < length; i++) counts.set(text.charCodeAt(i), (counts.get(text.charCodeAt(i)) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length)
  return bits
}

const LOWER = 1
const UPPER = 2
const DIGIT = 3

/**
 * Whether letters and digits were generated rather than written: they change kind often, as in base64 and base32, mix digits into
 * hex, or run on without a vowel. Plain numbers and words, slugs and names in camel case are written. Judges at most 512 units;
 * under 12 it says no.
 */
export function looksRandom(text: string): boolean {
  const length = Math.min(text.length, UNITS_MAX)
  if (length < 12) return false
  let [digits, letters, hex, changes, separators] = [0, 0, 0, 0, 0]
  let [consonants, consonantsMax] = [0, 0]
  let before = 0
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    const kind = kindOf(unit)
    if (kind === 0) separators++
    else if (kind === DIGIT) digits++
    else letters++
    const low = unit | 32
    if (kind === DIGIT || (kind !== 0 && low <= 102)) hex++
    consonants = kind === LOWER || kind === UPPER ? (isVowel(low) ? 0 : consonants + 1) : 0
    if (consonants > consonantsMax) consonantsMax = consonants
    // A capital before small letters is how names are written.
    if (kind !== 0 && before !== 0 && kind !== before && !(before === UPPER && kind === LOWER)) changes++
    before = kind
  }
  if (letters === 0 || separators * 5 > length) return false
  if (hex === length) return length >= 16 && digits * 8 >= length && changes * 6 >= length
  if (bitsPerUnit(text) < 3) return false
  return changes * 5 >= length || consonantsMax >= 8 || (digits > 0 && consonantsMax >= 6 && changes * 8 >= length)
}

function kindOf(unit: number): number {
  if (unit >= 97 && unit <= 122) return LOWER
  if (unit >= 65 && unit <= 90) return UPPER
  return unit >= 48 && unit <= 57 ? DIGIT : 0
}

function isVowel(low: number): boolean {
  return low === 97 || low === 101 || low === 105 || low === 111 || low === 117 || low === 121
}
