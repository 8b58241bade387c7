import { z } from 'zod'
import { ACTION_KINDS } from './action.ts'
import { EFFECTS } from './decision.ts'

/**
 * One audit record: the leaf of the log is the exact JCS bytes of this object, at most 64 KiB − 1 (C2SP tlog-tiles bundles use
 * 16-bit lengths). It holds no raw personal data: arguments and results appear as keyed commitments and as a redacted
 * structure of field names, types and sizes.
 */
export const Actor = z.strictObject({
  type: z.enum(['agent', 'user', 'system', 'unverified']),
  id: z.string(),
  credential: z.string().optional(),
  method: z.string().optional(),
})

const ShapeNode: z.ZodType<Shape> = z.lazy(() => z.union([z.string(), z.array(ShapeNode), z.record(z.string(), ShapeNode)]))
/** Redacted structure: `"string(12)"`, `"number"`, `["object", …]`, `{ field: … }`. */
export type Shape = string | readonly Shape[] | { readonly [field: string]: Shape }

export const Content = z.strictObject({
  /** HMAC-SHA-256 over the JCS bytes, hex; under the subject's own key where there is a subject, so that it dies with it. */
  commitment: z.string(),
  bytes: z.int(),
  shape: ShapeNode.optional(),
  /** Where the vault keeps the content itself, when policy keeps it. */
  vault: z
    .strictObject({
      /** Names the sealed content in the vault. */
      id: z.string().max(100),
      /** Data key it is sealed under. */
      key: z.string().max(100),
      /** SHA-256 of the ciphertext, hex. */
      ciphertext: z.string().length(64),
    })
    .optional(),
})

export type Content = z.infer<typeof Content>

const VoteRecord = z.strictObject({
  rule: z.string(),
  effect: z.enum(EFFECTS),
  reason: z.string(),
  mode: z.enum(['enforce', 'observe']),
  detail: z.string().optional(),
})

const FindingRecord = z.strictObject({
  detector: z.string(),
  code: z.string(),
  severity: z.string(),
  path: z.string(),
  start: z.int(),
  end: z.int(),
  /** Class of data that was seen. */
  class: z.string().optional(),
  /** How sure a classifier is, 0 to 1. */
  score: z.number().optional(),
  /** The reading of the text it was seen in, where that is not the text as it came. */
  view: z.string().optional(),
  /** By which channel the text came; absent for arguments. */
  channel: z.string().optional(),
})

/** Where content came from: what the operator said of the source, not what the source says of itself. */
const SourceRecord = z.strictObject({ channel: z.string(), trust: z.string() })

/** The request that people approved, who did, and the entry of the decision that asked them. */
const ApprovalUse = z.strictObject({ id: z.string(), by: z.array(z.string()), asked: z.int() })

/** One model call as it was decided: what was asked, and who might answer it. */
const ModelAsked = z.strictObject({
  /** Wire format of the request. */
  wire: z.string(),
  /** Parameters: numbers, switches, short words. */
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** SHA-256 of the pinned system prompt. */
  prompt: z.string().optional(),
  /** Whose system message it has: `pinned`, `foreign` or `none`. */
  system: z.string(),
  features: z.array(z.string()),
  /** Messages of models and tools that never passed here, or passed differently. */
  history: z.strictObject({ altered: z.int(), unseen: z.int() }),
  eligible: z.array(z.string()),
  refused: z.array(z.strictObject({ provider: z.string(), reason: z.string() })),
})

/** One model call as it was answered. */
const ModelServed = z.strictObject({
  provider: z.string(),
  regions: z.array(z.string()),
  /** Model the provider was asked for, and the one it says answered. */
  requested: z.string(),
  served: z.string().optional(),
  /** Requests sent for it, by retry or to the next eligible. */
  attempts: z.int(),
  /** Whether another than the first eligible answered. */
  degraded: z.boolean(),
  /** Why the model stopped, in its own word. */
  stop: z.string().optional(),
  /** Tokens, as the provider counts them; `cached` were read from a cache, `written` to one, both part of the input. */
  usage: z.strictObject({ input: z.int(), output: z.int(), cached: z.int().optional(), written: z.int().optional() }).optional(),
  /** What they cost, where the model has a price: an exact decimal. */
  cost: z.strictObject({ amount: z.string(), currency: z.string() }).optional(),
  /** How sure it says it is, where its task asks for it. */
  confidence: z.number().min(0).max(1).optional(),
  /** Tools it asked for, one name for each call. */
  tools: z.array(z.string()).max(20).optional(),
  /** Whether the answer has reasoning. */
  reasoning: z.enum(['present', 'absent']),
  /** The reasoning itself: in the vault, by its own short retention. Absent where it is encrypted, or policy keeps none. */
  thought: Content.optional(),
})

/** Amounts drawn on budgets of model calls: tokens, calls, billionths of a currency. */
const SpendRecord = z.array(z.strictObject({ key: z.string(), amount: z.int(), windowMs: z.int() })).max(200)

/** What the session had read when it was decided, and where the arguments came from. */
const FlowRecord = z.strictObject({
  /** Of the least trusted content that entered the session. */
  integrity: z.string(),
  classes: z.array(z.string()),
  /** Whether the session’s model asked for this call. */
  link: z.enum(['certain', 'likely', 'none']),
  /** Index of the decision on the model call that asked for it. */
  asked: z.int().optional(),
  slots: z
    .array(
      z.strictObject({
        path: z.string(),
        kind: z.string(),
        /** Whether the grant approves the value. */
        approved: z.boolean(),
        /** Where the value was found; nowhere when empty. */
        origins: z
          .array(
            z.strictObject({
              origin: z.string(),
              source: z.string().optional(),
              integrity: z.string(),
              /** Index of the decision on the act by which it came. */
              entry: z.int().optional(),
            }),
          )
          .max(20),
      }),
    )
    .max(20),
})

const base = {
  v: z.literal(1),
  index: z.int().min(0),
  /** RFC 3339 UTC with milliseconds; never decreases within a log. */
  time: z.iso.datetime({ precision: 3 }),
}
/** Fields every entry about an agent's act carries. */
const act = {
  /** Joins decision, outcome and unknown of one act. */
  act: z.string(),
  actor: Actor,
  /** The originating user, or the explicit word that there was none. */
  onBehalfOf: z.union([z.strictObject({ user: z.string(), issuer: z.string() }), z.literal('system')]),
  session: z.string(),
  task: z.string().optional(),
  purpose: z.string().optional(),
  /** Pseudonym of the person the content is about: HMAC-SHA-256 under a key that erasure destroys, hex. */
  subject: z.string().length(64).optional(),
  /** Classes of data the act handles by its grant: `pii`, `phi`, `pci`, … */
  classes: z.array(z.string()).optional(),
  /** Replica that carried the act out; absent where there is only one. */
  replica: z.string().max(100).optional(),
  action: z.strictObject({
    kind: z.enum(ACTION_KINDS),
    server: z.string().optional(),
    name: z.string().optional(),
    digest: z.string(),
  }),
}

/** What was decided about an act, and on what. */
const verdict = {
  input: Content,
  evaluated: z.enum(EFFECTS),
  enforced: z.enum(EFFECTS),
  reasons: z.array(z.string()),
  votes: z.array(VoteRecord),
  obligations: z.array(z.string()),
  findings: z.array(FindingRecord),
  /** Classes of data detectors saw in the input, declared or not. */
  detected: z.array(z.string()).optional(),
  /** Versions the decision rested on. */
  versions: z.strictObject({
    gateway: z.string(),
    manifest: z.string().optional(),
    definition: z.string().optional(),
    epoch: z.int(),
    /** SHA-256 over the guard's policy, detectors and models. */
    guard: z.string().optional(),
  }),
}

export const DecisionEntry = z.strictObject({
  ...base,
  type: z.literal('decision'),
  ...act,
  ...verdict,
  /** The approval it rests on: used up by it. */
  approval: ApprovalUse.optional(),
  model: ModelAsked.optional(),
  flow: FlowRecord.optional(),
  /** Names of the budgets it drew on, so that they can be rebuilt from the log. */
  budgets: z.array(z.string()),
  /** What it reserved on budgets of amounts; its outcome says what was used. */
  spends: SpendRecord.optional(),
  retryAfterMs: z.number().optional(),
  correlation: z.record(z.string(), z.string()).optional(),
})

/**
 * What would be decided about an act, asked by the agent itself. Nothing was done, taken or used up, and no act follows: what
 * counts decisions does not count these.
 */
export const EvaluationEntry = z.strictObject({
  ...base,
  type: z.literal('evaluation'),
  ...act,
  ...verdict,
  flow: FlowRecord.optional(),
  retryAfterMs: z.number().optional(),
  correlation: z.record(z.string(), z.string()).optional(),
})

export const OutcomeEntry = z.strictObject({
  ...base,
  type: z.literal('outcome'),
  ...act,
  /** Index of the decision it completes. */
  decision: z.int(),
  status: z.enum(['success', 'tool_error', 'failure', 'withheld', 'cancelled', 'input_required']),
  code: z.string().optional(),
  reasons: z.array(z.string()),
  output: Content.optional(),
  findings: z.array(FindingRecord),
  source: SourceRecord.optional(),
  /** Classes of data detectors saw in the output, declared or not. */
  detected: z.array(z.string()).optional(),
  /** What a retrieval returned, best first: where from, which document or chunk, how well it fitted. */
  sources: z
    .array(z.strictObject({ source: z.string(), id: z.string(), score: z.number().optional() }))
    .max(1_000)
    .optional(),
  model: ModelServed.optional(),
  /** What it used of what its decision reserved. Without an outcome all of it counts. */
  spends: SpendRecord.optional(),
  /** What the act changed outside, as far as the gateway knows. */
  effect: z.enum(['none', 'unconfirmed']),
  durationMs: z.number(),
})

/** Written for a decision whose outcome never came, after a restart or for a lost replica: the act may or may not have happened. */
export const UnknownEntry = z.strictObject({
  ...base,
  type: z.literal('unknown'),
  act: z.string(),
  decision: z.int(),
  /** The replica that was lost. */
  replica: z.string().max(100).optional(),
})

/** A request that never became an act: no valid identity, or no valid message. Everything in `claims` is unverified. */
export const RefusalEntry = z.strictObject({
  ...base,
  type: z.literal('refusal'),
  actor: Actor,
  code: z.string(),
  detail: z.string(),
  claims: z.record(z.string(), z.string()),
  /** Refusals not written since the last one, because unauthenticated callers sent too many. */
  suppressed: z.int().optional(),
})

/** An act of a person or of the gateway itself on its own state. */
export const AdminEntry = z.strictObject({
  ...base,
  type: z.literal('admin'),
  actor: Actor,
  verb: z.string(),
  target: z.string().optional(),
  outcome: z.enum(['done', 'refused']),
  code: z.string().optional(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])),
})

export const Entry = z.discriminatedUnion('type', [
  DecisionEntry,
  OutcomeEntry,
  UnknownEntry,
  RefusalEntry,
  AdminEntry,
  EvaluationEntry,
])
export type Entry = z.infer<typeof Entry>
export type DecisionEntry = z.infer<typeof DecisionEntry>
export type EvaluationEntry = z.infer<typeof EvaluationEntry>
export type OutcomeEntry = z.infer<typeof OutcomeEntry>
export type ModelServed = z.infer<typeof ModelServed>

/** An entry before the log numbers and dates it. */
export type EntryBody = Entry extends infer E ? (E extends Entry ? Omit<E, 'v' | 'index' | 'time'> : never) : never

/** Largest leaf (C2SP tlog-tiles: a 16-bit length in the bundle). */
export const ENTRY_BYTES_MAX = 65_535
