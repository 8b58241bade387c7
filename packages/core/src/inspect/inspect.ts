import type { Channel } from '../model/channel.ts'
import type { Finding } from '../model/finding.ts'
import { INJECTION_DETECTORS } from '../model/injection-detectors.ts'
import type { Json } from '../model/json.ts'
import type { Detector, Surroundings } from './define-detector.ts'
import { detectors as ALL } from './detectors/index.ts'
import { fieldsViews } from './fields-view.ts'
import { openFindings, type Findings } from './findings.ts'
import { flatten, pointerOf, type Leaf } from './flatten.ts'
import type { KnownNames } from './known-names.ts'
import { read } from './reading/read.ts'
import type { Reading, View } from './reading/view.ts'

/** Most text inspected in one value, in UTF-16 units; above the largest body and result accepted by default. */
export const INSPECT_CHARS_MAX = 8_388_608
/** What of a text meets what the session read before: a payload may be split over two results. */
const SESSION_CHARS = 1_024
/** Longest text, with its name, that is looked at once for all its repetitions in one value; and how many such are remembered. */
const REPEATED_CHARS_MAX = 64
const REPEATED_MAX = 10_000

export interface InspectOptions {
  readonly channel?: Channel
  /** Names of tools of other servers, for definitions. */
  readonly otherTools?: readonly string[]
  readonly detectors?: readonly Detector[]
  /** Names in which these detectors saw nothing before; more are added. */
  readonly names?: KnownNames
  /** The end of what the session read before. */
  readonly earlier?: string
}

/** A text with all its readings, for whoever judges it further. */
export interface ReadLeaf {
  readonly leaf: Leaf
  readonly reading: Reading
}

export interface Examined {
  readonly findings: Findings
  readonly texts: readonly ReadLeaf[]
}

/**
 * Runs the detectors over every text of a value, member names included, in every reading of it, and over neighbouring short texts
 * as one. Pure and bounded. A detector that throws gives the finding `detector_failed`; text over `INSPECT_CHARS_MAX`, and
 * readings that were too many, give `unscanned`.
 */
export function inspect(value: Json, options: InspectOptions = {}): readonly Finding[] {
  return examine(value, options).findings.result().findings
}

/** As `inspect`, with the exact places, and the texts that were read, so that a classifier need not read them again. */
export function examine(value: Json, options: InspectOptions = {}): Examined {
  const { channel = 'arguments', otherTools = [], detectors = ALL, names, earlier = '' } = options
  const active = detectors.filter((detector) => detector.channels.includes(channel))
  const findings = openFindings(channel)
  const leaves: Leaf[] = []
  const texts: ReadLeaf[] = []
  const clean = new Map<string, Reading>()
  let charsLeft = INSPECT_CHARS_MAX
  for (const leaf of flatten(value)) {
    charsLeft -= leaf.text.length
    if (charsLeft < 0) {
      findings.unscanned(leaf)
      break
    }
    leaves.push(leaf)
    look(leaf)
  }
  lookAtFields()
  lookBack()
  return { findings, texts }

  function look(leaf: Leaf): void {
    const { text, kind, field } = leaf
    const isName = kind === 'name' && channel !== 'definition'
    if (isName && names?.isClean(channel, text)) return
    // Rows repeat names and states: what was clean under the same name is so again. A definition is judged by its place too.
    const isShort = text.length + field.length <= REPEATED_CHARS_MAX && channel !== 'definition'
    const repeated = isShort ? `${kind} ${field.length} ${field} ${text}` : ''
    const known = clean.get(repeated)
    const reading = known ?? (kind === 'string' ? read(text, { channel }) : plain(text))
    if (kind === 'string') texts.push({ leaf, reading })
    if (known || (lookAt(leaf, reading) && reading.isWhole)) {
      if (isShort && clean.size < REPEATED_MAX) clean.set(repeated, reading)
      if (isName) names?.add(channel, text)
    } else if (!reading.isWhole) findings.unscanned(leaf)
  }

  /** Whether nothing was seen, and no detector failed. */
  function lookAt(leaf: Leaf, reading: Reading): boolean {
    let isClean = true
    const looks = reading.views.map((view): Looking => ({ view, leaf, around: surroundings(view, leaf) }))
    for (const detector of active) {
      const many = detector.reads === 'original' ? 1 : looks.length
      for (let i = 0; i < many; i++) {
        const look = looks[i]
        if (!look) continue
        const { view } = look
        const seen = sightings(detector, look)
        if (seen?.length === 0) continue
        isClean = false
        for (const sighting of seen ?? []) {
          const { start, end } = view.kind === 'text' ? sighting : view.locate(sighting.start, sighting.end)
          findings.add(
            { ...sighting, detector: detector.id, start, end, ...(view.kind === 'text' ? {} : { view: view.kind }) },
            leaf,
          )
        }
      }
    }
    return isClean
  }

  /** What was split over fields: words with a space between them for instructions, nothing for numbers and keys. */
  function lookAtFields(): void {
    if (channel === 'definition') return
    const every = active.filter(({ reads }) => reads === 'every')
    for (const joint of [' ', ''] as const) {
      const asked = every.filter(({ id }) => INJECTION_DETECTORS.has(id) === (joint === ' '))
      if (asked.length === 0) continue
      for (const fields of fieldsViews(leaves, joint)) {
        const view: View = { kind: 'fields', text: fields.text, locate: (start, end) => ({ start, end }) }
        const look: Looking = { view, leaf: undefined, around: surroundings(view, undefined) }
        for (const detector of asked) {
          for (const sighting of sightings(detector, look) ?? []) {
            const parts = fields.locate(sighting.start, sighting.end)
            // What one field holds alone was seen there.
            if (parts.length < 2) continue
            for (const { leaf, start, end } of parts)
              findings.add({ ...sighting, detector: detector.id, start, end, view: 'fields' }, leaf)
          }
        }
      }
    }
  }

  /** What begins in an earlier result and ends in this one. */
  function lookBack(): void {
    const first = leaves.find(({ kind }) => kind === 'string')
    if (earlier === '' || !first) return
    const before = earlier.slice(-SESSION_CHARS)
    const view: View = {
      kind: 'session',
      text: `${before} ${first.text.slice(0, SESSION_CHARS)}`,
      locate: (start, end) => ({ start, end }),
    }
    const look: Looking = { view, leaf: first, around: surroundings(view, first) }
    for (const detector of active) {
      if (detector.reads !== 'every' || !INJECTION_DETECTORS.has(detector.id)) continue
      for (const sighting of sightings(detector, look) ?? []) {
        const end = sighting.end - before.length - 1
        if (sighting.start < before.length && end > 0)
          findings.add({ ...sighting, detector: detector.id, start: 0, end, view: 'session' }, first)
      }
    }
  }

  function surroundings({ kind }: View, leaf: Leaf | undefined): Surroundings {
    const path = channel === 'definition' ? pointerOf(leaf?.step) : ''
    return { channel, path, field: leaf?.field ?? '', view: kind, otherTools }
  }

  /** `undefined` when the detector failed. */
  function sightings(detector: Detector, { view, leaf, around }: Looking): ReturnType<Detector['detect']> | undefined {
    try {
      return detector.detect(view.text, around)
    } catch {
      findings.failed(detector.id, leaf)
      return undefined
    }
  }
}

/** One text in one reading, as every detector is shown it. */
interface Looking {
  readonly view: View
  readonly leaf: Leaf | undefined
  readonly around: Surroundings
}

/** Names and numbers are what they are: no encoding is read in them. */
function plain(text: string): Reading {
  return { views: [{ kind: 'text', text, locate: (start, end) => ({ start, end }) }], isWhole: true }
}
