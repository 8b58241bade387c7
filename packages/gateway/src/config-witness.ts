import { parseNoteKey, toHex } from '@sallyport/core'
import { z } from 'zod'

const WITNESSES_MAX = 20

const WitnessKey = z
  .string()
  .max(400)
  .refine(
    (text) => parseNoteKey(text, 'cosignature') !== undefined,
    'must be the public key of a witness; see "sallyport witness key"',
  )

export const WitnessConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,64}$/)
    .meta({ description: 'What status and entries call it.' }),
  key: WitnessKey.meta({ description: 'Its public key, as "sallyport witness key" prints it.' }),
  url: z.url({ protocol: /^https?$/ }).meta({ description: 'Its submission prefix; plain http to loopback only.' }),
  allowPrivateNetwork: z
    .boolean()
    .default(false)
    .meta({ description: 'Allow addresses of private ranges; loopback is always allowed.' }),
})
export type WitnessConfig = z.infer<typeof WitnessConfig>

/** Who cosigns this log, and what happens when too few do. @see C2SP tlog-witness */
export const WitnessesConfig = z
  .strictObject({
    policy: z
      .strictObject({
        atLeast: z
          .int()
          .min(1)
          .max(WITNESSES_MAX)
          .default(1)
          .meta({ description: 'An entry is witnessed once this many witnesses have cosigned a checkpoint that covers it.' }),
      })
      .prefault({}),
    list: z.array(WitnessConfig).max(WITNESSES_MAX).default([]),
    stopActs: z.enum(['never', 'high', 'consequential']).default('never').meta({
      description:
        'Acts refused while the policy is overdue: none, those of tier high, or every one that writes, sends, deletes, transacts or is above tier low.',
    }),
    graceMs: z
      .int()
      .min(1_000)
      .max(86_400_000)
      .default(60_000)
      .meta({ description: 'How long a checkpoint may wait for its witnesses before the policy is overdue.' }),
  })
  .superRefine(({ policy, list }, context) => {
    const issue = (message: string): void => context.addIssue({ code: 'custom', path: ['list'], message })
    if (list.length > 0 && list.length < policy.atLeast) issue('holds fewer witnesses than policy.atLeast asks for')
    if (new Set(list.map(({ name }) => name)).size < list.length) issue('names a witness twice')
    // One key under two names would count as two witnesses.
    const keys = list.map(({ key }) => toHex(parseNoteKey(key, 'cosignature')?.publicKey ?? new Uint8Array()))
    if (new Set(keys).size < list.length) issue('holds a key twice')
  })
export type WitnessesConfig = z.infer<typeof WitnessesConfig>
