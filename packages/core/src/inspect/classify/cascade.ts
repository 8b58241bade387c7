import type { Channel, TrustLevel } from '../../model/channel.ts'
import type { Finding } from '../../model/finding.ts'
import type { GuardThresholds } from '../../model/guard-thresholds.ts'
import type { Classifier } from '../../ports/classifier.ts'
import type { Reading, View } from '../reading/view.ts'
import { calibrated, type Calibration } from './calibration.ts'
import { combined, type Combination } from './combination.ts'
import type { NgramModel, ScoredWindow } from './ngram-model.ts'

export interface ClassifierInput {
  readonly texts: readonly { readonly path: string; readonly reading: Reading }[]
  readonly channel: Channel
  readonly trust: TrustLevel
}

export interface ClassifierBudget {
  /** Windows that the n-gram model scores, over all texts and readings. What is beyond is reported `unscanned`. */
  readonly windowsMax: number
  /** Windows that the transformer scores, the most suspicious first; the rest keep the score of the n-gram model. */
  readonly transformerWindowsMax: number
}

export interface CascadeOptions {
  readonly ngram: { readonly name: string; readonly model: NgramModel }
  readonly transformer?: { readonly classifier: Classifier; readonly calibration: Calibration; readonly combination: Combination }
  readonly thresholds: GuardThresholds
  readonly budget: ClassifierBudget
}

/** What the classifiers think of one text. */
export interface TextScore {
  readonly path: string
  /** 0 to 1, the most suspicious window of all readings; see `calibrated` for what the number means. */
  readonly score: number
  /** Score from which text of this trust counts as injected. */
  readonly threshold: number
  readonly stage: 'ngram' | 'transformer'
  /** Names of the models that scored it. */
  readonly models: readonly string[]
  readonly view: View['kind']
  /** Where that window is in the original text, in UTF-16 units. */
  readonly start: number
  readonly end: number
  /** Whether every reading was scored to its end. If not, the text is not clean, whatever its score. */
  readonly isWhole: boolean
}

export interface Classified {
  readonly scores: readonly TextScore[]
  /** `injected_instruction` where the threshold is reached, `unscanned`, and `detector_failed` of the transformer. */
  readonly findings: readonly Finding[]
}

/**
 * Scores texts by the n-gram model, then, where that is neither sure nor unsuspicious and the answer could change the outcome, by
 * the transformer. Answers at once when no transformer is called. Detectors report: it never decides.
 */
export function classify(input: ClassifierInput, options: CascadeOptions): Classified | Promise<Classified> {
  const threshold = options.thresholds[input.trust]
  const left = { windows: options.budget.windowsMax }
  const first = input.texts.map((text) => firstStage(text, input.channel, { ...options, left, threshold }))
  // On people's own words of kinds it was not trained on the transformer is worse than the n-gram model (docs/guard-evaluation.md).
  const transformer = input.channel === 'user' ? undefined : options.transformer
  if (!transformer) return outcome(first.map(({ score }) => score))
  const asked = first
    .flatMap(({ score, windows }, text) =>
      score.score >= transformer.combination.sure ? [] : windows.map((window) => ({ ...window, text })),
    )
    .filter(({ ngram }) => mayChange(ngram, threshold, transformer.combination))
    .toSorted((a, b) => b.ngram - a.ngram)
    .slice(0, options.budget.transformerWindowsMax)
  if (asked.length === 0) return outcome(first.map(({ score }) => score))
  return secondStage(first, asked, { channel: input.channel, transformer })
}

/** A window with its score by the n-gram model, and where it is in which reading. */
interface Candidate {
  readonly ngram: number
  /** Calibration bucket of the reading: what was decoded is as long as it is, not as long as its code. */
  readonly bucket: number
  readonly view: View
  readonly start: number
  readonly end: number
}

interface FirstScore {
  readonly score: TextScore
  readonly windows: readonly Candidate[]
}

type FirstOptions = CascadeOptions & { readonly left: { windows: number }; readonly threshold: number }

function firstStage({ path, reading }: ClassifierInput['texts'][number], channel: Channel, options: FirstOptions): FirstScore {
  const { ngram, left, threshold, transformer } = options
  const original = reading.views[0]
  let best = { score: 0, view: original?.kind ?? 'text', start: 0, end: original?.text.length ?? 0 }
  let isWhole = reading.isWhole
  const windows: Candidate[] = []
  for (const view of reading.views) {
    const seen: ScoredWindow[] = []
    const scan = ngram.model.scan(view.text, channel, {
      windowsMax: left.windows,
      ...(transformer ? { each: (window) => void seen.push(window) } : {}),
    })
    left.windows -= scan.windows
    isWhole &&= scan.isWhole
    if (scan.score > best.score) best = { score: scan.score, view: view.kind, ...view.locate(scan.start, scan.end) }
    const { bucket } = scan
    const point = ngram.model.calibration[bucket]
    if (point)
      windows.push(...candidates(seen).map(({ start, end, raw }) => ({ ngram: calibrated(raw, point), bucket, view, start, end })))
  }
  return { score: { path, ...best, threshold, stage: 'ngram', models: [ngram.name], isWhole }, windows }
}

/** The wide windows, each as suspicious as the most suspicious of what it holds: the transformer reads sentences, not pieces. */
function candidates(windows: readonly ScoredWindow[]): ScoredWindow[] {
  const narrow = windows.filter(({ isWide }) => !isWide)
  let from = 0
  return windows
    .filter(({ isWide }) => isWide)
    .map((window) => {
      while ((narrow[from]?.end ?? Infinity) <= window.start) from++
      let raw = window.raw
      for (let i = from; i < narrow.length && (narrow[i]?.start ?? 0) < window.end; i++) raw = Math.max(raw, narrow[i]?.raw ?? raw)
      return { ...window, raw }
    })
}

/** Whether any answer of the transformer would put the window on the other side of the threshold. */
function mayChange(ngram: number, threshold: number, combination: Combination): boolean {
  if (ngram < combination.unsuspicious) return false
  return combined(ngram, 1, combination) >= threshold && combined(ngram, 0, combination) < threshold
}

type Second = { readonly channel: Channel; readonly transformer: NonNullable<CascadeOptions['transformer']> }

async function secondStage(
  first: readonly FirstScore[],
  asked: readonly (Candidate & { text: number })[],
  { channel, transformer }: Second,
): Promise<Classified> {
  const { classifier, calibration, combination } = transformer
  const answers = await classifier
    .score(asked.map(({ view, start, end }) => ({ text: view.text.slice(start, end), channel })))
    .catch(() => undefined)
  if (!answers || answers.length !== asked.length || !answers.every(isProbability))
    return outcome(
      first.map(({ score }) => score),
      true,
    )
  const scores = first.map(({ score, windows }, text): TextScore => {
    const examined = asked.map((window, i) => ({ ...window, answer: answers[i] ?? 0 })).filter((window) => window.text === text)
    if (examined.length === 0) return score
    const judged = examined.map((window) => ({
      ...window,
      score: combined(window.ngram, scoreOf(window, calibration), combination),
    }))
    const best = judged.reduce((a, b) => (b.score > a.score ? b : a))
    // What the transformer did not see keeps its score, and the window it did see overrules the narrow ones within.
    const unseen = windows.filter(
      (window) => !examined.some(({ view, start, end }) => view === window.view && start === window.start && end === window.end),
    )
    const rest = unseen.reduce((most, { ngram }) => Math.max(most, ngram), 0)
    if (rest > best.score) return { ...score, score: rest, models: [...score.models, classifier.name] }
    return {
      ...score,
      score: best.score,
      stage: 'transformer',
      models: [...score.models, classifier.name],
      view: best.view.kind,
      ...best.view.locate(best.start, best.end),
    }
  })
  return outcome(scores)
}

function scoreOf({ answer, bucket }: { readonly answer: number; readonly bucket: number }, calibration: Calibration): number {
  const point = calibration[bucket]
  return point ? calibrated(logit(answer), point) : answer
}

const isProbability = (value: number): boolean => value >= 0 && value <= 1
const LOGIT_MAX = 12
const logit = (probability: number): number => Math.max(-LOGIT_MAX, Math.min(LOGIT_MAX, Math.log(probability / (1 - probability))))

function outcome(scores: readonly TextScore[], hasFailed = false): Classified {
  const findings = scores.flatMap(({ path, score, threshold, stage, view, start, end, isWhole }): Finding[] => {
    const where = { path, start, end }
    const injected: Finding = {
      detector: stage,
      code: 'injected_instruction',
      severity: score >= 0.9 ? 'high' : 'medium',
      ...where,
      score,
      view,
    }
    const unscanned: Finding = { detector: 'ngram', code: 'unscanned', severity: 'medium', ...where }
    return [...(score >= threshold ? [injected] : []), ...(isWhole ? [] : [unscanned])]
  })
  const failed: Finding = { detector: 'transformer', code: 'detector_failed', severity: 'medium', path: '', start: 0, end: 0 }
  return { scores, findings: hasFailed ? [...findings, failed] : findings }
}
