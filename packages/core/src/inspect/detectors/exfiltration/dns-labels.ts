import { looksRandom } from '../../randomness.ts'
import type { Span } from '../../reading/view.ts'
import { decodedText } from './decoded-text.ts'

/** Least letters and digits in labels that look generated, and least in one of them. */
const ENCODED_UNITS_MIN = 24
const PART_UNITS_MIN = 12
/** Most labels of a name written in small pieces that are needed to tell. */
const PIECES_MIN = 4
/** Ends of names that no public server answers for, or only the keepers of addresses. */
const LOCAL = /\.(?:local|localhost|internal|test|invalid|lan|arpa)$/

/**
 * Whether the labels of a host carry an encoded text: below the two last labels, letters and digits that look generated, in long
 * labels or in many short ones. A look-up alone then hands the text to whoever owns the domain.
 */
export function hasEncodedLabels(host: string): boolean {
  if (host.length < ENCODED_UNITS_MIN + 4 || LOCAL.test(host)) return false
  const labels = host.split('.').slice(0, -2)
  let units = 0
  for (const part of labels.flatMap((label) => label.split(/[-_]/))) {
    // A number longer than any point in time.
    if (/^[a-z]?\d{15,63}$/.test(part) || decodedText(part) !== undefined) return true
    if (part.length >= PART_UNITS_MIN && looksRandom(part)) units += part.length
  }
  if (units >= ENCODED_UNITS_MIN) return true
  const joined = labels.length >= PIECES_MIN ? labels.join('').replaceAll(/[-_]/g, '') : ''
  return (
    joined.length >= ENCODED_UNITS_MIN &&
    (decodedText(joined) !== undefined || (/^[0-9a-f]*$|^[a-z2-7]*$/.test(joined) && looksRandom(joined)))
  )
}

/** Last labels that are ends of file names rather than of hosts. */
const FILES = new Set(
  'js mjs cjs ts tsx jsx css map html htm json xml yaml yml md txt csv log png jpg jpeg gif svg webp ico woff woff2 ttf pdf zip gz tgz tar exe dll so py rb go rs java class jar php sh sql lock bin dat db'.split(
    ' ',
  ),
)
const HOST_UNITS_MAX = 253

/** Host names in running text with encoded labels. Every unit is read once. */
export function* encodedHosts(text: string): Generator<Span> {
  let end = 0
  for (let dot = text.indexOf('.'); dot >= 0; dot = text.indexOf('.', end)) {
    let start = dot
    while (start > end && isHostUnit(text.charCodeAt(start - 1))) start--
    end = dot + 1
    while (end < text.length && isHostUnit(text.charCodeAt(end))) end++
    if (end - start < ENCODED_UNITS_MIN) continue
    let stop = end
    while (stop > dot && !isLetter(text.charCodeAt(stop - 1))) stop--
    start = Math.max(start, stop - HOST_UNITS_MAX)
    const host = text.slice(start, stop).toLowerCase()
    const last = host.slice(host.lastIndexOf('.') + 1)
    if (!/^[a-z]{2,24}$/.test(last) || FILES.has(last) || looksRandom(last) || host.includes('..')) continue
    if (hasEncodedLabels(host)) yield { start, end: stop }
  }
}

function isHostUnit(unit: number): boolean {
  return isLetter(unit) || (unit >= 48 && unit <= 57) || unit === 45 || unit === 46 || unit === 95
}

function isLetter(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90)
}
