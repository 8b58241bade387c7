import { z } from 'zod'

/** Bounds beyond which an alert is raised. */
export const AlertOptions = z.strictObject({
  deniedMax: z
    .int()
    .min(1)
    .max(100_000)
    .default(20)
    .meta({ description: 'Refused acts of one agent within the window before that is an alert.' }),
  deniedWindowMs: z.int().min(1_000).max(3_600_000).default(60_000),
  p99MsMax: z.int().min(1).max(600_000).default(10_000).meta({ description: 'Slowest hundredth of acts that is still well.' }),
  failureShareMax: z.number().min(0).max(1).default(0.5).meta({ description: 'Share of acts that may fail at the tool servers.' }),
  loopDelayMsMax: z
    .int()
    .min(1)
    .max(60_000)
    .default(1_000)
    .meta({ description: 'Longest delay of the event loop that is still well.' }),
  behaviourSessions: z
    .int()
    .min(20)
    .max(500)
    .default(200)
    .meta({ description: 'Clean sessions of a task that are learnt from; then what is usual is fixed.' }),
  behaviourAlpha: z
    .number()
    .min(0.001)
    .max(0.2)
    .default(0.01)
    .meta({ description: 'Share of usual sessions that may be reported as unusual; needs 1 / it − 1 sessions.' }),
  lapseDays: z
    .int()
    .min(1)
    .max(365)
    .default(30)
    .meta({ description: 'Days before an assessment or agreement of a provider ends at which people are reminded.' }),
  driftOutcomes: z
    .int()
    .min(50)
    .max(100_000)
    .default(500)
    .meta({ description: 'Outcomes of one source or task that are compared with as many before.' }),
})
export type AlertOptions = z.infer<typeof AlertOptions>
