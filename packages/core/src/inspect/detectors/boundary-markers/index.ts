import { CHANNELS } from '../../../model/channel.ts'
import { findForgedBoundaries } from '../../boundary/forged.ts'
import { defineDetector, type Sighting } from '../../define-detector.ts'
import { findMarkers } from './find-markers.ts'
import type { Marker } from './marker.ts'

/** Most sightings in one text. */
const SIGHTINGS_MAX = 10

/** Finds marks that pretend that another speaker begins, that the content ends, or that a tool answered. */
export const boundaryMarkers = defineDetector({
  id: 'boundary-markers',
  channels: CHANNELS,
  reads: 'every',
  detect: (text) => {
    const forged = findForgedBoundaries(text).map(({ start, end }) => ({
      code: 'forged_boundary',
      severity: 'high' as const,
      start,
      end,
    }))
    const markers = findMarkers(text)
    return [...forged, ...markers.filter(({ severity }) => severity !== 'info').map((marker) => sighting(text, marker))]
      .toSorted((a, b) => RANK[b.severity] - RANK[a.severity])
      .slice(0, SIGHTINGS_MAX)
      .toSorted((a, b) => a.start - b.start)
  },
})

const RANK = { info: 0, low: 1, medium: 2, high: 3 } as const

/** A mark in code quotes is talked about. */
function sighting(text: string, { kind, severity, start, end }: Marker): Sighting {
  const isCode = /[`"'“]/.test(text[start - 1] ?? '') && /[`"'”]/.test(text[end] ?? '')
  return { code: kind, severity: isCode && severity === 'high' ? 'medium' : severity, start, end }
}
