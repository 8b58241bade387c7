import { GatewayError, subjectId } from '@sallyport/core'
import { z } from 'zod'
import { HOLD_REVIEW_MS_MAX, HoldRecord, HoldScope, SubjectNames } from '../hold-record.ts'
import { phaseOf } from '../holds.ts'
import type { Role } from '../state-records.ts'
import { defineVerb, type ControlDeps } from './define-verb.ts'

/** Holds are the legal role's. */
const LEGAL: readonly Role[] = ['owner', 'security', 'compliance']
const Reason = z.string().min(3).max(1_000)
const HoldId = HoldRecord.shape.id
const ReviewMs = z.int().min(0).meta({ description: 'When it must be looked at again: at most 180 days from now.' })
const Shown = HoldRecord.extend({ phase: z.enum(['proposed', 'active', 'lapsed', 'released']) })

export const holdOpen = defineVerb({
  name: 'hold.open',
  summary: 'Open a legal hold: nothing in its scope is pruned or erased; a second person must approve it',
  roles: LEGAL,
  // In force first: what is deleted before its entry in the log was not held.
  record: 'after',
  input: z.strictObject({
    matter: HoldRecord.shape.matter,
    authority: HoldRecord.shape.authority,
    ground: HoldRecord.shape.ground,
    scope: HoldScope.default({}).meta({ description: 'What is held: everything that all given members agree with.' }),
    person: z
      .string()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Id of a person to hold; only pseudonyms of it are stored.' }),
    reviewMs: ReviewMs,
    reason: Reason,
  }),
  output: z.strictObject({ id: HoldId, phase: z.literal('proposed') }),
  async run(deps, input, { user }) {
    const { person, reason, reviewMs, scope, ...rest } = input
    requireReview(deps, reviewMs)
    const subject = person === undefined ? scope.subject : await requireNames(deps, person)
    const id = `hold-${Buffer.from(deps.randomBytes(8)).toString('hex')}`
    const opened = { by: user.id, atMs: deps.nowMs(), reason }
    const held = { ...scope, ...(subject && { subject }) }
    if (Object.keys(held).length === 0)
      throw new GatewayError('REQUEST_PARAMS', 'scope: name a person, an agent, a time or a range')
    const value = { ...rest, id, scope: held, opened, reviewMs }
    return {
      output: { id, phase: 'proposed' as const },
      changes: [{ op: 'insert', kind: 'hold', value }],
      detail: { id, matter: input.matter, authority: input.authority, scope: JSON.stringify(held), reason },
    }
  },
})

export const holdApprove = defineVerb({
  name: 'hold.approve',
  summary: 'Approve a legal hold that somebody else opened',
  roles: LEGAL,
  confirm: () => true,
  input: z.strictObject({ id: HoldId, reason: Reason }),
  output: z.strictObject({ id: HoldId, phase: z.literal('active') }),
  target: (input) => input.id,
  run(deps, input, { user }) {
    const hold = requireHold(deps, input.id)
    if (phaseOf(hold, deps.nowMs()) !== 'proposed') throw new GatewayError('CONFLICT', 'the hold does not wait for approval')
    if (hold.opened.by === user.id) throw new GatewayError('IDENTITY_FORBIDDEN', 'a second person must approve the hold')
    const approved = { by: user.id, atMs: deps.nowMs(), reason: input.reason }
    return {
      output: { id: hold.id, phase: 'active' as const },
      changes: [{ op: 'put', kind: 'hold', value: { ...hold, approved } }],
      detail: { matter: hold.matter, reason: input.reason },
    }
  },
})

export const holdReview = defineVerb({
  name: 'hold.review',
  summary: 'Keep a legal hold in force and set the date of its next review',
  roles: LEGAL,
  input: z.strictObject({ id: HoldId, reviewMs: ReviewMs, reason: Reason }),
  output: z.strictObject({ id: HoldId, reviewMs: z.int() }),
  target: (input) => input.id,
  run(deps, { id, reviewMs, reason }) {
    const hold = requireHold(deps, id)
    if (phaseOf(hold, deps.nowMs()) !== 'active') throw new GatewayError('CONFLICT', 'the hold is not in force')
    requireReview(deps, reviewMs)
    // Whoever began to release it is overruled.
    const { releasing: _, ...kept } = hold
    return {
      output: { id, reviewMs },
      changes: [{ op: 'put', kind: 'hold', value: { ...kept, reviewMs } }],
      detail: { reason, due: new Date(reviewMs).toISOString() },
    }
  },
})

export const holdList = defineVerb({
  name: 'hold.list',
  summary: 'Legal holds, with who opened, approved and released them',
  roles: [...LEGAL, 'auditor'],
  reads: true,
  input: z.strictObject({}),
  output: z.strictObject({ holds: z.array(Shown) }),
  run(deps) {
    return { output: { holds: deps.state.holds().map((hold) => ({ ...hold, phase: phaseOf(hold, deps.nowMs()) })) } }
  },
})

export const holdRelease = defineVerb({
  name: 'hold.release',
  summary: 'Release a legal hold; it ends when a second person says so too',
  roles: LEGAL,
  confirm: () => true,
  input: z.strictObject({ id: HoldId, reason: Reason }),
  output: z.strictObject({ id: HoldId, phase: z.enum(['active', 'proposed', 'released']) }),
  target: (input) => input.id,
  run(deps, { id, reason }, { user }) {
    const hold = requireHold(deps, id)
    const phase = phaseOf(hold, deps.nowMs())
    if (phase === 'released' || phase === 'lapsed') throw new GatewayError('CONFLICT', 'the hold has ended')
    const person = { by: user.id, atMs: deps.nowMs(), reason }
    if (!hold.releasing) {
      const value = { ...hold, releasing: person }
      return {
        output: { id, phase },
        changes: [{ op: 'put', kind: 'hold', value }],
        detail: { matter: hold.matter, first: true, reason },
      }
    }
    if (hold.releasing.by === user.id) throw new GatewayError('IDENTITY_FORBIDDEN', 'a second person must release the hold')
    return {
      output: { id, phase: 'released' as const },
      changes: [{ op: 'put', kind: 'hold', value: { ...hold, released: person } }],
      // The hold is over whether or not what waited for it succeeds; that has entries of its own.
      after: async () => deps.onHoldReleased?.(id),
      detail: { matter: hold.matter, first: false, reason },
    }
  },
})

function requireHold(deps: Pick<ControlDeps, 'state'>, id: string): HoldRecord {
  const hold = deps.state.holds().find((one) => one.id === id)
  if (!hold) throw new GatewayError('NOT_FOUND', 'no such hold; see "hold list"')
  return hold
}

function requireReview(deps: Pick<ControlDeps, 'nowMs'>, reviewMs: number): void {
  const inMs = reviewMs - deps.nowMs()
  if (inMs <= 0 || inMs > HOLD_REVIEW_MS_MAX)
    throw new GatewayError('REQUEST_PARAMS', 'reviewMs: must lie within the next 180 days')
}

async function requireNames(deps: Pick<ControlDeps, 'subjectNames' | 'vault'>, person: string): Promise<SubjectNames> {
  if (!deps.subjectNames)
    throw new GatewayError('CONFLICT', 'no vault is open, so a person has no pseudonym to hold; give scope.subject')
  const names = await deps.subjectNames(person)
  if (names.token !== undefined || !deps.vault) return names
  // Whom nobody knows yet gets a pseudonym now: what is recorded about them from here on is held too.
  deps.vault.flush()
  return { token: (await deps.vault.subject(subjectId(person))).token }
}
