import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import type { Span } from '../../reading/view.ts'
import { assignedValue, assignmentAt, namesSecret, secretValue } from './assignments.ts'
import { pairAt, shapeAt, SHAPE_PAIRS } from './find-shapes.ts'
import { jsonWebTokens } from './json-web-token.ts'
import { pemAt } from './pem.ts'
import { urlPasswordAt } from './url-password.ts'

/** Most sightings in one text. */
const SIGHTINGS_MAX = 5_000
/** Readings that turn ordinary words into what looks generated. */
const SCRAMBLED = new Set<string>(['leet', 'rot13', 'reversed', 'joined'])

/**
 * Finds credentials: keys with the shape of their provider, tokens, private keys, passwords in URLs, and values that look generated
 * next to a word such as `password`. Documented examples and placeholders are `low`; a right checksum keeps a key `high` that is
 * `medium` without. Time is linear: one pass, and every look ahead is bounded or skips what it has read.
 */
export const secrets = defineDetector({
  id: 'secrets',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { field, view }) => {
    const hasContext = !SCRAMBLED.has(view)
    const sightings = findSecrets(text, hasContext)
    if (sightings.length > 0 || !hasContext || field === '' || field === text) return sightings
    const kind = namesSecret(field)
    const whole = kind && secretValue(text, kind)
    return whole ? [whole] : sightings
  },
})

/** Shortest run of units without a blank, quote or comma that can hold a secret. */
const RUN_UNITS_MIN = 8

/** Most signs in one run whose name and value are looked at. */
const SIGNS_MAX = 500

const SEPARATOR = 0
const LETTER = 1
const TELLING = 2
/** Every unit: what ends a run, small letters, and what a word does not have: digits, capitals, signs. */
const KIND = Uint8Array.from({ length: 65_536 }, (_, unit) => {
  if (unit <= 32 || unit > 126 || '"\'`,;<>'.includes(String.fromCharCode(unit))) return SEPARATOR
  return unit >= 97 && unit <= 122 ? LETTER : TELLING
})

/**
 * Goes from run to run, looking at one unit in several: where the eighth unit of a run would stand, backwards to the last
 * separator. Ordinary words are passed over; the others are looked at closely.
 */
function findSecrets(text: string, hasContext: boolean): Sighting[] {
  const looks: Looks = { text, hasContext, tokenAt: jsonWebTokens(text) }
  const sightings: Sighting[] = []
  let start = 0
  let seen = 0
  while (start + RUN_UNITS_MIN <= text.length && sightings.length < SIGHTINGS_MAX) {
    let at = start + RUN_UNITS_MIN - 1
    const stop = Math.max(start, seen)
    while (at >= stop && KIND[text.charCodeAt(at)] !== SEPARATOR) at--
    if (at >= stop) {
      seen = start + RUN_UNITS_MIN
      start = at + 1
      continue
    }
    let end = start + RUN_UNITS_MIN
    while (end < text.length && KIND[text.charCodeAt(end)] !== SEPARATOR) end++
    // A key may hold separators and end after the run.
    start = seen = isWord(text, start, end) ? end : lookThrough(looks, { start, end }, sightings)
  }
  return sightings
}

/** Small letters only, after the first. */
function isWord(text: string, start: number, end: number): boolean {
  let at = start + 1
  while (at < end && KIND[text.charCodeAt(at)] === LETTER) at++
  return at === end
}

interface Looks {
  readonly text: string
  readonly hasContext: boolean
  readonly tokenAt: (at: number) => Sighting | undefined
}

const SHAPE = 1
const URL = 2
const TOKEN = 3
const PEM = 4

/** Two units → what may begin with them. */
const BEGINS = new Uint8Array(128 * 128)
for (const pair of SHAPE_PAIRS) BEGINS[pair] = SHAPE
for (const [units, what] of [
  ['://', URL],
  ['ey', TOKEN],
  ['BE', PEM],
] as const)
  BEGINS[pairAt(units, 0)] = what

/** Looks through one run: first for what has a form of its own, then, if there is nothing, for what its name gives away. */
function lookThrough(looks: Looks, run: Span, sightings: Sighting[]): number {
  const { text, hasContext } = looks
  const before = sightings.length
  let at = run.start
  let unit = text.charCodeAt(at)
  while (at < run.end && sightings.length < SIGHTINGS_MAX) {
    const next = text.charCodeAt(at + 1)
    // A run is ASCII; what follows it need not be.
    const begins = BEGINS[(unit << 7) | (next & 127)]
    const found = begins ? lookAt(looks, at, begins) : undefined
    if (found) sightings.push(found)
    at = found ? found.end : at + 1
    unit = found ? text.charCodeAt(at) : next
  }
  if (!hasContext || sightings.length > before) return at
  const whole = assignedValue(text, run.start)
  if (whole) sightings.push(whole)
  let signs = 0
  for (at = whole?.end ?? run.start; at < run.end && signs < SIGNS_MAX && sightings.length < SIGHTINGS_MAX; at++) {
    const unit = text.charCodeAt(at)
    if (unit !== 58 && unit !== 61) continue
    signs++
    const found = assignmentAt(text, at)
    if (!found) continue
    sightings.push(found)
    at = found.end
  }
  return Math.max(at, run.end)
}

function lookAt({ text, tokenAt }: Looks, at: number, begins: number): Sighting | undefined {
  if (begins === SHAPE) return shapeAt(text, at)
  if (begins === URL) return text.startsWith('://', at) ? urlPasswordAt(text, at) : undefined
  if (begins === TOKEN) return text.charCodeAt(at + 2) === 74 ? tokenAt(at) : undefined
  return text.startsWith('BEGIN ', at) ? pemAt(text, at) : undefined
}
