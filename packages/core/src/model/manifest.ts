import { z } from 'zod'
import { ClassName } from './class-name.ts'
import { DataClass } from './content-class.ts'
import { hasExactNumbers } from './exact-numbers.ts'
import { ModelBudgets } from './model-budget.ts'
import { ModelName, ModelPolicy } from './model-policy.ts'
import { Domain, DurationMs, FieldPath, Id, ToolName } from './names.ts'
import { RateLimit } from './rate-limit.ts'
import { AgentRetention } from './retention.ts'

/** What a grant lets a tool do. The last three are irreversible and always wait for a person (R142). */
export const SCOPES = ['read', 'write', 'send', 'delete', 'transact'] as const
export const Scope = z.enum(SCOPES)
export type Scope = z.infer<typeof Scope>
export const GATED_SCOPES: ReadonlySet<Scope> = new Set(['send', 'delete', 'transact'])

export const TIERS = ['low', 'medium', 'high'] as const
export const Tier = z.enum(TIERS)
export type Tier = z.infer<typeof Tier>

/** Most people who must approve one act. */
export const APPROVAL_PEOPLE_MAX = 5

/** Defaults of an agent. Every threshold has a value from the first version on (R147). */
export const Defaults = z.strictObject({
  approvalTimeoutMs: DurationMs.default(900_000).meta({ description: 'Longest wait for a person, in milliseconds.' }),
  confidenceMin: z.number().min(0).max(1).default(0.8).meta({ description: 'Below this confidence an act waits for a person.' }),
  rateLimit: RateLimit.default({ callsMax: 600, windowMs: 60_000 }).meta({ description: 'All calls of the agent together.' }),
  modelBudgets: ModelBudgets.optional().meta({
    description: 'Budgets of all model calls of the agent: together, for each user, or for each task type.',
  }),
})

/** Numbers are exact or refused: an integer beyond 2^53 − 1 would bind another record than the one written. */
const EntityValue = z.union([
  z
    .string()
    .max(200)
    .regex(
      /^(?:[^$]|\$user\.[A-Za-z0-9_:/-]{1,100}$|\$agent\.id$|\$task$|$)/,
      'must be $user.id, $user.<attribute>, $agent.id, $task, or a literal that does not start with "$"',
    ),
  z.number().refine(hasExactNumbers, 'must be a number a double holds exactly'),
  z.boolean(),
])

/** What of an act the vault keeps, besides the record. */
export const Keep = z
  .strictObject({
    input: z.boolean().default(false).meta({ description: 'Keep the arguments.' }),
    output: z.boolean().default(false).meta({ description: 'Keep the result as the server gave it, before release.' }),
    class: DataClass.meta({ description: 'Class they are kept under: keys of its own, a retention of its own.' }),
  })
  .refine((keep) => keep.input || keep.output, 'must keep the input, the output or both')
  .meta({ id: 'Keep', description: 'Content kept encrypted in the vault. What must be kept and cannot be stops the act.' })

export const ToolGrant = z
  .strictObject({
    scope: Scope.meta({ description: 'What the tool may do; the reviewed effect of the tool must not be wider.' }),
    tier: Tier.meta({
      description: 'Consequence: low = fully reversible, medium = reversible with effort, high = hard to reverse.',
    }),
    rationale: z.string().max(1_000).optional().meta({ description: 'Why the task needs it.' }),
    user: z
      .enum(['optional', 'required'])
      .default('optional')
      .meta({ description: 'Whether a verified originating user must be present.' }),
    entities: z.record(FieldPath, EntityValue).optional().meta({
      description:
        'Binds an argument and the rows of the result to a value: `$user.id`, `$user.<attribute>`, `$agent.id`, `$task`, or a literal.',
    }),
    fields: z.array(FieldPath).min(1).max(200).optional().meta({ description: 'The only fields of the result an agent receives.' }),
    domains: z
      .array(Domain)
      .min(1)
      .max(200)
      .optional()
      .meta({ description: 'The only domains a recipient or URL in the arguments may name.' }),
    args: z
      .record(z.string(), z.json())
      .refine(hasExactNumbers, 'must hold only numbers a double holds exactly')
      .optional()
      .meta({ description: 'JSON Schema 2020-12 over the arguments, in addition to the tool’s own. No remote $ref.' }),
    provenance: z
      .record(
        FieldPath,
        z
          .array(z.union([z.literal('user'), ToolName]))
          .min(1)
          .max(50),
      )
      .optional()
      .meta({
        description:
          'Where the value of an argument must come from: `user`, or a tool that is trusted to name it, such as a directory. Otherwise a person decides.',
      }),
    approved: z
      .record(
        FieldPath,
        z
          .array(z.union([z.string().max(500), z.number().refine(hasExactNumbers)]))
          .min(1)
          .max(500),
      )
      .optional()
      .meta({
        description:
          'Values of an argument that need no other endorsement: known payees, own accounts, and `@company.com` for every address at that domain.',
      }),
    rateLimit: RateLimit.optional(),
    keep: Keep.optional(),
    subject: FieldPath.optional().meta({
      description: 'Argument that names the person the content is about; the originating user unless set. Erasure goes by it.',
    }),
    classes: z
      .array(ClassName)
      .min(1)
      .max(20)
      .optional()
      .meta({ description: 'Classes of data the tool handles, and may therefore be given.' }),
    approvers: z
      .int()
      .min(1)
      .max(APPROVAL_PEOPLE_MAX)
      .optional()
      .meta({ description: 'How many different people must approve a call that waits for people; one unless set.' }),
    fourEyesFrom: z
      .record(FieldPath, z.number().refine(hasExactNumbers))
      .optional()
      .meta({ description: 'Two people must approve from this number on, by argument: an amount, a count.' }),
    requiresHumanApproval: z
      .boolean()
      .optional()
      .meta({ description: 'Wait for a person. Cannot be false for send, delete, transact or tier high.' }),
  })
  .superRefine((grant, context) => {
    if (grant.requiresHumanApproval === false && (GATED_SCOPES.has(grant.scope) || grant.tier === 'high')) {
      context.addIssue({
        code: 'custom',
        path: ['requiresHumanApproval'],
        message: `cannot be false: scope ${grant.scope} at tier ${grant.tier} always waits for a person`,
      })
    }
  })
  .meta({ id: 'ToolGrant', description: 'One tool, granted for one task type.' })
export type ToolGrant = z.infer<typeof ToolGrant>

export const ReadGrant = z
  .strictObject({
    tier: Tier.default('low'),
    rateLimit: RateLimit.optional(),
    user: z.enum(['optional', 'required']).default('optional'),
  })
  .meta({ id: 'ReadGrant', description: 'A resource or prompt, granted for one task type.' })
export type ReadGrant = z.infer<typeof ReadGrant>

const ResourceKey = z
  .string()
  .max(500)
  .regex(
    /^[a-z0-9-]+\.[a-zA-Z][a-zA-Z0-9+.-]*:[^\s*]*$/,
    'must be "server.uri", a URI or a template such as "docs.file:///policies/{name}"',
  )

export const CLIENT_FEATURES = ['sampling', 'elicitation', 'roots', 'logging'] as const

export const Task = z
  .strictObject({
    purpose: z.string().max(500).optional(),
    topics: z
      .array(
        z
          .string()
          .min(2)
          .max(60)
          .regex(/[\p{L}\p{N}]/u, 'must hold a letter or a digit'),
      )
      .min(1)
      .max(100)
      .optional()
      .meta({
        description:
          'What the task is about, as beginnings of words (`order`, `purchase order`). A longer text in an act that is not a read and that holds none of them waits for a person.',
      }),
    tools: z.record(ToolName, ToolGrant).default({}),
    resources: z.record(ResourceKey, ReadGrant).default({}),
    prompts: z.record(ToolName, ReadGrant).default({}),
    clientFeatures: z
      .partialRecord(z.enum(CLIENT_FEATURES), z.array(Id).min(1))
      .default({})
      .meta({ description: 'What named servers may ask of the agent’s client during a call.' }),
    models: z
      .array(ModelName)
      .max(50)
      .default([])
      .meta({ description: 'Models the task may call, by the names the providers of the configuration give them.' }),
    modelPolicy: ModelPolicy.optional().meta({ description: 'On which terms; the strictest there are unless set.' }),
    agents: z.array(Id).max(50).default([]),
    retrieve: z.record(Id, z.strictObject({ classes: z.array(z.string().max(50)).max(20) })).default({}),
  })
  .meta({ id: 'Task', description: 'Least privilege for one task type.' })
export type Task = z.infer<typeof Task>

/** R132: whether a grant says that its tool handles health data, or keeps some. */
function handlesPhi(tasks: Readonly<Record<string, Task>>): boolean {
  const grants = Object.values(tasks).flatMap((task) => Object.values(task.tools))
  return grants.some((grant) => grant.classes?.includes('phi') === true || grant.keep?.class === 'phi')
}

/** Rules that may run in observe mode. Grants, denies, identity, isolation, pins and approvals always enforce. */
export const OBSERVABLE_RULES = ['args', 'entities', 'fields', 'domains', 'flow', 'rateLimit'] as const

export const Manifest = z
  .strictObject({
    apiVersion: z.literal('sallyport/v1'),
    agent: Id.meta({ description: 'The agent this manifest belongs to.' }),
    owner: z.string().min(1).max(200).meta({ description: 'Who answers for the agent.' }),
    purpose: z.string().min(1).max(500),
    signOff: z
      .array(z.string().min(1).max(50))
      .min(2)
      .max(5)
      .default(['engineer', 'security'])
      .meta({ description: 'Roles that must sign a version that adds more than reading, each by a different person.' }),
    defaults: Defaults.prefault({}),
    retention: AgentRetention.optional().meta({
      description: 'How long the agent’s records are kept; class `standard`, at least 1 year, when it is left out.',
    }),
    observe: z
      .array(z.enum(OBSERVABLE_RULES))
      .max(OBSERVABLE_RULES.length)
      .default([])
      .meta({ description: 'Rules that record what they would do instead of doing it.' }),
    tasks: z.record(Id, Task).default({}),
    denied: z
      .array(z.string().regex(/^[a-z0-9-]+\.(?:[A-Za-z0-9_./-]+|\*)$/, 'must be "server.tool" or "server.*"'))
      .max(500)
      .default([])
      .meta({ description: 'Overrides every grant; only narrows.' }),
  })
  .superRefine((manifest, context) => {
    if (manifest.retention?.class === 'phi' || !handlesPhi(manifest.tasks)) return
    const message = 'must be phi: a grant handles or keeps phi, whose records are kept seven years'
    context.addIssue({ code: 'custom', path: ['retention', 'class'], message })
  })
  .meta({ id: 'Manifest', description: 'What one agent may do. It starts with nothing; every grant adds.' })
export type Manifest = z.infer<typeof Manifest>
