import { Id, Sha256Hex } from '@sallyport/core'
import { z } from 'zod'

const TimeMs = z.int().min(0)
const Index = z.int().min(0)
const Person = z.strictObject({ by: z.string(), atMs: TimeMs, reason: z.string().max(1_000) })

/** Longest time to the next review of a hold. */
export const HOLD_REVIEW_MS_MAX = 180 * 86_400_000
/** A hold that nobody approved lapses after this long. */
export const HOLD_PROPOSED_MS_MAX = 7 * 86_400_000

/** A person as erasure and entries name them; never in clear. */
export const SubjectNames = z.strictObject({
  /** Pseudonym in entries. */
  token: Sha256Hex.optional(),
  /** Name in the vault. */
  lookup: Sha256Hex.optional(),
})
export type SubjectNames = z.infer<typeof SubjectNames>

/** What a hold covers: everything that all given members agree with. At least one is given. */
export const HoldScope = z.strictObject({
  subject: SubjectNames.optional(),
  agent: Id.optional(),
  fromMs: TimeMs.optional(),
  /** Exclusive. */
  toMs: TimeMs.optional(),
  fromIndex: Index.optional(),
  /** Exclusive. */
  toIndex: Index.optional(),
})
export type HoldScope = z.infer<typeof HoldScope>

/** A legal hold. Two people open it and two people release it. */
export const HoldRecord = z.strictObject({
  id: z.string().regex(/^hold-[0-9a-f]{16}$/),
  matter: z.string().min(1).max(200),
  scope: HoldScope,
  /** Who ordered it: a court, a statute, counsel. */
  authority: z.string().min(1).max(500),
  /** Which exception of GDPR Art. 17(3) an erasure is refused under. */
  ground: z.enum(['17(3)(b)', '17(3)(e)']),
  opened: Person,
  approved: Person.optional(),
  /** When somebody has to look at it again. */
  reviewMs: TimeMs,
  /** The review whose date passed and was reported. */
  alertedMs: TimeMs.optional(),
  /** The first of the two who release it. */
  releasing: Person.optional(),
  released: Person.optional(),
})
export type HoldRecord = z.infer<typeof HoldRecord>
