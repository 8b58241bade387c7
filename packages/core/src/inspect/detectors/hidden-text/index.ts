import { CHANNELS } from '../../../model/channel.ts'
import { eachHidden, type HiddenKind } from '../../../normalise/hidden-characters.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'

/** Most sightings in one text. */
const SIGHTINGS_MAX = 10

const SEVERITY: Readonly<Record<HiddenKind, Sighting['severity']>> = {
  control: 'medium',
  direction: 'high',
  invisible: 'medium',
  tag: 'high',
  variation: 'medium',
}

/** Finds text that people do not see and programs read: zero-width, control, direction, tag and variation characters. */
export const hiddenText = defineDetector({
  id: 'hidden-text',
  channels: CHANNELS,
  reads: 'original',
  detect: (text) => {
    const sightings: Sighting[] = []
    eachHidden(text, (kind, start, end) => {
      sightings.push({ code: `${kind}_characters`, severity: SEVERITY[kind], start, end })
      return sightings.length < SIGHTINGS_MAX
    })
    return sightings
  },
})
