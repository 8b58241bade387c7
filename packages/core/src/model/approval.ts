import { z } from 'zod'
import { ACTION_KINDS } from './action.ts'
import { APPROVAL_PEOPLE_MAX, SCOPES, TIERS } from './manifest.ts'
import { Id, Sha256Hex } from './names.ts'

const TimeMs = z.int().min(0)

/** One rule that wants a person, as it voted. */
export const AskedReason = z.strictObject({
  rule: z.string().max(50),
  reason: z.string().max(100),
  detail: z.string().max(1_000).optional(),
})
export type AskedReason = z.infer<typeof AskedReason>

/** What one person said, and the hash of what they were shown when they said it. */
export const ApprovalVote = z.strictObject({
  user: Id,
  verdict: z.enum(['approve', 'reject']),
  reason: z.string().min(3).max(1_000),
  shown: Sha256Hex,
  atMs: TimeMs,
  /** Whose vote it is, where they asked `user` to decide for them; the two count as one person. */
  inPlaceOf: Id.optional(),
  /** From the first look at what was shown to the decision, in milliseconds; absent where nobody measured it. */
  lookMs: z.int().min(0).optional(),
})
export type ApprovalVote = z.infer<typeof ApprovalVote>

/** Other arguments that somebody who said no would rather see: for the agent to send, and for people to decide on like any others. */
export const ArgumentProposal = z.strictObject({
  by: Id,
  /** Where the vault keeps them, and the commitment to check them against. */
  vault: z.strictObject({ id: z.string().max(100), key: z.string().max(100), ciphertext: Sha256Hex }),
  commitment: Sha256Hex,
})
export type ArgumentProposal = z.infer<typeof ArgumentProposal>

/** `approved` may still be used once; every other but `pending` is an end. */
export const APPROVAL_STATES = ['pending', 'approved', 'rejected', 'expired', 'cancelled', 'consumed'] as const
export type ApprovalState = (typeof APPROVAL_STATES)[number]

/** `told` of a request after which there is nothing more to tell. */
export const TOLD_MAX = 4

/** Most reasons of one request. */
export const ASKED_MAX = 20

/**
 * One act that waits for people, or waited. It holds no arguments: the decision that asked has their commitment and says where the
 * vault keeps them.
 */
export const ApprovalRecord = z.strictObject({
  id: z.string().regex(/^apr-[0-9a-f]{24}$/),
  /** SHA-256 of what an approval holds for; another act, or the same one under anything else, is asked about again. */
  binding: Sha256Hex,
  /** Entry of the decision that asked. */
  decision: z.int().min(0),
  agent: Id,
  user: z.strictObject({ id: z.string().max(500), issuer: z.string().max(500) }).optional(),
  session: z.string().max(200),
  task: z.string().max(200).optional(),
  action: z.strictObject({
    kind: z.enum(ACTION_KINDS),
    server: z.string().max(200).optional(),
    name: z.string().max(2_000).optional(),
    digest: z.string().max(200),
  }),
  scope: z.enum(SCOPES),
  tier: z.enum(TIERS),
  asked: z.array(AskedReason).max(ASKED_MAX),
  /** What the session had read: the least trusted, and every class. Nothing worse is covered. */
  integrity: z.string().max(50).optional(),
  classes: z.array(z.string().max(100)).max(100),
  epoch: z.int().min(0),
  /** How many different people must approve. */
  people: z.int().min(1).max(APPROVAL_PEOPLE_MAX),
  /** Who may, by role; `fallback` as well from `escalateMs` on. */
  roles: z.array(z.string().max(50)).min(1).max(20),
  fallback: z.array(z.string().max(50)).max(20),
  /** People who may not: whoever asked for the act or answers for the agent. */
  excluded: z.array(z.string().max(500)).max(20),
  askedMs: TimeMs,
  escalateMs: TimeMs,
  expiresMs: TimeMs,
  /** How many of the times to remind people have passed and were told: at 50 % and 80 % of the first ones' time, and at its end. 4: they were told that it was cancelled. */
  told: z.int().min(0).max(TOLD_MAX),
  /** How long an approval may be used once it is given, in milliseconds. */
  useWithinMs: z.int().min(1),
  votes: z.array(ApprovalVote).max(20),
  /** It is no act: somebody tests how carefully people look, with one that was rejected before. Approving it does nothing. */
  seeded: z.strictObject({ by: Id, of: z.string().max(50) }).optional(),
  proposal: ArgumentProposal.optional(),
  state: z.enum(APPROVAL_STATES),
  /** When it took its state, unless it is pending. */
  endedMs: TimeMs.optional(),
})
export type ApprovalRecord = z.infer<typeof ApprovalRecord>

/** For how long a person may have another decide for them, in milliseconds. */
export const DELEGATION_MS_MAX = 30 * 86_400_000

/** A person asked another to decide for them, from one time to another. It reaches no further: nobody hands on what they were given. */
export const DelegationRecord = z
  .strictObject({
    id: z.string().regex(/^del-[0-9a-f]{24}$/),
    from: Id,
    to: Id,
    fromMs: TimeMs,
    untilMs: TimeMs,
    reason: z.string().min(3).max(1_000),
    createdMs: TimeMs,
    /** When it was ended before its time. */
    endedMs: TimeMs.optional(),
  })
  .refine(({ from, to }) => from !== to, 'nobody stands in for themselves')
  .refine(
    ({ fromMs, untilMs }) => fromMs < untilMs && untilMs - fromMs <= DELEGATION_MS_MAX,
    'it has an end, at most 30 days after its beginning',
  )
export type DelegationRecord = z.infer<typeof DelegationRecord>
