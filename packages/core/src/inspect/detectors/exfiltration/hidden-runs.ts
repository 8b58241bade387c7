import type { Span } from '../../reading/view.ts'

/** Least characters in a row, and least between letters of one text, that carry something: an emoji or a Persian word has fewer. */
const RUN_MIN = 6
const SCATTERED_MIN = 8

// oxlint-disable-next-line no-misleading-character-class -- single characters are what is looked for
const ANY = /[\u180e\u200b-\u200d\u2060-\u2064\ufe00-\ufe0f\ufeff\udb40]/
/** The flags of England, Scotland and Wales: a black flag, letters in tags, the tag that ends them. */
const FLAG_UNITS_MAX = 14

/** Invisible characters that carry a text: runs of them, or many strewn between letters. */
export function* hiddenRuns(text: string): Generator<Span> {
  let scattered = 0
  let [first, last] = [0, 0]
  for (let i = text.search(ANY); i >= 0 && i < text.length; i++) {
    const width = hiddenWidth(text, i)
    if (width === 0) continue
    const start = i
    let count = 0
    for (let step = width; step > 0; step = hiddenWidth(text, i)) {
      i += step
      count++
    }
    if (count >= RUN_MIN && !isFlag(text, start, i)) yield { start, end: i }
    else if (isAsciiLetter(text.charCodeAt(start - 1)) && isAsciiLetter(text.charCodeAt(i))) {
      if (scattered++ === 0) first = start
      last = i
    }
  }
  if (scattered >= SCATTERED_MIN) yield { start: first, end: last }
}

/** Units of the hidden character at a place; 0 when there is none. */
function hiddenWidth(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit === 0xdb40) return 2
  const isHidden =
    (unit >= 0x200b && unit <= 0x200d) ||
    (unit >= 0x2060 && unit <= 0x2064) ||
    (unit >= 0xfe00 && unit <= 0xfe0f) ||
    unit === 0xfeff ||
    unit === 0x180e
  return isHidden ? 1 : 0
}

function isFlag(text: string, start: number, end: number): boolean {
  return end - start <= FLAG_UNITS_MAX && text.codePointAt(start - 2) === 0x1f3f4 && text.codePointAt(end - 2) === 0xe007f
}

function isAsciiLetter(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90)
}
