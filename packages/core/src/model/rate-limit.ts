import { z } from 'zod'
import { DurationMs } from './names.ts'

export const RateLimit = z
  .strictObject({
    callsMax: z.int().min(1).max(100_000).meta({ description: 'Calls allowed in one sliding window.' }),
    windowMs: DurationMs.min(1_000).default(60_000).meta({ description: 'Length of the window, in milliseconds.' }),
  })
  .meta({ id: 'RateLimit', description: 'A budget of calls, counted exactly.' })
export type RateLimit = z.infer<typeof RateLimit>
