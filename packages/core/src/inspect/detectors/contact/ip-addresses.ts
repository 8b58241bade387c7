import { contextOf, isLabelled, terms } from '../../context.ts'
import type { Sighting } from '../../define-detector.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import { unitKind } from '../../identifiers/written-forms.ts'

/** What four numbers with dots are behind one of these words. */
const VERSION = terms(
  'version, ver, v, release, build, firmware, driver, sdk, chapter, section, clause, article, figure, table, oid, update, upgrade, chrome, safari, edge',
)

/** Longest IPv6 address, with an IPv4 address in its last 32 bits. */
const V6_CHARS_MAX = 45

/** IPv4 and IPv6 addresses; those that are private, local or reserved for documentation as `info`. */
export function ipAddresses(text: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  let behind = 0
  for (const { 0: found, index } of text.matchAll(/\d\.\d{1,3}\.\d|:[0-9a-f]{0,4}:/gi)) {
    if (index < behind) continue
    const looked = found.startsWith(':') ? v6Around(text, index) : v4At(text, index + 1)
    if (looked?.sighting) sightings.push(looked.sighting)
    behind = looked?.end ?? 0
  }
  return sightings
}

/** An address, or a stretch that is none and need not be looked at again. */
interface Looked {
  readonly end: number
  readonly sighting?: Sighting
}

/** The IPv4 address whose first dot is at `dot`. */
function v4At(text: string, dot: number): Looked | undefined {
  if (unitKind(text, dot - 1) !== 1 || unitKind(text, dot + 1) !== 1) return undefined
  let start = dot
  while (start > dot - 4 && unitKind(text, start - 1) === 1) start--
  const run = /^[\d.]{7,40}/.exec(text.slice(start, start + 40))?.[0].replace(/\.+$/, '') ?? ''
  const end = start + run.length
  if (run === '') return undefined
  const before = text[start - 1] ?? ''
  const parts = run.split('.')
  const isAddress = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  if (
    !isAddress ||
    unitKind(text, start - 1) !== 0 ||
    unitKind(text, end) !== 0 ||
    '.-_+'.includes(before || ' ') ||
    /^[-_]\w/.test(text.slice(end, end + 2))
  )
    return { end }
  if (isLabelled(contextOf({ text, start, end, field: '' }), VERSION) || (before === '/' && unitKind(text, start - 2) === 2))
    return { end }
  const sighting = sight('ip_address', start, end)
  return { end, sighting: isSpecialV4(parts.map(Number)) ? { ...sighting, severity: 'info' } : sighting }
}

/** Private, loopback, link-local, shared, documentation, multicast and reserved ranges (RFC 6890). */
function isSpecialV4([a = 0, b = 0, c = 0]: readonly number[]): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return true
  if ((a === 100 && b >= 64 && b < 128) || (a === 169 && b === 254) || (a === 172 && b >= 16 && b < 32)) return true
  if (a === 192) return b === 168 || (b === 0 && (c === 0 || c === 2))
  return (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) || (a === 203 && b === 0 && c === 113)
}

/** The IPv6 address around the colon at `colon`, with the whole stretch of its characters. */
function v6Around(text: string, colon: number): Looked | undefined {
  let start = colon
  while (start > colon - 5 && isHex(text.charCodeAt(start - 1))) start--
  // A colon that follows no group and opens no `::` is punctuation.
  if (start === colon && text[colon + 1] !== ':') return undefined
  let end = colon
  while (end - start <= V6_CHARS_MAX && isV6Unit(text.charCodeAt(end))) end++
  while (end > start && text[end - 1] === '.') end--
  const run = text.slice(start, end)
  const isAlone =
    unitKind(text, start - 1) === 0 && unitKind(text, end) === 0 && !':.'.includes(text[start - 1] ?? ' ') && text[end] !== ':'
  if (!isAlone || !isV6(run)) return end > colon + 1 ? { end } : undefined
  const sighting = sight('ip_address', start, end)
  return { end, sighting: /^(?:::|f[cdef]|2001:0?db8:|100::)/i.test(run) ? { ...sighting, severity: 'info' } : sighting }
}

/** Eight groups, or fewer with one `::`; at least three groups, so that `a::b` of a program and a time of day are none. */
function isV6(run: string): boolean {
  const halves = run.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1) ?? ''
  const isMixed = /^\d{1,3}(?:\.\d{1,3}){3}$/.test(last)
  const plain = isMixed ? groups.slice(0, -1) : groups
  if (!plain.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  const count = plain.length + (isMixed ? 2 : 0)
  return halves.length === 1 ? count === 8 : count >= 3 && count < 8
}

function isHex(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102)
}

function isV6Unit(unit: number): boolean {
  return isHex(unit) || unit === 58 || unit === 46
}
