import type { PhoneFinder } from '@sallyport/core'
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/min'

/** Countries whose way of writing is understood without `+`, in the order they are tried. */
const COUNTRIES: readonly CountryCode[] = ['US', 'GB', 'DE', 'FR', 'IN', 'AU', 'ES', 'IT', 'BR']
/** Digits of a number, country code and prefixes included (E.164 has 15). */
const DIGITS_MIN = 7
const DIGITS_MAX = 17
/** Digits of a number that is written without a gap; shorter ones are mostly something else. */
const SOLID_DIGITS_MIN = 9
/** UTF-16 units of a number with everything between its digits. */
const CHARS_MAX = 32
/** Groups of digits in one number. */
const GROUPS_MAX = 8

export interface PhoneFinderOptions {
  /** ISO 3166 codes of the countries whose numbers may be written without `+`. */
  readonly countries?: readonly CountryCode[]
}

/**
 * The numbering plans of libphonenumber behind the port of `core`. The library sees only runs of digits as numbers are written,
 * each of a bounded length, so that time stays linear in the text.
 */
export function phoneFinder({ countries = COUNTRIES }: PhoneFinderOptions = {}): PhoneFinder {
  return (text, isWorthwhile) => {
    const found: { readonly start: number; readonly end: number }[] = []
    let behind = 0
    for (const { index } of text.matchAll(CANDIDATE)) {
      if (index < behind) continue
      const run = runAt(text, index)
      behind = run.end
      if (
        run.digits < DIGITS_MIN ||
        run.digits > DIGITS_MAX ||
        run.groups > GROUPS_MAX ||
        (run.groups === 1 && run.digits < SOLID_DIGITS_MIN) ||
        !isAlone(text, run)
      )
        continue
      const extension = EXTENSION.exec(text.slice(run.end, run.end + 6))?.[0].length ?? 0
      const span = { start: run.start, end: run.end + extension }
      const written = text.slice(run.start, run.end)
      if (!isDateOrAmount(written) && isWorthwhile(span) && isNumber(written, countries)) found.push(span)
    }
    return found
  }
}

/** Seven digits with at most two other characters between two of them. */
const CANDIDATE = /\d(?:[^0-9A-Za-z]{0,2}\d){6}/g

interface Run {
  readonly start: number
  readonly end: number
  readonly digits: number
  readonly groups: number
}

/** Digits from `first` on, with the plus sign or bracket in front of them, and the marks between them. */
function runAt(text: string, first: number): Run {
  let start = first
  if (text[start - 1] === '(') start--
  if (text[start - 1] === '+') start--
  let end = first
  let digits = 0
  let groups = 0
  for (let at = first; at < text.length && at - start <= CHARS_MAX;) {
    if (isDigit(text.charCodeAt(at))) {
      groups++
      while (at < text.length && isDigit(text.charCodeAt(at))) {
        at++
        digits++
      }
      end = at
      // A run of digits too long for a number is passed over whole.
      if (digits > DIGITS_MAX) break
    } else if (isBetween(text.charCodeAt(at)) && at - end < 3) at++
    else break
  }
  return { start, end, digits, groups }
}

/** `x123` behind a number, which belongs to it. */
const EXTENSION = /^x\d{1,5}/i

/** Not a piece of a word, a decimal, a date with time, an amount or a path. */
function isAlone(text: string, { start, end }: Run): boolean {
  const before = text[start - 1] ?? ' '
  const after = text[end] ?? ' '
  return (
    !/[\w+./:$€£#%=@-]/.test(before.replace(/[:=]/, ' ')) &&
    (!/[\w%°€$@]/.test(after) || EXTENSION.test(text.slice(end, end + 6))) &&
    !/^[.,:/-]\d/.test(text.slice(end, end + 2))
  )
}

function isNumber(written: string, countries: readonly CountryCode[]): boolean {
  // A plus sign and a country are evidence enough; numbers of ranges not yet given out are of that length too.
  if (written.startsWith('+')) return parsePhoneNumberFromString(written)?.isPossible() ?? false
  return countries.some((country) => parsePhoneNumberFromString(written, country)?.isValid() ?? false)
}

/** `2026-11-26 07:14`, `26.11.2026`, `1.234.567`, `10.0.0.12`. */
function isDateOrAmount(written: string): boolean {
  return /^(?:(?:19|20)\d{2}[-./ ]\d{1,2}[-./ ]\d{1,2}\b|\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d{2}\b|\d{1,3}(?:[. ]\d{3}){2,}$|(?:\d{1,3}\.){3}\d{1,3}$)/.test(
    written,
  )
}

function isDigit(unit: number): boolean {
  return unit >= 48 && unit <= 57
}

/** Spaces, dashes, dots, brackets, a slash. */
function isBetween(unit: number): boolean {
  return (
    unit === 0x20 ||
    unit === 0xa0 ||
    unit === 0x28 ||
    unit === 0x29 ||
    (unit >= 0x2d && unit <= 0x2f) ||
    (unit >= 0x2010 && unit <= 0x2015)
  )
}
