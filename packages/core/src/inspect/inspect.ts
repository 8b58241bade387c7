import type { Channel } from '../model/channel.ts'
import type { Finding } from '../model/finding.ts'
import { isJsonObject, type Json } from '../model/json.ts'
import { plainPath } from '../model/plain-name.ts'
import type { Detector } from './define-detector.ts'
import { detectors as ALL } from './detectors/index.ts'

/** Most text inspected in one value, in UTF-16 units; above the largest body and result accepted by default. */
export const INSPECT_CHARS_MAX = 8_388_608
/** Most findings reported for one value; more of the same would only fill the log. */
export const FINDINGS_MAX = 50
/** Longest JSON pointer in a finding, in UTF-16 units. */
const PATH_CHARS_MAX = 200

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

  visit(value, undefined)
  return findings

  /** @returns whether to go on. */
  function visit(node: Json | undefined, at: Step | undefined): boolean {
    if (typeof node === 'string') return look(node, at)
    if (Array.isArray(node))
      return (node as readonly Json[]).every((item, index) => visit(item, { above: at, name: String(index) }))
    if (!isJsonObject(node)) return true
    return Object.entries(node).every(([name, member]) => {
      const below = { above: at, name }
      return look(name, below) && visit(member, below)
    })
  }
  function look(text: string, at: Step | undefined): boolean {
    charsLeft -= text.length
    if (charsLeft < 0) {
      findings.push(failure('inspect', place(at)))
      return false
    }
    for (const detector of active) findings.push(...sightings(detector, text, at).slice(0, FINDINGS_MAX - findings.length))
    return findings.length < FINDINGS_MAX
  }
  /** Findings go into the log: names in arguments and results are their author's choice and could be values. */
  function place(at: Step | undefined): string {
    return channel === 'definition' ? pointer(at) : plainPath(pointer(at))
  }
  function sightings(detector: Detector, text: string, at: Step | undefined): readonly Finding[] {
    try {
      const path = channel === 'definition' ? pointer(at) : ''
      const seen = detector.detect(text, { channel, path, field: at?.name ?? '', view: 'text', otherTools })
      return seen.length === 0 ? [] : seen.map((sighting) => ({ detector: detector.id, path: place(at), ...sighting }))
    } catch {
      return [failure(detector.id, place(at))]
    }
  }
}

/** A finding with the exact place of the text it is about, which a record must not hold. */
export interface Seen {
  readonly finding: Finding
  /** Member names and indexes from the inspected value to the text. */
  readonly at: readonly (string | number)[]
  /** Whether the text is a member's name instead of its value. */
  readonly inName: boolean
}

/** What an inspection saw: `seen` for those who must act on it, `findings` for the record, bounded and without raw names. */
export interface Inspected {
  readonly findings: readonly Finding[]
  readonly seen: readonly Seen[]
  /** Classes of data that were seen, sorted. */
  readonly classes: readonly string[]
}

/** One step of a path; pointers are written out only where something was found. */
interface Step {
  readonly above: Step | undefined
  readonly name: string
}

function failure(detector: string, path: string): Finding {
  return { detector, code: 'detector_failed', severity: 'high', path, start: 0, end: 0 }
}

function pointer(at: Step | undefined): string {
  let text = ''
  for (let step = at; step; step = step.above) text = `/${step.name.replaceAll('~', '~0').replaceAll('/', '~1')}${text}`
  return text.slice(0, PATH_CHARS_MAX).toWellFormed()
}
