import type { Sighting } from '../../define-detector.ts'
import { bitsPerUnit, looksRandom } from '../../randomness.ts'
import { isPlaceholder } from './placeholder.ts'

/** Longest name read backwards from its `:` or `=`, and longest value, in UTF-16 units. */
const NAME_UNITS_MAX = 48
const VALUE_UNITS_MAX = 512
/** Blanks and quotes between a name, its sign and its value. */
const PADDING_UNITS_MAX = 6

/** Ends of names whose value is chosen by a person, and of those whose value is generated. */
const CHOSEN = /(?:password|passwd|passphrase|passcode|pwd|passwort|kennwort)s?$/
const GENERATED =
  /(?:secret|token|bearer|authorization|credentials?|(?:api|secret|access|private|auth|signing|encryption|master|shared|client|account|service|app)key)s?$/
/** Tokens that are no secret: of languages, of pages, of forms; and what only looks like a name of a key. */
const HARMLESS =
  /(?:next|page|paging|pagination|continuation|cursor|sync|resume|max|min|num|total|eos|bos|pad|unk|sep|cls|mask|stop|special|csrf|xsrf|idempotency|prompt|completion|design|public)[a-z]{0,8}tokens?$|^tokens$|publickey$/

/** Whether the value of a member or variable of this name would be a secret. */
export function namesSecret(name: string): 'chosen' | 'generated' | undefined {
  const plain = name
    .slice(-NAME_UNITS_MAX)
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '')
  if (CHOSEN.test(plain)) return 'chosen'
  return GENERATED.test(plain) && !HARMLESS.test(plain) ? 'generated' : undefined
}

/** The secret right behind the `:` or `=` at a place; `undefined` when name or value is not that of one. */
export function assignmentAt(text: string, at: number): Sighting | undefined {
  const kind = nameBefore(text, at)
  return kind && valueAt(text, at + 1, kind)
}

/**
 * The secret that begins at a place, by what stands before: `"password": "`, `the password is `, `Authorization: Bearer `. Short
 * looks back; nearly always the first unit tells that there is nothing.
 */
export function assignedValue(text: string, at: number): Sighting | undefined {
  let end = afterPadding(text, at)
  const last = text.charCodeAt(end - 1)
  if (!isSign(last) && !isWordEnd(last | 32)) return undefined
  const word = /(?:^|[^A-Za-z])([A-Za-z]{2,6})$/.exec(text.slice(Math.max(0, end - 7), end))?.[1]?.toLowerCase()
  if (word === 'bearer' || word === 'basic' || word === 'token') {
    const before = afterPadding(text, end - word.length)
    if (word === 'bearer' && !isSign(text.charCodeAt(before - 1))) return valueAt(text, at, 'generated')
    end = before
  }
  const kind =
    word === 'is' ? nameBefore(text, end - word.length) : isSign(text.charCodeAt(end - 1)) ? nameBefore(text, end - 1) : undefined
  return kind && valueAt(text, at, kind)
}

/** What the name that ends before a place, signs and quotes aside, is the name of. */
function nameBefore(text: string, at: number): 'chosen' | 'generated' | undefined {
  let end = at
  while (at - end < 4 && end > 0 && isSign(text.charCodeAt(end - 1))) end--
  end = afterPadding(text, end)
  if (!endsLikeName(text, end)) return undefined
  let start = end
  while (start > 0 && end - start < NAME_UNITS_MAX && isNamePart(text.charCodeAt(start - 1))) start--
  // In a sentence the name may be two words.
  if (end - start < 5 && text[start - 1] === ' ') start = Math.max(0, start - 8)
  return namesSecret(text.slice(start, end))
}

/** The last two letters of the names above. */
const ENDINGS = new Set(['rd', 'wd', 'se', 'de', 'rt', 'et', 'en', 'er', 'on', 'al', 'ey'].map((ending) => pairOf(ending, 2)))

/** Whether a name with one of those endings, a plural s aside, ends at a place: quickly told, and mostly not so. */
function endsLikeName(text: string, end: number): boolean {
  return ENDINGS.has(pairOf(text, (text.charCodeAt(end - 1) | 32) === 115 ? end - 1 : end))
}

function pairOf(text: string, end: number): number {
  return ((text.charCodeAt(end - 2) | 32) << 8) | (text.charCodeAt(end - 1) | 32)
}

/** Back over blanks and quotes, not far. */
function afterPadding(text: string, at: number): number {
  let end = at
  while (at - end < PADDING_UNITS_MAX && end > 0 && isPadding(text.charCodeAt(end - 1))) end--
  return end
}

/** The last letters of `bearer`, `basic`, `token` and `is`. */
function isWordEnd(low: number): boolean {
  return low === 114 || low === 99 || low === 110 || low === 115
}

/** `:`, `=`, and the `>` of `=>`. */
function isSign(unit: number): boolean {
  return unit === 58 || unit === 61 || unit === 62
}

/** The secret that a whole text is, being the value of a member with such a name. */
export function secretValue(text: string, kind: 'chosen' | 'generated'): Sighting | undefined {
  return text.length <= VALUE_UNITS_MAX && !/\s/.test(text) && isSecret(text, kind) ? sighting(0, text.length) : undefined
}

/** Printable ASCII without quotes, comma, semicolon and angle brackets. */
const VALUE = /[!#-&(-+\--:=?-_a-z{|}~]{8,512}/y

function valueAt(text: string, from: number, kind: 'chosen' | 'generated'): Sighting | undefined {
  let start = from
  while (start - from < 3 && isSign(text.charCodeAt(start))) start++
  VALUE.lastIndex = start
  const value = VALUE.exec(text)?.[0].replace(/[.:)\]}]{1,4}$/, '')
  return value !== undefined && isSecret(value, kind) ? sighting(start, start + value.length) : undefined
}

function isSecret(value: string, kind: 'chosen' | 'generated'): boolean {
  if (value.length < 8 || isPlaceholder(value) || isReference(value)) return false
  if (kind === 'generated') return value.length >= 16 && bitsPerUnit(value) >= 3 && looksRandom(value)
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((part) => part.test(value)).length
  return kinds >= 3 ? bitsPerUnit(value) >= 2.5 : value.length >= 12 && looksRandom(value)
}

/** A variable, a template, a call, a path, an address, an identifier of the common form: not the secret itself. */
function isReference(value: string): boolean {
  if (/^[[{<$%*(]|^[a-z]{2,10}:\/\/|^[./~]|\$\{|\{\{|^@/i.test(value)) return true
  if (/^[A-Za-z_$][\w$]*(?:[.:][A-Za-z_$][\w$]*)*[([]/.test(value) || /^[A-Za-z_$]+(?:\.[A-Za-z_$]+)+$/.test(value)) return true
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(value)
}

function sighting(start: number, end: number): Sighting {
  return { code: 'secret_in_context', severity: 'medium', class: 'secret', start, end }
}

function isPadding(unit: number): boolean {
  return unit === 32 || unit === 34 || unit === 39 || unit === 96 || unit === 9 || unit === 92
}

function isNamePart(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90) || (unit >= 48 && unit <= 57) || unit === 95 || unit === 45
}
