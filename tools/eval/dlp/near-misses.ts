import type { Random } from '../crash/seeded.ts'
import { CAPITALS, DIGITS, grouped, padded, pick, some } from './make-text.ts'

const HEX = '0123456789abcdef'
const TOKEN = `${CAPITALS}${CAPITALS.toLowerCase()}${DIGITS}`

/** Strings of digits and letters that are no identifier of a person or card, by the family they are from. */
export const NEAR_MISSES: Readonly<Record<string, (random: Random) => string>> = {
  orders: (random) =>
    pick(random, [
      `ORD-20${some(random, 2)}-${some(random, 6)}`,
      `${some(random, 3)}-${some(random, 7)}-${some(random, 7)}`,
      `#${some(random, 7)}`,
      some(random, 9),
      some(random, 10),
      some(random, 11),
      some(random, 12),
      some(random, 13),
      `1Z${some(random, 16, DIGITS + CAPITALS)}`,
      `94${some(random, 20)}`,
      `INV${some(random, 8)}`,
    ]),
  times: (random) => {
    const seconds = 1_500_000_000 + random(400_000_000)
    const iso = new Date(seconds * 1000).toISOString()
    return pick(random, [
      String(seconds),
      `${seconds}${some(random, 3)}`,
      `${seconds}${some(random, 6)}`,
      `${seconds}${some(random, 9)}`,
      iso,
      iso.replaceAll(/[-:TZ.]/g, '').slice(0, 14),
      iso.slice(0, 10),
    ])
  },
  phones: (random) =>
    pick(random, [
      `+1${some(random, 10)}`,
      `+44 20 ${some(random, 4)} ${some(random, 4)}`,
      `(${2 + random(8)}${some(random, 2)}) ${some(random, 3)}-${some(random, 4)}`,
      `${2 + random(8)}${some(random, 2)}-${some(random, 3)}-${some(random, 4)}`,
      `0${some(random, 3)} ${some(random, 7)}`,
      `+49 ${some(random, 3)} ${some(random, 8)}`,
      `06 ${grouped(some(random, 8), [2, 2, 2, 2], ' ')}`,
      `+91 ${some(random, 5)} ${some(random, 5)}`,
    ]),
  hashes: (random) =>
    pick(random, [
      some(random, 32, HEX),
      some(random, 40, HEX),
      some(random, 64, HEX),
      some(random, 7, HEX),
      grouped(some(random, 32, HEX), [8, 4, 4, 4, 12], '-'),
      some(random, 22, TOKEN),
      some(random, 34, TOKEN),
      `01${some(random, 24, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')}`,
      `0x${some(random, 40, HEX)}`,
    ]),
  quantities: (random) =>
    pick(random, [
      `${some(random, 5)}.${some(random, 12)}`,
      `${random(256)}.${random(256)}.${random(256)}.${random(256)}`,
      Array.from({ length: 8 }, () => some(random, 4)).join(' '),
      Array.from({ length: 6 }, () => some(random, 3)).join(', '),
      `${some(random, 5)}-${some(random, 4)}`,
      `${padded(random(90), 2)}.${some(random, 6)}, -${some(random, 3)}.${some(random, 6)}`,
      `978-${random(10)}-${some(random, 4)}-${some(random, 4)}-${random(10)}`,
    ]),
}

/** A random string of the shape of another: digits for digits, letters for letters. Nothing keeps it from being valid by chance. */
export function sameShape(random: Random, value: string): string {
  return value.replaceAll(/[0-9A-Za-z]/g, (char) =>
    pick<string>(random, char <= '9' ? DIGITS : char <= 'Z' ? CAPITALS : CAPITALS.toLowerCase()),
  )
}

/** A value with one digit changed of those that its check covers (`checked`, else all): what a check is there to catch. */
export function oneWrong(random: Random, value: string, checked = /^[^]*$/): string {
  const covered = checked.exec(value)
  const from = covered?.index ?? 0
  const places = Array.from(covered?.[0] ?? '', (char, i) => (/\d/.test(char) ? from + i : -1)).filter((i) => i >= 0)
  const at = pick(random, places)
  const other = String((Number(value.charAt(at)) + 1 + random(9)) % 10)
  return value.slice(0, at) + other + value.slice(at + 1)
}
