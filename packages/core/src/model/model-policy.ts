import { z } from 'zod'
import { ClassName } from './class-name.ts'
import { hasExactNumbers } from './exact-numbers.ts'
import { LoopLimit, ModelBudgets } from './model-budget.ts'
import { Domain, FieldPath, Sha256Hex } from './names.ts'
import { RateLimit } from './rate-limit.ts'

/** A model as agents name it: a provider's own id, or an alias of the configuration. */
export const ModelName = z
  .string()
  .max(100)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, 'must be a model id or alias such as "default" or "gpt-5.2"')

/** Where data is processed, most general part first: `eu`, `eu-central-1`, `us`. A region lies within its beginnings. */
export const Region = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'must be a region such as "eu" or "eu-central-1", in lower case')

/** What a model's answer has to look like before it may be used (R080, R084, R146). */
export const OutputContract = z
  .strictObject({
    schema: z
      .record(z.string(), z.json())
      .refine(hasExactNumbers, 'must hold only numbers a double holds exactly')
      .optional()
      .meta({ description: 'JSON Schema 2020-12 that the answer’s text, read as JSON, has to match. No remote $ref.' }),
    links: z
      .array(Domain)
      .max(200)
      .optional()
      .meta({ description: 'The only domains that links in the answer may name; an empty list allows none.' }),
    confidence: z
      .strictObject({
        field: FieldPath.meta({ description: 'Where in the answer the model says how sure it is, from 0 to 1.' }),
        min: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .meta({ description: 'From here on it passes; `defaults.confidenceMin` unless set.' }),
      })
      .optional()
      .meta({ description: 'Below the bound, missing or no number: the answer waits for a person.' }),
  })
  .meta({ id: 'OutputContract', description: 'What an answer has to look like. One that does not is held and not released.' })
export type OutputContract = z.infer<typeof OutputContract>

export const SYSTEM_PROMPT_POLICIES = ['refuse', 'demote', 'allow'] as const

/** On which terms a task calls models. Everything left out is the strictest there is. */
export const ModelPolicy = z
  .strictObject({
    classes: z.array(ClassName).max(20).default([]).meta({
      description: 'Classes of data its prompts may carry in the clear. Only models cleared for all of them are asked.',
    }),
    deidentify: z.array(ClassName).max(20).default([]).meta({
      description:
        'Classes for which it is enough that the guard replaces what it finds by placeholders. Any other class that is seen restricts who is asked, replaced or not.',
    }),
    restore: z
      .array(ClassName)
      .max(20)
      .default([])
      .meta({ description: 'Classes whose placeholders are replaced by their values again in answers.' }),
    features: z.array(z.string().max(100)).max(50).default([]).meta({
      description:
        'What calls may use beyond text and the agent’s own tools: tools that run at the provider, by their type (`web_search`, `mcp`), `attachments`, `stored_state`.',
    }),
    systemPrompt: z.enum(SYSTEM_PROMPT_POLICIES).default('refuse').meta({
      description: 'What becomes of a system message that is not the pinned prompt: refused, made a user message, or passed on.',
    }),
    prompt: Sha256Hex.optional().meta({
      description: 'SHA-256 of the system prompt in force, a file of the folder `prompts`. It is sent where the client sends none.',
    }),
    // Without a default: what signatures were given for must not change with a release.
    reasoning: z.enum(['keep', 'omit']).optional().meta({
      description:
        'Whether what a model says of its reasoning is kept in the vault, for the days of the class `reasoning`; kept unless set.',
    }),
    residency: z.array(Region).min(1).max(20).optional().meta({ description: 'The only regions where its data may be processed.' }),
    origin: Region.optional().meta({
      description:
        'Where the people are whose data its prompts carry: classified data leaves it only under a valid transfer mechanism.',
    }),
    output: OutputContract.optional(),
    rateLimit: RateLimit.optional(),
    budgets: ModelBudgets.refine(
      (budgets) => budgets.every(({ per }) => per !== 'agent'),
      'a budget per agent counts all tasks: it belongs under defaults.modelBudgets',
    )
      .optional()
      .meta({ description: 'Budgets of the task’s model calls, per task or per user, besides those of the agent.' }),
    loop: LoopLimit.optional().meta({
      description: 'When the same call again and again is a loop; 10 times in 10 minutes unless set.',
    }),
  })
  .meta({ id: 'ModelPolicy', description: 'On which terms a task calls models.' })
export type ModelPolicy = z.infer<typeof ModelPolicy>
