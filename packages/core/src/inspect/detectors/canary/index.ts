import { GatewayError } from '../../../errors.ts'
import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Detector, type Sighting } from '../../define-detector.ts'
import { SKIP, termAutomaton, unitFold } from '../../term-automaton.ts'
import { CANARY_DIGITS, canaryCheck, type CanaryCheck } from './make-canary.ts'

/** Most sightings in one text. */
const SIGHTINGS_MAX = 10
/** Fewest letters and digits of a planted token; a shorter one would be found in ordinary text. */
const TOKEN_UNITS_MIN = 8

/**
 * Finds planted tokens: those listed, and every canary made with the key. Case does not matter, nor anything between their letters
 * and digits that is neither: blanks, line ends, dashes, quotes, markup, invisible characters.
 * @throws GatewayError `CONFIG_INVALID` for a token with fewer than 8 letters and digits.
 */
export function canaryDetector(tokens: readonly string[], key?: Uint8Array): Detector {
  const folded = tokens.map((token) => token.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
  if (folded.some((token) => token.length < TOKEN_UNITS_MIN))
    throw new GatewayError('CONFIG_INVALID', `a canary has fewer than ${TOKEN_UNITS_MIN} letters and digits`)
  const find = termAutomaton(folded, FOLD)
  const check = key && canaryCheck(key)
  return defineDetector({
    id: 'canary',
    channels: CHANNELS.filter((channel) => channel !== 'definition'),
    reads: 'every',
    detect: (text) => {
      const sightings: Sighting[] = []
      if (tokens.length > 0)
        find(text, ({ start, end }) => {
          sightings.push(sighting(start, end))
          return sightings.length < SIGHTINGS_MAX
        })
      if (check) sightings.push(...madeCanaries(text, check))
      return sightings.slice(0, SIGHTINGS_MAX)
    },
  })
}

/**
 * Runs of hexadecimal digits, whatever stands between them. Goes from run to run by looking where the last unit of the shortest
 * would stand, and back to the last letter that ends one: in ordinary text that is a few units in 32.
 */
function madeCanaries(text: string, check: CanaryCheck): readonly Sighting[] {
  const sightings: Sighting[] = []
  let start = 0
  while (start + CANARY_DIGITS <= text.length && sightings.length < SIGHTINGS_MAX) {
    let at = start + CANARY_DIGITS - 1
    while (at >= start && !endsRun(text.charCodeAt(at))) at--
    start = at < start ? canariesFrom(text, start, { check, sightings }) : at + 1
  }
  return sightings
}

/** Tries every 32 digits in a row of one run, and says where it ends. */
function canariesFrom(text: string, start: number, { check, sightings }: { check: CanaryCheck; sightings: Sighting[] }): number {
  const ring = new Uint8Array(CANARY_DIGITS)
  const places = new Int32Array(CANARY_DIGITS)
  let count = 0
  for (let i = start; i < text.length; i++) {
    const unit = FOLD[text.charCodeAt(i)] ?? SKIP
    if (unit === SKIP) continue
    if (!isHex(unit)) return i + 1
    ring[count & 31] = unit
    places[count & 31] = i
    count++
    // The oldest of the last 32 stands where the next will be written.
    if (count < CANARY_DIGITS || !check.mayBe(ring, count)) continue
    const digits = Array.from(ring, (_, at) => String.fromCharCode(ring[(count + at) & 31] ?? 0)).join('')
    if (check.is(digits) && sightings.push(sighting(places[count & 31] ?? i, i + 1)) >= SIGHTINGS_MAX) break
  }
  return text.length
}

function endsRun(unit: number): boolean {
  const folded = FOLD[unit] ?? SKIP
  return folded !== SKIP && !isHex(folded)
}

/** Small letters and digits; letters of other scripts stay; anything else is left out. */
const FOLD = unitFold((unit) => {
  if (unit >= 65 && unit <= 90) return unit + 32
  if ((unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57)) return unit
  return unit < 0xc0 || (unit >= 0x2000 && unit <= 0x2bff) || unit >= 0xd800 ? SKIP : unit
})

function isHex(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 97 && unit <= 102)
}

function sighting(start: number, end: number): Sighting {
  return { code: 'canary', severity: 'high', class: 'secret', start, end }
}
