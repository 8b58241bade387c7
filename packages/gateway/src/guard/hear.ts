import {
  dataAction,
  type Detector,
  examine,
  type Finding,
  type Inspected,
  isExfiltration,
  isInjection,
  type Json,
  maskText,
  openStreamScan,
  ordinaryOpening,
  type Source,
  type Treatment,
} from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'

export interface Hearing {
  readonly policy: GuardConfig
  readonly detectors: readonly Detector[]
  readonly source: Source
  /** Told of what was seen, and whether it was stopped for it. */
  readonly note: (findings: readonly Finding[], isStopped: boolean) => void
}

/** Held longer than one message only when it could be the beginning of a key or number. */
const PART_CHARS_MIN = 8

/**
 * Listens to one call: its messages are one stream to the detectors, so that nothing passes in pieces. The last word of a message
 * waits for the next only where it could be the beginning of a key or a number. After something that policy stops, nothing more is passed on.
 */
export function hear({ policy, detectors, source, note }: Hearing): (words: Json) => Json | undefined {
  const look = (value: Json): Inspected => examine(value, { channel: source.channel, detectors }).findings.result()
  const treat = (finding: Finding): Treatment => {
    const action = dataAction(finding, [], policy)
    if (action === 'block' || isExfiltration(finding) || isInjection(finding, source.trust, policy)) return 'block'
    return action === 'redact' ? { replacement: maskText(finding.code) } : 'pass'
  }
  const scan = openStreamScan<Finding>({
    detect: (text) => look(text).seen.flatMap(({ finding }) => (finding.end > finding.start ? [finding] : [])),
    treat,
    opening: ordinaryOpening,
    overWork: 'block',
  })
  let held = ''
  return (words) => {
    // A value is judged whole: half of it may not even be valid.
    if (typeof words !== 'string') {
      const { findings, seen } = look(words)
      const passes = seen.every(({ finding }) => treat(finding) === 'pass')
      note(findings, !passes)
      return passes ? words : undefined
    }
    const said = held + words
    let release = push(words)
    held = said.slice(said.length - scan.heldChars())
    if (held !== '' && !couldGoOn(held)) {
      release += push('\n').replace(/\n$/, '')
      held = ''
    }
    return release === '' ? undefined : release
  }

  function push(chunk: string): string {
    const { release, findings, blocked } = scan.push(chunk)
    note(findings, blocked !== undefined)
    return release
  }
}

function couldGoOn(word: string): boolean {
  return word.length >= PART_CHARS_MIN && /[0-9_+/=-]|[a-z][A-Z]/.test(word)
}
