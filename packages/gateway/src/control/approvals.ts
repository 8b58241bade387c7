import {
  ACTION_KINDS,
  APPROVAL_STATES,
  ApprovalRecord,
  ApprovalView,
  approvalDetail,
  approvalState,
  approvedSince,
  type Approver,
  attentionOf,
  castVote,
  GatewayError,
  isGatewayError,
  Sha256Hex,
  shownJson,
  whyNotApprover,
} from '@sallyport/core'
import { z } from 'zod'
import { type Role, ROLES, type UserRecord } from '../state-records.ts'
import type { Change } from '../state.ts'
import { SYSTEM_ACTOR } from '../system-entries.ts'
import { approverOf, requireRequest, requireShown, viewOf } from './approval-views.ts'
import { type ControlDeps, defineVerb, type Plan } from './define-verb.ts'

/** Who of them may decide, each request says itself. */
export const DECIDERS: readonly Role[] = ['owner', 'engineer', 'security', 'approver']
const LISTED_MAX = 500
/** Most requests decided at once. */
const BATCH_MAX = 50
const HOUR_MS = 3_600_000

export const ApprovalId = ApprovalRecord.shape.id
const Listed = z.strictObject({
  id: ApprovalId,
  state: z.enum(APPROVAL_STATES),
  agent: z.string(),
  onBehalfOf: z.string().optional(),
  kind: z.enum(ACTION_KINDS),
  server: z.string(),
  name: z.string(),
  scope: ApprovalRecord.shape.scope,
  tier: ApprovalRecord.shape.tier,
  reasons: z.array(z.string()),
  people: z.int().meta({ description: 'How many must approve.' }),
  votes: ApprovalRecord.shape.votes,
  decision: z.int(),
  askedMs: z.int(),
  escalateMs: z.int(),
  expiresMs: z.int(),
  whyNot: z.string().optional().meta({ description: 'Why the caller may not decide; absent when they may.' }),
})

export const approvalList = defineVerb({
  name: 'approval.list',
  summary: 'Acts that wait for people, the most urgent first, and those that waited',
  roles: ROLES,
  reads: true,
  input: z.strictObject({
    all: z.boolean().default(false).meta({ description: 'Those that are over as well.' }),
    limit: z.int().min(1).max(LISTED_MAX).default(100),
  }),
  output: z.strictObject({ requests: z.array(Listed) }),
  run(deps, { all, limit }, { user }) {
    const nowMs = deps.nowMs()
    const approver = approverOf(deps, user, nowMs)
    const requests = deps.state
      .approvals()
      .map((record) => listed(record, approver, nowMs))
      .filter(({ state }) => all || state === 'pending')
      .sort((a, b) => Number(b.state === 'pending') - Number(a.state === 'pending') || a.expiresMs - b.expiresMs)
      .slice(0, limit)
    return { output: { requests } }
  },
})

export const approvalShow = defineVerb({
  name: 'approval.show',
  summary: 'One act that waits for people: exactly what it would do, why it waits, where its arguments come from',
  roles: DECIDERS,
  reads: true,
  isLong: true,
  input: z.strictObject({ id: ApprovalId }),
  output: z.strictObject({
    request: Listed,
    view: ApprovalView,
    shown: Sha256Hex.meta({ description: 'Hash of the view; whoever decides says it, so that the record holds what they saw.' }),
    args: z.string().optional().meta({
      description: 'The arguments as JSON in which nothing hides, to propose others from; absent where they are not shown whole.',
    }),
  }),
  target: (input) => input.id,
  async run(deps, { id }, { user }) {
    const record = requireRequest(deps, id)
    const { view, shown, args } = await viewOf(deps, record)
    const nowMs = deps.nowMs()
    const look = lookOf(user, id)
    if (deps.looks?.get(look) === undefined) deps.looks?.set(look, nowMs)
    return {
      output: {
        request: listed(record, approverOf(deps, user, nowMs), nowMs),
        view,
        shown,
        ...(view.isWhole && { args: shownJson(args) }),
      },
      detail: { shown },
    }
  },
})

const Asked = z.strictObject({
  id: ApprovalId,
  shown: Sha256Hex.meta({ description: 'What `approval.show` gave with the view.' }),
})
const Said = { verdict: z.enum(['approve', 'reject']), reason: z.string().trim().min(3).max(1_000) }
const Tested = z
  .enum(['noticed', 'missed'])
  .optional()
  .meta({ description: 'It was no act but a test of how carefully people look, and this is how it went.' })

export const approvalDecide = defineVerb({
  name: 'approval.decide',
  summary: 'Approve or reject one act, once, as it was shown',
  roles: DECIDERS,
  confirm: ({ id, verdict }, deps) => isGrave(deps, [id], verdict),
  input: z.strictObject({ ...Asked.shape, ...Said }),
  output: z.strictObject({ request: Listed, test: Tested }),
  target: (input) => input.id,
  async run(deps, { id, shown, ...said }, { user }) {
    const decided = await decideOn(deps, { requests: [{ id, shown }], ...said }, user)
    const [value] = decided.values
    if (!value) throw new GatewayError('INTERNAL', 'nothing was decided')
    const { binding, state } = value
    const test = testOf(value, said.verdict)
    return {
      output: { request: listed(value, decided.approver, deps.nowMs()), ...(test && { test }) },
      ...decided.plan,
      detail: { ...approvalDetail(value), ...said, shown, state, binding, ...placeOf(value), ...(test && { test }) },
    }
  },
})

export const approvalBatch = defineVerb({
  name: 'approval.batch',
  summary: 'Approve or reject several acts, all of them or none; those approved together are calls of one tool',
  roles: DECIDERS,
  confirm: ({ requests, verdict }, deps) =>
    isGrave(
      deps,
      requests.map(({ id }) => id),
      verdict,
    ),
  input: z.strictObject({ requests: z.array(Asked).min(1).max(BATCH_MAX), ...Said }),
  output: z.strictObject({ requests: z.array(z.strictObject({ request: Listed, test: Tested })) }),
  async run(deps, { requests, ...said }, { user }) {
    const { values, approver, plan } = await decideOn(deps, { requests, ...said }, user)
    const tests = values.flatMap((value) => (testOf(value, said.verdict) ? [value.id] : []))
    return {
      output: {
        requests: values.map((value) => {
          const test = testOf(value, said.verdict)
          return { request: listed(value, approver, deps.nowMs()), ...(test && { test }) }
        }),
      },
      ...plan,
      async after() {
        await plan.after?.()
        // Whoever follows one request finds what became of it under its own name.
        for (const value of values)
          await deps.audit.append({
            type: 'admin',
            actor: SYSTEM_ACTOR,
            verb: 'approval.decided',
            target: value.id,
            outcome: 'done',
            detail: { ...approvalDetail(value), ...said, by: user.id, state: value.state, ...placeOf(value) },
          })
      },
      detail: {
        ...said,
        requests: requests.map(({ id }) => id),
        shown: requests.map(({ shown }) => shown),
        states: values.map(({ state }) => state),
        decisions: values.map(({ decision }) => String(decision)),
        ...(tests.length > 0 && { tests }),
      },
    }
  },
})

interface Deciding {
  readonly requests: readonly z.infer<typeof Asked>[]
  readonly verdict: 'approve' | 'reject'
  readonly reason: string
}

interface Decided {
  readonly values: readonly ApprovalRecord[]
  readonly approver: Approver
  readonly plan: Pick<Plan<never>, 'changes' | 'after'>
}

/** One vote on each request, or an error that names the first one it cannot be given on. */
async function decideOn(deps: ControlDeps, { requests, verdict, reason }: Deciding, user: UserRecord): Promise<Decided> {
  const atMs = deps.nowMs()
  const records = requests.map(({ id }) => requireRequest(deps, id))
  if (verdict === 'approve') requireOneKind(records)
  if (verdict === 'approve') requireWithinHour(deps, user, records.length)
  const approver = approverOf(deps, user, atMs)
  const values: ApprovalRecord[] = []
  for (const { id, shown } of requests) {
    const seenMs = deps.looks?.get(lookOf(user, id))
    const vote = { verdict, reason, shown, atMs, ...(seenMs !== undefined && { lookMs: Math.max(0, atMs - seenMs) }) }
    values.push(await naming(id, () => voteOn(deps, id, { vote, approver })))
  }
  if (new Set(values.map(({ id }) => id)).size < values.length)
    throw new GatewayError('REQUEST_PARAMS', 'a request is named twice; each has one answer')
  const changes = values.map((value): Change => ({ op: 'put', kind: 'approval', value }))
  return { values, approver, plan: { changes, after: () => raise(deps, values, { user, verdict }) } }
}

async function voteOn(
  deps: ControlDeps,
  id: string,
  { vote, approver }: { vote: Parameters<typeof castVote>[1]; approver: Approver },
): Promise<ApprovalRecord> {
  const record = requireRequest(deps, id)
  const { view } = await requireShown(deps, record, vote.shown)
  // What cannot be shown to its end is not for one person alone.
  const judged = view.isWhole ? record : { ...record, people: Math.max(2, record.people) }
  return castVote(judged, vote, approver)
}

/** Says of which request an error is, where there are several. */
async function naming<T>(id: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isGatewayError(error)) throw error
    throw new GatewayError(error.code, `${id}: ${error.message}`, { cause: error })
  }
}

/** Nobody approves unlike things in one go: whoever looks at one of them has not looked at the others. */
function requireOneKind(records: readonly ApprovalRecord[]): void {
  const kinds = new Set(records.map(({ action: { kind, server = '', name = '' } }) => JSON.stringify([kind, server, name])))
  if (kinds.size > 1)
    throw new GatewayError('CONFLICT', 'only calls of one tool are approved together; decide on the others by themselves')
}

function requireWithinHour({ state, approvals, nowMs }: ControlDeps, { id }: UserRecord, more: number): void {
  const most = approvals?.().perHourMax ?? Infinity
  if (approvedSince(state.approvals(), id, nowMs() - HOUR_MS) + more <= most) return
  throw new GatewayError(
    'LIMIT_OVERLOADED',
    `you approved as much as one person can look at in an hour (${most}); others may, or wait`,
  )
}

/** Saying no needs nothing but the person. */
function isGrave({ state }: Pick<ControlDeps, 'state'>, ids: readonly string[], verdict: string): boolean {
  const records = ids.flatMap((id) => state.approval(id) ?? [])
  return verdict === 'approve' && records.some(({ tier, people }) => tier === 'high' || people > 1)
}

/** What a decision shows about the person who made it, for those who watch. */
async function raise(
  { audit, state }: ControlDeps,
  values: readonly ApprovalRecord[],
  { user, verdict }: { user: UserRecord; verdict: string },
): Promise<void> {
  const say = (verb: string, target: string, detail: Record<string, string | number>): Promise<number> =>
    audit.append({ type: 'admin', actor: SYSTEM_ACTOR, verb, target, outcome: 'done', detail })
  for (const value of values)
    if (testOf(value, verdict) === 'missed')
      await say('approval.test_missed', value.id, { user: user.id, of: value.seeded?.of ?? '', by: value.seeded?.by ?? '' })
  const records = state.approvals()
  const now = attentionOf(records, user.id)
  const ids = new Set(values.map(({ id }) => id))
  const before = attentionOf(
    records.map((one) => (ids.has(one.id) ? { ...one, votes: one.votes.slice(0, -1) } : one)),
    user.id,
  )
  if (now.isRubberStamp && !before.isRubberStamp)
    await say('approval.rubber_stamp', user.id, { decided: now.decided, approved: now.approved, lookP50Ms: now.lookP50Ms ?? 0 })
}

function testOf({ seeded }: ApprovalRecord, verdict: string): 'noticed' | 'missed' | undefined {
  if (!seeded) return undefined
  return verdict === 'reject' ? 'noticed' : 'missed'
}

function placeOf({ votes }: ApprovalRecord): { inPlaceOf?: string } {
  const { inPlaceOf } = votes.at(-1) ?? {}
  return inPlaceOf === undefined ? {} : { inPlaceOf }
}

/** Names the first look of a person at a request. */
function lookOf({ id: user }: UserRecord, id: string): string {
  return `${user} ${id}`
}

function listed(record: ApprovalRecord, approver: Approver, nowMs: number): z.infer<typeof Listed> {
  const { action, user } = record
  const state = approvalState(record, nowMs)
  const whyNot = state === 'pending' ? whyNotApprover(record, approver, nowMs) : `it is ${state}`
  return {
    id: record.id,
    state,
    agent: record.agent,
    ...(user && { onBehalfOf: user.id }),
    kind: action.kind,
    server: action.server ?? '',
    name: action.name ?? '',
    scope: record.scope,
    tier: record.tier,
    reasons: [...new Set(record.asked.map(({ reason }) => reason))],
    people: record.people,
    votes: record.votes,
    decision: record.decision,
    askedMs: record.askedMs,
    escalateMs: record.escalateMs,
    expiresMs: record.expiresMs,
    ...(whyNot !== undefined && { whyNot }),
  }
}
