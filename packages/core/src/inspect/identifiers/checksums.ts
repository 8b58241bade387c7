/** Values of the characters of an identifier, `0`–`9` then `A`–`Z` as 10–35; 36 and more for anything else. */
export function valueOf(char: string): number {
  const code = char.charCodeAt(0)
  if (code >= 48 && code <= 57) return code - 48
  return code >= 65 && code <= 90 ? code - 55 : 36
}

/** Luhn, ISO/IEC 7812-1 annex B. Digits only. */
export function isLuhn(digits: string): boolean {
  let sum = 0
  for (let i = digits.length - 1, doubled = false; i >= 0; i--, doubled = !doubled) {
    const digit = digits.charCodeAt(i) - 48
    sum += doubled ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit
  }
  return digits.length > 0 && sum % 10 === 0
}

/** The number modulo 97, letters as two digits (ISO 7064 MOD 97-10). Digits and capitals only. */
export function mod97(text: string): number {
  let rest = 0
  for (const char of text) {
    const value = valueOf(char)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest
}

/** Multiplication in the dihedral group of order 10. */
function dihedral(a: number, b: number): number {
  if (a < 5) return b < 5 ? (a + b) % 5 : ((a + b - 5) % 5) + 5
  return b < 5 ? ((a - 5 + 5 - b) % 5) + 5 : (a - b + 5) % 5
}
const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]

/** Verhoeff's dihedral check; the last digit is the check digit. */
export function isVerhoeff(digits: string): boolean {
  let check = 0
  for (let i = 0; i < digits.length; i++) {
    let digit = digits.charCodeAt(digits.length - 1 - i) - 48
    for (let turn = i % 8; turn > 0; turn--) digit = PERMUTATION[digit] ?? 0
    check = dihedral(check, digit)
  }
  return digits.length > 0 && check === 0
}

/** ISO 7064 MOD 11,10; the last digit is the check digit. */
export function isMod1110(digits: string): boolean {
  let product = 10
  for (let i = 0; i < digits.length - 1; i++) {
    const sum = (digits.charCodeAt(i) - 48 + product) % 10
    product = ((sum === 0 ? 10 : sum) * 2) % 11
  }
  return (11 - product) % 10 === digits.charCodeAt(digits.length - 1) - 48
}

/** Sum of the first characters, each by its weight; the value of a character is its code less 48, so `A` is 17. */
export function weightedSum(text: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, i) => sum + weight * (text.charCodeAt(i) - 48), 0)
}
