import { GatewayError } from '../../../errors.ts'
import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Detector, type Sighting } from '../../define-detector.ts'
import { SKIP, termAutomaton } from '../../term-automaton.ts'
import { CANARY_DIGITS, canaryCheck } from './make-canary.ts'

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
  const find = termAutomaton(folded, foldUnit)
  const isCanary = key && canaryCheck(key)
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
      if (isCanary) sightings.push(...madeCanaries(text, isCanary))
      return sightings.slice(0, SIGHTINGS_MAX)
    },
  })
}

/** Runs of hexadecimal digits, whatever stands between them; every 32 in a row are tried. */
function madeCanaries(text: string, isCanary: (digits: string) => boolean): readonly Sighting[] {
  const sightings: Sighting[] = []
  let digits = ''
  let places: number[] = []
  for (let i = 0; i < text.length; i++) {
    const unit = foldUnit(text.charCodeAt(i))
    if (unit === SKIP) continue
    if (!isHex(unit)) {
      if (digits !== '') [digits, places] = ['', []]
      continue
    }
    digits += String.fromCharCode(unit)
    places.push(i)
    if (digits.length < CANARY_DIGITS) continue
    const start = places[places.length - CANARY_DIGITS] ?? i
    if (isCanary(digits.slice(-CANARY_DIGITS)) && sightings.push(sighting(start, i + 1)) >= SIGHTINGS_MAX) break
    // Long runs are forgotten in steps, so that nothing grows with the text.
    if (digits.length >= 1_024) [digits, places] = [digits.slice(-CANARY_DIGITS), places.slice(-CANARY_DIGITS)]
  }
  return sightings
}

/** Small letters and digits; letters of other scripts stay; anything else is left out. */
function foldUnit(unit: number): number {
  if (unit >= 65 && unit <= 90) return unit + 32
  if ((unit >= 97 && unit <= 122) || (unit >= 48 && unit <= 57)) return unit
  return unit < 0xc0 || (unit >= 0x2000 && unit <= 0x2bff) || unit >= 0xd800 ? SKIP : unit
}

function isHex(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 97 && unit <= 102)
}

function sighting(start: number, end: number): Sighting {
  return { code: 'canary', severity: 'high', class: 'secret', start, end }
}
