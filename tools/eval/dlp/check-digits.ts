/** Check digits computed on their own, not with the code under test: by search or by big numbers where that is simplest. */

export function luhnDigit(digits: string): string {
  return search((check) => {
    const reversed = Array.from(digits + check, Number).toReversed()
    return (
      reversed.reduce(
        (sum, digit, i) => sum + (i % 2 === 1 ? Array.from(String(digit * 2), Number).reduce((a, b) => a + b) : digit),
        0,
      ) %
        10 ===
      0
    )
  })
}

/** The first digit that satisfies a test, as text; empty when none does. */
export function search(holds: (digit: string) => boolean): string {
  return Array.from('0123456789').find((digit) => holds(digit)) ?? ''
}

export function sum(text: string, weights: readonly number[]): number {
  return weights.reduce((total, weight, i) => total + weight * Number.parseInt(text[i] ?? '0', 36), 0)
}

/** The check digits of an IBAN. */
export function ibanDigits(country: string, account: string): string {
  const digits = Array.from(`${account}${country}00`, (char) => String(Number.parseInt(char, 36))).join('')
  return String(98n - (BigInt(digits) % 97n)).padStart(2, '0')
}

const D5 = [
  '0123456789',
  '1234067895',
  '2340178956',
  '3401289567',
  '4012395678',
  '5987604321',
  '6598710432',
  '7659821043',
  '8765932104',
  '9876543210',
]
const SHUFFLES = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870', '4286573901', '2793806415', '7046913258']

/** Verhoeff's tables as he printed them. */
export function verhoeffDigit(digits: string): string {
  return search((check) => {
    const reversed = Array.from(digits + check).toReversed()
    return reversed.reduce((state, digit, i) => D5[Number(state)]?.[Number(SHUFFLES[i % 8]?.[Number(digit)])] ?? '', '0') === '0'
  })
}

export function mod1110Digit(digits: string): string {
  let state = 10
  for (const digit of digits) state = (((state + Number(digit)) % 10 || 10) * 2) % 11
  return String((11 - state) % 10)
}

/** ICAO 9303: weights 7, 3, 1. */
export function zoneDigit(field: string): string {
  const weights = Array.from({ length: field.length }, (_, i) => [7, 3, 1][i % 3] ?? 0)
  return String(sum(field.replaceAll('<', '0'), weights) % 10)
}
