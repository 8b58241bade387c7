import { contextOf, isLabelled, isNear, terms, type Context, type Terms } from '../context.ts'
import type { Sighting } from '../define-detector.ts'
import { sight, type IdentifierCode } from './identifier-types.ts'

/**
 * One kind of identifier: how it is written, and what must hold. In a form, `0` is a digit, `A` a letter, `X` either, `_` a space,
 * dash or dot (the same one all through), `-`, `.` and `/` themselves.
 */
export interface Kind {
  readonly code: IdentifierCode
  /** Forms that count only near one of the words of `context`. */
  readonly labelled?: readonly string[]
  /** Forms distinctive enough to count anywhere. */
  readonly bare?: readonly string[]
  readonly context: Terms
  /** Severity of a bare form without context, where it is milder than that of the type. */
  readonly bareSeverity?: Sighting['severity']
  /** Judges the letters and digits alone, in capitals. */
  readonly isValid: (plain: string) => boolean
}

interface Form {
  readonly kind: Kind
  readonly pattern: string
  readonly isBare: boolean
}

/** What a value that stands behind one of these words is, whatever its digits: not an identifier of a person or card. */
const OTHER_NUMBERS = terms(
  'order, orders, tracking, track, shipment, parcel, invoice, ticket, reference, ref, timestamp, epoch, time, ts, serial, sku, part, imei, build, commit, hash, transaction, request, trace, span, job, batch, event, message, case, id, uuid, isbn, ean, upc, gtin, barcode, version',
)

const DIGIT = 1
const LETTER = 2
/** 1 for digits, 2 for ASCII letters, else 0, by UTF-16 unit below 128. */
export const UNIT_KINDS = Uint8Array.from({ length: 128 }, (_, code) =>
  code >= 48 && code <= 57 ? DIGIT : (code >= 65 && code <= 90) || (code >= 97 && code <= 122) ? LETTER : 0,
)
/** Longest first run of letters and digits that any form may have. */
const FIRST_MAX = 32

/**
 * Makes a function that finds all the kinds in a text. It goes from word to word; at the start of one with a digit, or of the one
 * or two letters in front of it, it tries the few forms that begin with such a word, so time is linear.
 */
export function compileKinds(kinds: readonly Kind[]): (text: string, field: string) => readonly Sighting[] {
  const byFirst: (Form[] | undefined)[] = []
  for (const kind of kinds)
    for (const [patterns, isBare] of [
      [kind.bare ?? [], true],
      [kind.labelled ?? [], false],
    ] as const)
      for (const pattern of patterns) {
        for (const key of keysOf(pattern)) byFirst[key] = [...(byFirst[key] ?? []), { kind, pattern, isBare }]
      }
  return (text, field) => {
    const sightings: Sighting[] = []
    const { length } = text
    let behind = 0
    // No form begins more than a word and two letters in front of its first digit; most texts have none at all.
    for (let i = startBefore(text.search(/\d/), length); i < length; i++) {
      let mask = unitKind(text, i)
      if (mask === 0) continue
      const start = i
      for (let kind = mask; kind !== 0; kind = ++i < length ? unitKind(text, i) : 0) mask |= kind
      if ((mask & DIGIT) === 0 || i - start > FIRST_MAX || start < behind) continue
      const letters = lettersBefore(text, start)
      const led = letters > 0 ? tryForms(byFirst[letters * 4 + LETTER], text, { start: start - letters - 1, field }) : NONE
      const seen = led.length > 0 ? led : tryForms(byFirst[(i - start) * 4 + mask], text, { start, field })
      for (const sighting of seen) {
        sightings.push(sighting)
        behind = Math.max(behind, sighting.end)
      }
    }
    return sightings
  }
}

/** The start of the word around a digit, or the end of the text when there is no digit. */
function startBefore(digit: number, length: number): number {
  return digit < 0 ? length : Math.max(0, digit - FIRST_MAX - 1)
}

const NONE: readonly Sighting[] = []

/** How many letters, one or two, make up the word in front of a place, one character away; 0 when there is no such word. */
function lettersBefore(text: string, start: number): number {
  if (unitKind(text, start - 1) !== 0 || unitKind(text, start - 2) !== LETTER) return 0
  if (unitKind(text, start - 3) === 0) return 1
  return unitKind(text, start - 3) === LETTER && unitKind(text, start - 4) === 0 ? 2 : 0
}

/** Lengths and makings of the first word of a pattern, as keys: an `X` may be digits, letters, or part of a mix. */
function keysOf(pattern: string): readonly number[] {
  const first = /^[0AX]+/.exec(pattern)?.[0] ?? ''
  const masks = [DIGIT, LETTER, DIGIT | LETTER].filter(
    (mask) => (!first.includes('0') || mask & DIGIT) && (!first.includes('A') || mask & LETTER),
  )
  return masks.map((mask) => first.length * 4 + mask)
}

function tryForms(
  forms: readonly Form[] | undefined,
  text: string,
  { start, field }: { readonly start: number; readonly field: string },
): readonly Sighting[] {
  if (!forms) return NONE
  let known: readonly Sighting[] = NONE
  let bare: Sighting | undefined
  let context: Context | undefined
  for (const { kind, pattern, isBare } of forms) {
    const end = matchForm(text, start, pattern)
    if (end < 0 || known.some(({ code }) => code === kind.code)) continue
    const surrounded = neighbours(text, start, end)
    if (surrounded === 'joined' || !kind.isValid(plainOf(text, start, end))) continue
    // Forms that begin alike end within a few characters of each other, so one look around serves all.
    context ??= contextOf({ text, start, end, field })
    const sighting = sight(kind.code, start, end)
    if (isNear(context, kind.context)) known = [...known, sighting]
    else if (isBare && surrounded === 'free' && !(isSolid(pattern) && isOtherNumber(context)))
      bare ??= kind.bareSeverity ? { ...sighting, severity: kind.bareSeverity } : sighting
  }
  return known.length > 0 || !bare ? known : [bare]
}

/** Whether a label in front of a value says that it is an order, a shipment, a time or the like. */
export function isOtherNumber(context: Context): boolean {
  return isLabelled(context, OTHER_NUMBERS)
}

/** Where a form that begins at `start` ends; -1 when the text does not have that form or goes on behind it. */
export function matchForm(text: string, start: number, pattern: string): number {
  let separator = 0
  for (let i = 0; i < pattern.length; i++) {
    const wanted = pattern[i]
    const unit = text.charCodeAt(start + i)
    const kind = unit < 128 ? (UNIT_KINDS[unit] ?? 0) : 0
    if (wanted === '0') {
      if (kind !== DIGIT) return -1
    } else if (wanted === 'A') {
      if (kind !== LETTER) return -1
    } else if (wanted === 'X') {
      if (kind === 0) return -1
    } else {
      const is = separatorOf(unit)
      if (is === 0 || (wanted === '_' ? separator !== 0 && separator !== is : is !== wanted?.charCodeAt(0))) return -1
      separator = is
    }
  }
  return unitKind(text, start + pattern.length) === 0 ? start + pattern.length : -1
}

/** The kind of separator a UTF-16 unit is: that of a space, a dash, a dot, a slash, or 0. */
export function separatorOf(unit: number): number {
  if (unit === 0x20 || unit === 0xa0 || unit === 0x202f || (unit >= 0x2000 && unit <= 0x200a)) return 0x20
  if (unit === 0x2d || (unit >= 0x2010 && unit <= 0x2015) || unit === 0x2212) return 0x2d
  return unit === 0x2e || unit === 0x2f ? unit : 0
}

/**
 * What stands around a value: `joined`, it is a piece of something longer, such as a decimal, a UUID or an international phone
 * number; `crowded`, it may be one of a list of numbers or a piece of a path; else `free`.
 */
export function neighbours(text: string, start: number, end: number): 'free' | 'crowded' | 'joined' {
  const before = text[start - 1] ?? ''
  const after = text[end] ?? ''
  const beyondBefore = unitKind(text, start - 2)
  const beyondAfter = unitKind(text, end + 1)
  if (before === '+') return 'joined'
  if ('-._'.includes(before) && before !== '' && beyondBefore === DIGIT) return 'joined'
  if ('-._'.includes(after) && after !== '' && beyondAfter === DIGIT) return 'joined'
  const isSpaced = separatorOf(text.charCodeAt(start - 1)) === 0x20 || separatorOf(text.charCodeAt(end)) === 0x20
  if (isSpaced && (followsNumber(text, start) || precedesNumber(text, end))) return 'crowded'
  if ('-_/:@'.includes(before) && before !== '' && beyondBefore !== 0) return 'crowded'
  return '-_/@'.includes(after) && after !== '' && beyondAfter !== 0 ? 'crowded' : 'free'
}

function followsNumber(text: string, start: number): boolean {
  return separatorOf(text.charCodeAt(start - 1)) === 0x20 && unitKind(text, start - 2) === DIGIT
}

function precedesNumber(text: string, end: number): boolean {
  return separatorOf(text.charCodeAt(end)) === 0x20 && unitKind(text, end + 1) === DIGIT
}

/** Letters and digits of a stretch, in capitals. */
export function plainOf(text: string, start: number, end: number): string {
  return text
    .slice(start, end)
    .replaceAll(/[^0-9A-Za-z]/g, '')
    .toUpperCase()
}

function isSolid(pattern: string): boolean {
  return /^[0AX]+$/.test(pattern)
}

/** @returns 1 for an ASCII digit, 2 for an ASCII letter, else 0. */
export function unitKind(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit < 128 ? (UNIT_KINDS[unit] ?? 0) : 0
}
