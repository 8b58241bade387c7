import { z } from 'zod'
import { EFFECTS } from '../model/decision.ts'
import { Actor } from '../model/entry.ts'
import { ALERT_CLASSES, EVENT_KINDS, SEVERITIES, type EventKind } from './severity.ts'

/** What an event is about; encoders choose their class by it. */
export const EVENT_TYPES = [
  'decision',
  'evaluation',
  'outcome',
  'unknown',
  'detection',
  'refusal',
  'isolation',
  'policy',
  'access',
  'lifecycle',
  'admin',
  'alert',
] as const
export type EventType = (typeof EVENT_TYPES)[number]

/** Longest text an event takes over, in UTF-16 units; the entry itself holds the whole. */
export const EVENT_TEXT_MAX = 512
/** Most items of a list, and most members of an admin entry’s detail, an event takes over. */
export const EVENT_ITEMS_MAX = 20

const Text = z.string().max(EVENT_TEXT_MAX)
const Texts = z.array(Text).max(EVENT_ITEMS_MAX)
const Hex = z.string().regex(/^[0-9a-f]+$/)

const Sighting = z.strictObject({
  detector: Text,
  code: Text,
  severity: Text,
  path: Text,
  start: z.int(),
  end: z.int(),
  class: Text.optional(),
  score: z.number().optional(),
  view: Text.optional(),
})

/**
 * One event for the world outside, made from one entry of the audit log; every encoder reads this and nothing else. It has no
 * member that the entry lacks, except what follows from the entry: ids, severity, the place in the log.
 */
export const SecurityEvent = z.strictObject({
  /** ULID made from time and leaf hash: sending an entry twice gives the same id twice. */
  id: z.string().length(26),
  /** 0 for the entry itself, 1 for what detectors saw in it. */
  part: z.int().min(0).max(1),
  type: z.enum(EVENT_TYPES),
  kind: z.enum(Object.keys(EVENT_KINDS) as [EventKind, ...EventKind[]]),
  severity: z.enum(SEVERITIES),
  priority: z.int().min(1).max(4),
  time: z.iso.datetime({ precision: 3 }),
  timeMs: z.int(),
  /** Where the entry lies, so that a row in a SIEM can be proved later and a missing one is seen. */
  log: z.strictObject({ origin: Text, index: z.int().min(0), leafHash: Hex }),
  actor: Actor,
  agent: Text.optional(),
  replica: Text.optional(),
  onBehalfOf: z.strictObject({ user: Text, issuer: Text }).optional(),
  session: Text.optional(),
  task: Text.optional(),
  purpose: Text.optional(),
  /** Pseudonym of the person the content is about. */
  subject: Text.optional(),
  classes: Texts,
  action: z.strictObject({ kind: Text, server: Text.optional(), name: Text.optional(), digest: Text }).optional(),
  /** `id` joins decision and outcome of one act; `decision` is the index of its decision. */
  call: z.strictObject({ id: Text, decision: z.int().min(0) }).optional(),
  /** Ours, never a caller’s; `link` is what the caller sent as `traceparent`, unverified. */
  trace: z.strictObject({ traceId: Hex.length(32), spanId: Hex.length(16), link: Text.optional() }).optional(),
  verdict: z
    .strictObject({
      evaluated: z.enum(EFFECTS),
      enforced: z.enum(EFFECTS),
      mode: z.enum(['enforce', 'observe']),
      reasons: Texts,
      /** The rule whose vote decided. */
      rule: Text.optional(),
      /** Version of the manifest. */
      policyVersion: Text.optional(),
      definition: Text.optional(),
      obligations: Texts,
    })
    .optional(),
  findings: z.array(Sighting).max(EVENT_ITEMS_MAX),
  /** Where content came from, as the operator describes it. */
  source: z.strictObject({ channel: Text, trust: Text }).optional(),
  outcome: z
    .strictObject({
      status: Text,
      code: Text.optional(),
      reasons: Texts,
      effect: Text,
      durationMs: z.number(),
      bytes: z.int().optional(),
    })
    .optional(),
  /** How a model answered: how sure it says it is, and which tools it asked for. */
  model: z.strictObject({ confidence: z.number().optional(), tools: Texts }).optional(),
  /** Commitment to the arguments or the result; where the vault keeps them, its ciphertext and key. */
  content: z.strictObject({ commitment: Text, bytes: z.int(), ciphertext: Text.optional(), key: Text.optional() }).optional(),
  admin: z
    .strictObject({
      verb: Text,
      target: Text.optional(),
      outcome: z.enum(['done', 'refused']),
      code: Text.optional(),
      detail: z.record(Text, z.union([Text, z.number(), z.boolean(), Texts])),
    })
    .optional(),
  refusal: z.strictObject({ code: Text, detail: Text, suppressed: z.int().optional() }).optional(),
  alert: z
    .strictObject({ rule: Text, class: z.enum(ALERT_CLASSES), message: Text, agent: Text.optional(), count: z.int() })
    .optional(),
})
export type SecurityEvent = z.infer<typeof SecurityEvent>
