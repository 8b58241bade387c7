import { z } from 'zod'
import { CHANNELS, INGESTION_CHANNELS, TRUST_LEVELS } from './channel.ts'
import { ClassName } from './class-name.ts'
import { GuardThresholds } from './guard-thresholds.ts'

/** What happens to content that looks like planted instructions. `cut` leaves out the texts concerned and lets the rest pass. */
export const INJECTION_ACTIONS = ['block', 'cut', 'mark'] as const
export type InjectionAction = (typeof INJECTION_ACTIONS)[number]

/** What happens to data of a class that the receiver is not cleared for. */
export const DATA_ACTIONS = ['block', 'redact', 'mark'] as const
export type DataAction = (typeof DATA_ACTIONS)[number]

/** Parts of the guard that can be set to observe only, for a time and with a reason. */
export const GUARD_STAGES = ['input', 'output', 'process'] as const
export type GuardStage = (typeof GUARD_STAGES)[number]

const OnInjection = z.enum(INJECTION_ACTIONS)
const OnData = z.enum(DATA_ACTIONS)

/** Arguments are the agent's own words, and people do write about attacks: there the detectors only report. */
const INJECTION_DEFAULTS = { ...Object.fromEntries(CHANNELS.map((channel) => [channel, 'block'])), arguments: 'mark' } as Readonly<
  Record<(typeof CHANNELS)[number], InjectionAction>
>

/** Secrets and cards go nowhere they were not granted to go; other personal data is what most tools are for. */
export const CLASS_DEFAULTS: Readonly<Record<string, DataAction>> = { secret: 'block', pci: 'block', phi: 'redact', pii: 'mark' }

export const GuardException = z
  .strictObject({
    stage: z
      .enum(GUARD_STAGES)
      .optional()
      .meta({ description: 'What only observes meanwhile: input, output, or process (budgets of scanning).' }),
    setting: z
      .string()
      .max(100)
      .optional()
      .meta({ description: 'The setting that is in force meanwhile, such as `sanitise` or `boundary.web`; then its default is.' }),
    agent: z.string().max(64).optional().meta({ description: 'For one agent; for all unless set. A setting is for all.' }),
    reason: z.string().min(3).max(500),
    until: z.iso.datetime().meta({ description: 'When it ends by itself.' }),
  })
  .refine(({ stage, setting }) => (stage === undefined) !== (setting === undefined), 'must name a stage or a setting, not both')
  .refine(({ setting, agent }) => setting === undefined || agent === undefined, 'must not name an agent: a setting is for all')
  .meta({ id: 'GuardException', description: 'A recorded, expiring exception (R007).' })
export type GuardException = z.infer<typeof GuardException>

/** How the guard acts on what detectors report. Everything has a value; a configuration changes single ones. */
export const GuardPolicy = z
  .strictObject({
    thresholds: GuardThresholds.prefault({}).meta({ description: 'Score from which content of a trust level is stopped.' }),
    injection: z
      .partialRecord(z.enum(CHANNELS), OnInjection)
      .default({})
      .transform((given) => ({ ...INJECTION_DEFAULTS, ...given }))
      .meta({ description: 'What happens to planted instructions, by channel: block unless set; `mark` in arguments.' }),
    classes: z
      .record(ClassName, OnData)
      .default({})
      .transform((given) => ({ ...CLASS_DEFAULTS, ...given }))
      .meta({
        description:
          'What happens to data the receiver is not cleared for, by class: secret and pci block, phi redact, others mark.',
      }),
    types: z
      .record(z.string().regex(/^[a-z][a-z0-9_]{0,63}$/), OnData)
      .default({})
      .meta({ description: 'The same by type of finding, such as `us_ssn`; goes before the class.' }),
    exfiltration: z
      .enum(['block', 'mark'])
      .default('block')
      .meta({ description: 'Beacons, encoded runs and split secrets on their way out.' }),
    onFailure: z.enum(['block', 'block_consequential', 'mark']).default('block_consequential').meta({
      description:
        'When a detector fails or content is too much to scan. `block_consequential`: stops acts that are not plain low reads, and content of untrusted sources for tasks that hold such acts.',
    }),
    sanitise: z
      .boolean()
      .default(true)
      .meta({ description: 'Remove hidden characters and neutralise forged markers in content that is not internal.' }),
    boundary: z
      .partialRecord(z.enum(INGESTION_CHANNELS), z.enum(['wrap', 'datamark', 'off']))
      .default({})
      .meta({ description: 'How text of a channel is marked as foreign: `wrap` unless set. Internal content never is.' }),
    pii: z.boolean().default(true).meta({ description: 'Whether personal data is looked for (`piiDetection`).' }),
    exfil: z.boolean().default(true).meta({ description: 'Whether exfiltration patterns are looked for (`exfilPatterns`).' }),
    inferred: z
      .enum(['off', 'mark', 'block'])
      .default('off')
      .meta({ description: 'Personal data in arguments that occurred in nothing the session read (R086).' }),
    exceptions: z.array(GuardException).max(50).default([]),
  })
  .meta({ id: 'GuardPolicy', description: 'How content is inspected and what is done about what is found.' })
export type GuardPolicy = z.infer<typeof GuardPolicy>

/** The policy with nothing configured. */
export const DEFAULT_GUARD_POLICY: GuardPolicy = GuardPolicy.parse({})

/** Whether a stage only observes for an agent at a moment. */
export function isExcepted(policy: GuardPolicy, stage: GuardStage, { agent, nowMs }: { agent: string; nowMs: number }): boolean {
  return policy.exceptions.some(
    (one) => one.stage === stage && (one.agent === undefined || one.agent === agent) && Date.parse(one.until) > nowMs,
  )
}

/** Trust below which content counts as untrusted: everything that is neither an API nor internal. */
export function isUntrusted(trust: (typeof TRUST_LEVELS)[number]): boolean {
  return trust !== 'api' && trust !== 'internal'
}
