import { CHANNELS } from '../../../model/channel.ts'
import { defineDetector } from '../../define-detector.ts'
import { compileKinds } from '../../identifiers/written-forms.ts'
import { AMERICAS } from './americas.ts'
import { ASIA_PACIFIC } from './asia-pacific.ts'
import { EUROPE } from './europe.ts'
import { labelledNumbers } from './labelled.ts'
import { machineReadableZones } from './mrz.ts'

const findKinds = compileKinds([...AMERICAS, ...EUROPE, ...ASIA_PACIFIC])

/** Finds numbers that states, and the bodies they charge with it, give to people; the kinds are tables beside this file. */
export const nationalIds = defineDetector({
  id: 'national-ids',
  channels: CHANNELS.filter((channel) => channel !== 'definition'),
  reads: 'every',
  detect: (text, { field }) => {
    const zones = text.includes('<<') ? machineReadableZones(text) : []
    return [...findKinds(text, field), ...zones, ...labelledNumbers(text, field)]
  },
})
