import type { Channel } from '../model/channel.ts'
import type { Finding } from '../model/finding.ts'
import type { Json } from '../model/json.ts'
import { plainPath } from '../model/plain-name.ts'
import type { Detector } from './define-detector.ts'
import { detectors as ALL } from './detectors/index.ts'
import { flatten, pointerOf, type Leaf } from './flatten.ts'

/** Most text inspected in one value, in UTF-16 units; above the largest body and result accepted by default. */
export const INSPECT_CHARS_MAX = 8_388_608
/** Most findings reported for one value; more of the same would only fill the log. */
export const FINDINGS_MAX = 50

export interface InspectOptions {
  readonly channel?: Channel
  /** Names of tools of other servers, for definitions. */
  readonly otherTools?: readonly string[]
  readonly detectors?: readonly Detector[]
}

/**
 * Runs the detectors over every text of a value, member names included. Pure and bounded. A detector that throws, and a value
 * with more text than `INSPECT_CHARS_MAX`, give the finding `detector_failed`, which `decide` refuses.
 */
export function inspect(value: Json, options: InspectOptions = {}): readonly Finding[] {
  const { channel = 'arguments', otherTools = [], detectors = ALL } = options
  const active = detectors.filter((detector) => detector.channels.includes(channel))
  const findings: Finding[] = []
  let charsLeft = INSPECT_CHARS_MAX

  for (const leaf of flatten(value)) if (!look(leaf)) break
  return findings

  /** @returns whether to go on. */
  function look(leaf: Leaf): boolean {
    charsLeft -= leaf.text.length
    if (charsLeft < 0) {
      findings.push(failure('inspect', place(leaf)))
      return false
    }
    for (const detector of active) findings.push(...sightings(detector, leaf).slice(0, FINDINGS_MAX - findings.length))
    return findings.length < FINDINGS_MAX
  }
  /** Findings go into the log: names in arguments and results are their author's choice and could be values. */
  function place({ step }: Leaf): string {
    return channel === 'definition' ? pointerOf(step) : plainPath(pointerOf(step))
  }
  function sightings(detector: Detector, leaf: Leaf): readonly Finding[] {
    try {
      const path = channel === 'definition' ? pointerOf(leaf.step) : ''
      const seen = detector.detect(leaf.text, { channel, path, field: leaf.field, view: 'text', otherTools })
      return seen.length === 0 ? [] : seen.map((sighting) => ({ detector: detector.id, path: place(leaf), ...sighting }))
    } catch {
      return [failure(detector.id, place(leaf))]
    }
  }
}

function failure(detector: string, path: string): Finding {
  return { detector, code: 'detector_failed', severity: 'high', path, start: 0, end: 0 }
}
