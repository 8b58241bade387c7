import { BLANK, SKIP, unitFold, type UnitFold } from '../../term-automaton.ts'

/** Any white space is a blank, invisible characters are left out; letters keep their case. */
export const keepCase = once(() => tableOf((unit) => unit))

/** The same, and capitals are small letters, where that changes no length. */
export const foldCase = once(() =>
  tableOf((unit) => {
    const lower = String.fromCharCode(unit).toLowerCase()
    return lower.length === 1 ? lower.charCodeAt(0) : unit
  }),
)

/** Made on first use: 65,536 units take some milliseconds. */
function tableOf(letter: (unit: number) => number): UnitFold {
  return unitFold((unit) => {
    const char = String.fromCharCode(unit)
    // oxlint-disable-next-line no-misleading-character-class -- single characters are what is looked for
    if (/[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]/.test(char)) return SKIP
    return /\s/.test(char) ? BLANK : letter(unit)
  })
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

/**
 * Whether the unit at a place belongs to a word, so that a term beside it is only part of one. Scripts that write without blanks
 * have no such words.
 */
export function isWordPart(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  if (unit < 128) return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95
  const char = text[at]
  return (
    char !== undefined &&
    /[\p{L}\p{N}\p{M}]/u.test(char) &&
    !/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u.test(
      char,
    )
  )
}
