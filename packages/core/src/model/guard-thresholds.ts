import { z } from 'zod'
import { TRUST_LEVELS, type TrustLevel } from './channel.ts'

const Threshold = z.number().min(0).max(1)

/**
 * Score from which text of a source counts as an injected instruction, by how far the source is trusted (R058). Scores are
 * calibrated: 0.5 is what one harmless text in a hundred reaches, 0.9 one in a thousand. A more trusted source never has a lower
 * threshold than a less trusted one.
 */
export const GuardThresholds = z
  .strictObject({
    unknown: Threshold.default(0.5),
    web: Threshold.default(0.5),
    email: Threshold.default(0.5),
    document: Threshold.default(0.5),
    user: Threshold.default(0.5),
    agent: Threshold.default(0.6),
    api: Threshold.default(0.7),
    internal: Threshold.default(0.9),
  } satisfies Record<TrustLevel, unknown>)
  .superRefine((thresholds, context) => {
    TRUST_LEVELS.forEach((level, i) => {
      const lower = TRUST_LEVELS[i - 1]
      if (lower === undefined || thresholds[lower] <= thresholds[level]) return
      context.addIssue({ code: 'custom', path: [level], message: `is below the threshold of "${lower}", which is trusted less` })
    })
  })
export type GuardThresholds = z.infer<typeof GuardThresholds>
