import {
  answerAction,
  applyEdits,
  type Detector,
  examine,
  type Finding,
  findPlaceholders,
  type GuardPolicy,
  openStreamScan,
  ordinaryOpening,
  redactions,
  restorations,
  type Sealer,
  type StreamScan,
  type Treatment,
} from '@sallyport/core'

export interface AnswerScanOptions {
  readonly policy: GuardPolicy
  readonly detectors: readonly Detector[]
  readonly sealer: Sealer
  /** Classes the agent may see. */
  readonly cleared: readonly string[]
  /** Classes whose placeholders are opened. */
  readonly restore: readonly string[]
  /** Nothing is stopped or replaced, only looked at. */
  readonly isObserved: boolean
}

/** Names a placeholder among findings. */
const PLACEHOLDER = 'placeholder'

/** Scans for the texts of one streamed answer: what they hold back, replace or stop is what the whole answer would have been. */
export function openAnswerScans(options: AnswerScanOptions): () => StreamScan<Finding> {
  const { policy, detectors, sealer, cleared, restore, isObserved } = options
  const mayRestore = (_: string, of: string): boolean => restore.includes(of)
  const detect = (text: string): readonly Finding[] => {
    const { seen } = examine(text, { channel: 'output', detectors }).findings.result()
    const found = seen.flatMap(({ finding }) => (finding.end > finding.start ? [finding] : []))
    return restore.length === 0 ? found : [...found, ...placeholdersIn(text)]
  }
  const treat = (finding: Finding, match: string): Treatment => {
    if (finding.detector === PLACEHOLDER) {
      const { edits } = restorations(match, mayRestore, sealer)
      return edits.length === 0 ? 'pass' : { replacement: applyEdits(match, edits) as string }
    }
    const action = answerAction(finding, { guard: { policy }, cleared })
    if (isObserved || action === 'mark') return 'pass'
    return action === 'block' ? 'block' : { replacement: sealed(finding, match) }
  }
  return () => openStreamScan<Finding>({ detect, treat, opening: ordinaryOpening, overWork: 'block' })

  function sealed({ code, class: of = 'pii' }: Finding, match: string): string {
    const whole = [{ at: [], start: 0, end: match.length, type: code, class: of }]
    return applyEdits(match, redactions(match, whole, sealer)) as string
  }
}

function placeholdersIn(text: string): readonly Finding[] {
  return findPlaceholders(text).map(({ start, end, type }) => ({
    detector: PLACEHOLDER,
    code: type,
    severity: 'info',
    path: '',
    start,
    end,
  }))
}
