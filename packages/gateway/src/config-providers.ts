import { DurationMs, Id, ModelName, ModelPrice, Region } from '@sallyport/core'
import { z } from 'zod'

const EvidenceText = z.string().min(1).max(500).meta({ description: 'Where the document is: a file, a link, a contract number.' })
const Expires = z.iso.date().meta({ description: 'Last day on which it counts, in UTC.' })

const Agreement = z.strictObject({ evidence: EvidenceText, expires: Expires })

export const ModelApproval = z
  .strictObject({
    by: z.string().min(1).max(200).meta({ description: 'Who approved it, after the checklist.' }),
    evidence: EvidenceText,
    expires: Expires,
  })
  .meta({ id: 'ModelApproval', description: 'That a model meets what is required of it: retention, privacy, audit (R209).' })

export const ProviderModel = z
  .strictObject({
    model: ModelName.optional().meta({ description: 'Id of the model at the provider; the name itself unless set.' }),
    approval: ModelApproval.optional().meta({ description: 'Without one, or after it, the model is not used.' }),
    features: z
      .array(z.string().max(100))
      .max(50)
      .optional()
      .meta({ description: 'What it can do beyond text; anything unless set.' }),
    price: ModelPrice.optional().meta({ description: 'Without one a budget of money refuses the model.' }),
    outputTokensMax: z.int().min(1).max(10_000_000).default(32_768).meta({
      description: 'Longest answer the model gives, in tokens: what a budget reserves where a request names no bound.',
    }),
  })
  .meta({ id: 'ProviderModel', description: 'One model of a provider.' })

/** What a review of a provider found (R207); `training`, `retention` and `review` stand beside it. */
export const ProviderAttestation = z
  .strictObject({
    isolation: z.enum(['shared', 'tenant', 'dedicated']).meta({
      description: 'What customers share: everything, the machines but not the data, or nothing.',
    }),
    logging: z
      .strictObject({
        content: z.boolean().meta({ description: 'Whether prompts and answers are logged, not only that there were calls.' }),
        days: z.int().min(0).max(36_500).meta({ description: 'How long logs are kept.' }),
      })
      .meta({ description: 'What the provider logs of calls.' }),
    subprocessors: z
      .array(z.strictObject({ name: z.string().min(1).max(200), regions: z.array(Region).min(1).max(20) }))
      .max(200)
      .meta({ description: 'Who else processes what it is sent, and where; their regions count as its own. Empty for nobody.' }),
    contract: z.string().min(1).max(500).meta({ description: 'The contract these terms stand in.' }),
  })
  .meta({ id: 'ProviderAttestation', description: 'What a review found of isolation, logging, sub-processors and contract.' })

export const ProviderConfig = z
  .strictObject({
    kind: z
      .enum(['openai', 'azure-openai', 'openai-compatible', 'anthropic', 'gemini', 'bedrock'])
      .meta({ description: 'Whose wire formats it speaks. Agents of another wire are translated.' }),
    url: z
      .url({ protocol: /^https?$/ })
      .meta({ description: 'Base URL, with `/v1` where the provider has it: `https://api.openai.com/v1`.' }),
    credential: z.string().max(10_000).optional().meta({
      description:
        'The gateway’s own API key; `${env:NAME}` or `${file:path}`. For Bedrock an API key, or `<access key id>:<secret>[:<session token>]`.',
    }),
    apiVersion: z
      .string()
      .regex(/^[\w.-]{1,50}$/)
      .optional()
      .meta({ description: '`api-version` of Azure OpenAI, where its endpoint wants one.' }),
    leaveOut: z
      .array(z.string().regex(/^\w{1,100}$/))
      .max(50)
      .default([])
      .meta({
        description:
          'Members of requests that may be left out where a call is translated and this provider has nothing like them, such as `cache_control` or `user`. Any other is refused by name.',
      }),
    tier: z.enum(['consumer', 'enterprise', 'private']).meta({
      description: 'Whose terms and isolation hold: classified data never goes to a consumer service; private is your own hosting.',
    }),
    regions: z.array(Region).min(1).max(20).meta({ description: 'Every region where a call may be processed.' }),
    retention: z
      .strictObject({ days: z.int().min(0).max(36_500), evidence: EvidenceText })
      .meta({ description: 'How long the provider keeps what it is sent; 0 for not at all.' }),
    training: z.boolean().meta({ description: 'Whether it may train on what it is sent; then it is sent no classified data.' }),
    review: z
      .strictObject({ on: z.iso.date(), by: z.string().min(1).max(200), evidence: EvidenceText })
      .optional()
      .meta({ description: 'Last assessment of the vendor: isolation, logging, sub-processors, contract. It counts for a year.' }),
    attestation: ProviderAttestation.optional().meta({
      description: 'What the review found; without one no classified data goes there.',
    }),
    dpa: Agreement.optional().meta({ description: 'Data processing agreement; after it no classified data goes there.' }),
    baa: Agreement.extend({
      excludes: z
        .array(z.string().max(100))
        .max(50)
        .default([])
        .meta({ description: 'Features it does not cover, such as `web_search`.' }),
    })
      .optional()
      .meta({ description: 'Business associate agreement; without one in force no health data goes there.' }),
    transfer: Agreement.extend({ mechanism: z.enum(['scc', 'adequacy', 'bcr', 'other']) })
      .optional()
      .meta({ description: 'Mechanism for transfers of personal data out of its jurisdiction.' }),
    purposes: z.array(z.string().min(1).max(500)).max(50).optional().meta({ description: 'The only purposes it may be used for.' }),
    models: z.record(ModelName, ProviderModel).meta({
      description: 'By the name agents use. Providers with the same name stand in for one another, in the order of this file.',
    }),
    allowPrivateNetwork: z
      .boolean()
      .default(false)
      .meta({ description: 'Allow addresses of private ranges; loopback is always allowed.' }),
    timeoutMs: DurationMs.default(120_000).meta({ description: 'Longest wait for the beginning of an answer.' }),
    idleMs: DurationMs.default(60_000).meta({ description: 'Longest silence within an answer.' }),
    answerBytesMax: z
      .int()
      .min(1_024)
      .max(64 * 1_048_576)
      .default(16 * 1_048_576)
      .meta({ description: 'Largest answer accepted.' }),
  })
  .meta({ id: 'ProviderConfig', description: 'One provider of models, at one endpoint, on one contract.' })
export type ProviderConfig = z.infer<typeof ProviderConfig>

export const ProvidersConfig = z
  .record(Id, ProviderConfig)
  .default({})
  .meta({ description: 'Who answers model calls. Every model call is refused unless an eligible one is named here.' })
export type ProvidersConfig = z.infer<typeof ProvidersConfig>
