import { DurationMs } from '@sallyport/core'
import { z } from 'zod'

/** How the gateway watches that its own record is whole. */
export const CompletenessConfig = z.strictObject({
  aliveMs: z
    .int()
    .min(0)
    .max(3_600_000)
    .default(60_000)
    .refine((value) => value === 0 || value >= 1_000, 'must be 0 or at least 1000')
    .meta({
      description:
        'A sign of life is written when nothing else was for this long; three missing ones are a gap. 0: none, so silence is not judged.',
    }),
  checkMs: DurationMs.min(100).default(30_000).meta({ description: 'How often new entries are looked at for gaps.' }),
  openMs: DurationMs.min(1_000)
    .default(900_000)
    .meta({ description: 'An allowed act without outcome for longer than this is a gap.' }),
})
export type CompletenessConfig = z.infer<typeof CompletenessConfig>
