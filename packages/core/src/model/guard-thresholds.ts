import { z } from 'zod'
import { TRUST_LEVELS, type TrustLevel } from './channel.ts'

const Score = z.number().min(0).max(1)
/** Less trusted content is stopped at a lower score. 0.5 is about one false alarm in a hundred clean documents, 0.9 one in a thousand. */
const DEFAULTS: Readonly<Record<TrustLevel, number>> = {
  unknown: 0.5,
  web: 0.5,
  email: 0.5,
  document: 0.5,
  user: 0.5,
  agent: 0.6,
  api: 0.7,
  internal: 0.9,
}

/** Score from which content counts as an injection, by the trust in its source (R058). */
export const GuardThresholds = z
  .partialRecord(z.enum(TRUST_LEVELS), Score)
  .transform((given): Readonly<Record<TrustLevel, number>> => ({ ...DEFAULTS, ...given }))
  .meta({ id: 'GuardThresholds' })
