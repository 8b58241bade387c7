import { contextOf, isLabelled, terms } from '../../context.ts'
import type { Sighting } from '../../define-detector.ts'
import { sight, type IdentifierCode } from '../../identifiers/identifier-types.ts'

/** Letters and digits of a labelled number. */
const CHARS_MIN = 6
const CHARS_MAX = 18

interface Labelled {
  readonly code: IdentifierCode
  readonly label: ReturnType<typeof terms>
}

const LABELLED: readonly Labelled[] = [
  { code: 'passport_number', label: terms('passport, passport number, passport no, reisepass, passeport, pasaporte') },
  {
    code: 'driver_license',
    label: terms(
      'driver license, driver licence, driver s license, driver s licence, driving license, driving licence, dl number, führerschein, permis de conduire',
    ),
  },
]
/** Whether a text speaks of either at all; one look. */
const SPEAKS = /passp|pasap|reisep|licen[cs]e|führers|permis/i

/** Numbers without arithmetic that count only directly behind their label, or as the value of a member with its name. */
export function labelledNumbers(text: string, field: string): readonly Sighting[] {
  if (!SPEAKS.test(text) && !SPEAKS.test(field)) return []
  const sightings: Sighting[] = []
  for (const { 0: found, index } of text.matchAll(/(?<![A-Za-z0-9])[A-Z]{0,3}\d[A-Z0-9-]{4,18}(?![A-Za-z0-9])/g)) {
    const size = found.replaceAll('-', '').length
    if (size < CHARS_MIN || size > CHARS_MAX || !/\d{4}/.test(found.replaceAll('-', ''))) continue
    const context = contextOf({ text, start: index, end: index + found.length, field })
    const kind = LABELLED.find(({ label }) => isLabelled(context, label))
    if (kind) sightings.push(sight(kind.code, index, index + found.length))
  }
  return sightings
}
