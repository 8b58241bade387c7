import { DictionaryOptions, GuardPolicy, unexcused } from '@sallyport/core'
import { z } from 'zod'
import { ClassifierConfig } from './config-classifier.ts'

const Host = z
  .string()
  .max(253)
  .regex(/^(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+$/, 'must be a host such as "docs.company.com", or "*.company.com", in lower case')

export const GuardConfig = GuardPolicy.extend({
  allowedHosts: z
    .array(Host)
    .max(1_000)
    .default([])
    .meta({ description: 'Hosts that links and images may point to without being taken for a way out.' }),
  dictionaries: DictionaryOptions.default([]),
  classifier: z
    .union([z.enum(['shipped', 'none']), ClassifierConfig])
    .default('shipped')
    .meta({
      description:
        'What judges where the n-gram model is not sure: the transformer that comes with the gateway, one of your own, or nothing. Read at start.',
    }),
  testBefore: z
    .enum(['never', 'sign'])
    .default('never')
    .meta({ description: '`sign`: grants are signed only while the guard in force has been run against the attack suite (R071).' }),
})
  .superRefine((policy, context) => {
    for (const setting of unexcused(policy)) {
      const message = `is weaker than the default and needs an exception with an end: { setting: ${setting}, reason: "…", until: "…" }`
      context.addIssue({ code: 'custom', path: setting.split('.'), message })
    }
  })
  .meta({ id: 'GuardConfig', description: 'How content is inspected and what is done about what is found.' })
export type GuardConfig = z.infer<typeof GuardConfig>
