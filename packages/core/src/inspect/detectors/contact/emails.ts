import type { Sighting } from '../../define-detector.ts'
import { sight } from '../../identifiers/identifier-types.ts'

/** RFC 5321, section 4.5.3.1. */
const LOCAL_CHARS_MAX = 64
const DOMAIN_CHARS_MAX = 253
const LABEL_CHARS_MAX = 63

const LOCAL_UNIT = /[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]/u
const DOMAIN_UNIT = /[\p{L}\p{N}.-]/u
/** An image for a dense screen, `logo@2x.png`, is not an address. */
const SCREEN_SCALE = /^\d(?:\.\d)?x\.[a-z]{2,5}$/i
/** Domains nobody owns (RFC 2606, RFC 6761). */
const RESERVED = /(?:^|\.)(?:example|test|invalid|localhost|example\.(?:com|net|org))$/i

/** E-mail addresses, found from the `@` outwards: a bounded number of characters on each side. */
export function emails(text: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  let behind = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const end = domainEnd(text, at + 1)
    const start = end < 0 ? -1 : localStart(text, at, behind)
    if (start < 0) continue
    const domain = text.slice(at + 1, end)
    // `git@host:path` names a repository.
    if (SCREEN_SCALE.test(domain) || (text.slice(start, at) === 'git' && text[end] === ':')) continue
    const sighting = sight('email', start, end)
    sightings.push(RESERVED.test(domain) ? { ...sighting, severity: 'info' } : sighting)
    behind = end
  }
  return sightings
}

/** Start of the part in front of the `@`; -1 when there is none. Marks of punctuation in front of it are left out. */
function localStart(text: string, at: number, behind: number): number {
  let start = at
  const stop = Math.max(behind, at - LOCAL_CHARS_MAX)
  while (start > stop && LOCAL_UNIT.test(text[start - 1] ?? '')) start--
  while (start < at && ".'`*/=?&#{|~^!$%+-".includes(text[start] ?? '')) start++
  // What stands in front of the last of these is the name of a parameter, a path or a scheme.
  const local = /[^=/?&{|`]*$/.exec(text.slice(start, at))?.[0] ?? ''
  return local === '' || local.endsWith('.') || local.includes('..') ? -1 : at - local.length
}

/** End of the domain; -1 when it is none: two labels at least, the last of letters. */
function domainEnd(text: string, from: number): number {
  let end = from
  const stop = Math.min(text.length, from + DOMAIN_CHARS_MAX)
  while (end < stop && DOMAIN_UNIT.test(text[end] ?? '')) end++
  while (end > from && '.-'.includes(text[end - 1] ?? '')) end--
  const labels = text.slice(from, end).split('.')
  const last = labels.at(-1) ?? ''
  const isDomain =
    labels.length > 1 &&
    labels.every((label) => label !== '' && label.length <= LABEL_CHARS_MAX && !label.startsWith('-') && !label.endsWith('-'))
  return isDomain && /^(?:\p{L}{2,}|xn--[a-z0-9-]+)$/iu.test(last) ? end : -1
}
