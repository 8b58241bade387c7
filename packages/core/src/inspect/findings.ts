import type { Channel } from '../model/channel.ts'
import type { Finding } from '../model/finding.ts'
import { plainPath } from '../model/plain-name.ts'
import type { At } from './edit/apply-edits.ts'
import { atOf, pointerOf, type Leaf } from './flatten.ts'

/** Most findings recorded for one value; more of the same would only fill the log. */
export const FINDINGS_MAX = 50
/** Most of one detector and code that are recorded, so that a list of addresses does not hide the one secret in it. */
const SAME_MAX = 5
/** Most places acted upon; a value with more counts as not scanned. */
export const SEEN_MAX = 5_000

/** A finding with the exact place of the text it is about, which a record must not hold. */
export interface Seen {
  readonly finding: Finding
  readonly at: At
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

/** Nothing was looked at, or nothing was seen. */
export const NOTHING_SEEN: Inspected = { findings: [], seen: [], classes: [] }

/** Collects what detectors report about one value. */
export interface Findings {
  add(finding: Omit<Finding, 'path'>, leaf: Leaf): void
  /** Something was not looked at: never to be called clean. */
  unscanned(leaf: Leaf | undefined): void
  failed(detector: string, leaf: Leaf | undefined): void
  result(): Inspected
}

/** @param channel Findings go into the log: names in a definition are its text, elsewhere they could be values. */
export function openFindings(channel: Channel): Findings {
  const seen: Seen[] = []
  const known = new Set<string>()
  let isFull = false

  function add(finding: Omit<Finding, 'path'>, leaf: Leaf | undefined): void {
    const pointer = pointerOf(leaf?.step)
    const key = `${finding.detector} ${finding.code} ${finding.start} ${finding.end} ${pointer}`
    if (known.has(key)) return
    if (seen.length >= SEEN_MAX) {
      isFull = true
      return
    }
    known.add(key)
    const path = channel === 'definition' ? pointer : plainPath(pointer)
    const from = channel === 'arguments' ? {} : { channel }
    seen.push({ finding: { ...finding, ...from, path }, at: atOf(leaf?.step), inName: leaf?.kind === 'name' })
  }
  function unscanned(leaf: Leaf | undefined): void {
    add({ detector: 'inspect', code: 'unscanned', severity: 'medium', start: 0, end: 0 }, leaf)
  }
  return {
    add,
    unscanned,
    failed: (detector, leaf) => add({ detector, code: 'detector_failed', severity: 'high', start: 0, end: 0 }, leaf),
    result() {
      const all = isFull ? [...seen, overflow] : seen
      const classes = [...new Set(all.flatMap(({ finding }) => (finding.class === undefined ? [] : [finding.class])))].sort()
      return { findings: recordedFindings(all.map(({ finding }) => finding)), seen: all, classes }
    },
  }
}

const overflow: Seen = {
  finding: { detector: 'inspect', code: 'unscanned', severity: 'medium', path: '', start: 0, end: 0 },
  at: [],
  inName: false,
}

const RANK = { high: 0, medium: 1, low: 2, info: 3 } as const

/** The worst first, and not too many of a kind. */
export function recordedFindings(findings: readonly Finding[]): readonly Finding[] {
  const counts = new Map<string, number>()
  return [...findings]
    .sort((a, b) => RANK[a.severity] - RANK[b.severity])
    .filter(({ detector, code }) => {
      const count = (counts.get(`${detector} ${code}`) ?? 0) + 1
      counts.set(`${detector} ${code}`, count)
      return count <= SAME_MAX
    })
    .slice(0, FINDINGS_MAX)
}
