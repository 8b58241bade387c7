import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Classifier,
  type Channel,
  type Combination,
  type Calibration,
  type NgramModel,
  type Reading,
  type TrustLevel,
  DEFAULT_GUARD_POLICY,
  GuardThresholds,
  classify,
  detectors,
  isInjection,
  parseNgramModel,
} from '@sallyport/core'

/** Trust of a source, as a gateway that was told nothing else would set it. */
const TRUST: Readonly<Partial<Record<Channel, TrustLevel>>> = { user: 'user', web: 'web', email: 'email', document: 'document' }
export const trustOf = (channel: Channel): TrustLevel => TRUST[channel] ?? 'unknown'

export const thresholds = GuardThresholds.parse({})
const BUDGET = { windowsMax: 8192, transformerWindowsMax: 32 }
/** Detectors that look for instructions; the others look for other things. */
const RULES = [
  'boundary-markers',
  'instruction-override',
  'role-reassignment',
  'tool-imperatives',
  'exfiltration-requests',
  'encoded-instructions',
]

/** What one stage thinks of one text: a score and whether it would be reported at the operating threshold. */
export interface Opinion {
  readonly score: number
  readonly isHit: boolean
}

/** A stage on its own, or the cascade; `undefined` where this checkout does not have it. */
export interface Stages {
  readonly rules: (reading: Reading, channel: Channel) => Opinion
  readonly ngram: (reading: Reading, channel: Channel) => Opinion
  readonly transformer: ((reading: Reading, channel: Channel) => Promise<Opinion>) | undefined
  readonly cascade: (reading: Reading, channel: Channel) => Promise<Opinion>
}

export interface TransformerStage {
  readonly classifier: Classifier
  readonly calibration: Calibration
  readonly combination: Combination
}

export const shippedNgram = (): NgramModel =>
  parseNgramModel(readFileSync(join(import.meta.dirname, '../../../packages/gateway/models/guard-ngram.bin')))

export function stages(model: NgramModel, transformer?: TransformerStage): Stages {
  const ngram = { name: 'guard-ngram', model }
  const classified = (reading: Reading, channel: Channel, second?: TransformerStage) =>
    classify(
      { texts: [{ path: '', reading }], channel, trust: trustOf(channel) },
      { ngram, thresholds, budget: BUDGET, ...(second ? { transformer: second } : {}) },
    )
  const opinion = ({ scores, findings }: Awaited<ReturnType<typeof classified>>): Opinion => ({
    score: scores[0]?.score ?? 0,
    isHit: findings.some(({ code }) => code === 'injected_instruction'),
  })
  const rules = (reading: Reading, channel: Channel): Opinion => {
    const isHit = rulesHit(reading, channel)
    return { score: isHit ? 1 : 0, isHit }
  }
  return {
    rules,
    ngram: (reading, channel) => {
      const answer = classified(reading, channel)
      if (answer instanceof Promise) throw new Error('the n-gram stage must answer at once')
      return opinion(answer)
    },
    transformer:
      transformer &&
      (async (reading, channel) =>
        opinion(
          await classified(reading, channel, {
            ...transformer,
            combination: { ngram: 0, transformer: 1, shift: 0, unsuspicious: 0, sure: 2 },
          }),
        )),
    cascade: async (reading, channel) => {
      const hit = rules(reading, channel)
      return hit.isHit ? hit : opinion(await classified(reading, channel, transformer))
    },
  }
}

function rulesHit({ views }: Reading, channel: Channel): boolean {
  const chosen = detectors.filter(({ id, channels }) => RULES.includes(id) && (channels as readonly Channel[]).includes(channel))
  return views.some(({ kind, text }, i) =>
    chosen.some(
      ({ id, reads, detect }) =>
        (i === 0 || reads === 'every') &&
        detect(text, { channel, path: '', field: '', view: kind, otherTools: [] }).some((sighting) =>
          isInjection({ ...sighting, detector: id, channel, path: '' }, trustOf(channel), DEFAULT_GUARD_POLICY),
        ),
    ),
  )
}
