import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { mod97 } from '../../identifiers/checksums.ts'
import { sight } from '../../identifiers/identifier-types.ts'
import { separatorOf, unitKind } from '../../identifiers/written-forms.ts'
import { BBAN_KINDS } from './countries.ts'

const DIGIT = 1
const LETTER = 2

/** Finds international bank account numbers: country, length, structure and check digits must all fit. */
export const iban = defineDetector({
  id: 'iban',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text) => {
    const sightings: Sighting[] = []
    let behind = 0
    for (const { index: start } of text.matchAll(/[A-Za-z]{2}\d\d/g)) {
      const end = start < behind || unitKind(text, start - 1) !== 0 ? -1 : endOf(text, start)
      if (end < 0) continue
      sightings.push(sight('iban', start, end))
      behind = end
    }
    return sightings
  },
})

/** Where the number that starts here ends; -1 when it is none. Single spaces or dashes may stand between its characters. */
function endOf(text: string, start: number): number {
  const country = text.slice(start, start + 2).toUpperCase()
  const kinds = BBAN_KINDS.get(country)
  if (!kinds) return -1
  let account = ''
  let at = start + 4
  for (const kind of kinds) {
    if (isGap(text, at)) at++
    const is = unitKind(text, at)
    if (is === 0 || (kind === 'n' && is !== DIGIT) || (kind === 'a' && is !== LETTER)) return -1
    account += text[at]
    at++
  }
  if (unitKind(text, at) !== 0 || /[-_.]/.test(text[start - 1] ?? '') || (text[at] === '-' && unitKind(text, at + 1) !== 0))
    return -1
  return mod97(account.toUpperCase() + country + text.slice(start + 2, start + 4)) === 1 ? at : -1
}

function isGap(text: string, at: number): boolean {
  const separator = separatorOf(text.charCodeAt(at))
  return separator === 0x20 || separator === 0x2d
}
