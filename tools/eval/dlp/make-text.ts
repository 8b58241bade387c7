import type { Random } from '../crash/seeded.ts'

export const DIGITS = '0123456789'
export const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** One of a list, or one character of a string. */
export function pick<T>(random: Random, from: ArrayLike<T>): T {
  return from[random(from.length)] as T
}

/** So many characters of an alphabet. */
export function some(random: Random, count: number, alphabet: string = DIGITS): string {
  return Array.from({ length: count }, () => pick<string>(random, alphabet)).join('')
}

/** A whole number with leading zeros. */
export function padded(value: number, width: number): string {
  return String(value).padStart(width, '0')
}

/** Characters set apart in groups: `grouped('123456789', [3, 2, 4], '-')` is `123-45-6789`. */
export function grouped(text: string, sizes: readonly number[], separator: string): string {
  let at = 0
  return sizes.map((size) => text.slice(at, (at += size))).join(separator)
}
