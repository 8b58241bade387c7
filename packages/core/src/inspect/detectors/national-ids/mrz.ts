import type { Sighting } from '../../define-detector.ts'
import { valueOf } from '../../identifiers/checksums.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import type { Span } from '../../reading/view.ts'

/** A field and the place of its check digit, in UTF-16 units from the start of the line. */
type Checked = readonly [start: number, end: number, check: number]

/** Second line of a passport (TD3), 44 characters. */
const TD3: readonly Checked[] = [
  [0, 9, 9],
  [13, 19, 19],
  [21, 27, 27],
]
/** Second line of a TD2 card, 36 characters; the same fields stand in the same places. */
const LINE = /^[0-9A-Z<]+$/
/** Most blanks or a line break between two lines. */
const GAP_MAX = 3

/**
 * Finds machine-readable zones: TD3 and TD2 by their second line, with the first one when it is in front, TD1 by its first two
 * lines. Every check digit must fit. One pass over the runs of zone characters.
 */
export function machineReadableZones(text: string): readonly Sighting[] {
  const sightings: Sighting[] = []
  let before: Span | undefined
  for (let i = 0; i < text.length; i++) {
    if (!isZoneUnit(text.charCodeAt(i))) continue
    const start = i
    while (i < text.length && isZoneUnit(text.charCodeAt(i))) i++
    const line = text.slice(start, Math.min(i, start + 45))
    const above = before && start - before.end <= GAP_MAX && before.end - before.start === i - start ? before : undefined
    const last = sightings.at(-1)
    // The third line of a TD1 card, with the names.
    if (last && above && last.end === above.end) sightings[sightings.length - 1] = { ...last, end: i }
    before = { start, end: i }
    if (isSecondLine(line) || (above && isTd1(text.slice(above.start, above.end), line)))
      sightings.push(sight('passport_mrz', above ? above.start : start, i))
  }
  return sightings
}

function isZoneUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || unit === 60
}

/** TD3: composite over document number, birth, expiry and personal number with their digits. TD2 the same, shorter. */
function isSecondLine(line: string): boolean {
  if ((line.length !== 44 && line.length !== 36) || !LINE.test(line)) return false
  const last = line.length - 1
  const fields = TD3.every(([start, end, check]) => checkDigit(line.slice(start, end)) === line[check])
  return fields && checkDigit(line.slice(0, 10) + line.slice(13, 20) + line.slice(21, last)) === line[last]
}

function isTd1(first: string, second: string): boolean {
  if (first.length !== 30 || second.length !== 30 || !/^[ACI]/.test(first)) return false
  const fields =
    first[14] === checkDigit(first.slice(5, 14)) &&
    second[6] === checkDigit(second.slice(0, 6)) &&
    second[14] === checkDigit(second.slice(8, 14))
  return fields && second[29] === checkDigit(first.slice(5) + second.slice(0, 7) + second.slice(8, 15) + second.slice(18, 29))
}

/** Weights 7, 3, 1; a filler counts nothing (ICAO Doc 9303, part 3, section 4.9). */
function checkDigit(field: string): string {
  let sum = 0
  for (let i = 0; i < field.length; i++) sum += (field[i] === '<' ? 0 : valueOf(field[i] ?? '')) * ([7, 3, 1][i % 3] ?? 0)
  return String(sum % 10)
}
