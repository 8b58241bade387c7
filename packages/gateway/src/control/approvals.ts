import {
  ACTION_KINDS,
  APPROVAL_STATES,
  ApprovalRecord,
  ApprovalView,
  approvalDetail,
  approvalState,
  approvalView,
  castVote,
  type DecisionEntry,
  GatewayError,
  isJsonObject,
  type JsonObject,
  parseJson,
  Sha256Hex,
  shownHash,
  whyNotApprover,
} from '@sallyport/core'
import { z } from 'zod'
import { type Role, ROLES, type UserRecord } from '../state-records.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'
import { requireVault } from './quarantine.ts'

/** Who of them may decide, each request says itself. */
const DECIDERS: readonly Role[] = ['owner', 'engineer', 'security', 'approver']
const LISTED_MAX = 500

const ApprovalId = ApprovalRecord.shape.id
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
    const requests = deps.state
      .approvals()
      .map((record) => listed(record, user, nowMs))
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
  }),
  target: (input) => input.id,
  async run(deps, { id }, { user }) {
    const record = requireRequest(deps, id)
    const view = await viewOf(deps, record)
    const shown = shownHash(view)
    return { output: { request: listed(record, user, deps.nowMs()), view, shown }, detail: { shown } }
  },
})

export const approvalDecide = defineVerb({
  name: 'approval.decide',
  summary: 'Approve or reject one act, once, as it was shown',
  roles: DECIDERS,
  // Saying no needs nothing but the person.
  confirm: ({ id, verdict }, { state }) => {
    const record = state.approval(id)
    return verdict === 'approve' && record !== undefined && (record.tier === 'high' || record.people > 1)
  },
  input: z.strictObject({
    id: ApprovalId,
    verdict: z.enum(['approve', 'reject']),
    reason: z.string().trim().min(3).max(1_000),
    shown: Sha256Hex.meta({ description: 'What `approval.show` gave with the view.' }),
  }),
  output: z.strictObject({ request: Listed }),
  target: (input) => input.id,
  async run(deps, { id, verdict, reason, shown }, { user }) {
    const record = requireRequest(deps, id)
    const view = await viewOf(deps, record)
    if (shownHash(view) !== shown) throw new GatewayError('CONFLICT', 'this is not what the act looks like now; look at it again')
    // What cannot be shown to its end is not for one person alone.
    const judged = view.isWhole ? record : { ...record, people: Math.max(2, record.people) }
    const value = castVote(judged, { user: user.id, verdict, reason, shown, atMs: deps.nowMs() }, user.roles)
    return {
      output: { request: listed(value, user, deps.nowMs()) },
      changes: [{ op: 'put', kind: 'approval', value }],
      detail: { ...approvalDetail(value), verdict, reason, shown, state: value.state, binding: record.binding },
    }
  },
})

function requireRequest({ state }: Pick<ControlDeps, 'state'>, id: string): ApprovalRecord {
  const record = state.approval(id)
  if (!record) throw new GatewayError('NOT_FOUND', 'no such request; see "approvals list"')
  return record
}

/** @throws GatewayError `CONTENT_ERASED`, `VAULT_UNAVAILABLE`: what nobody can look at, nobody approves */
async function viewOf(deps: ControlDeps, record: ApprovalRecord): Promise<ApprovalView> {
  const { entry, args } = await argumentsOf(deps, record)
  const before = await lastApproved(deps, record)
  return approvalView({ record, entry, args, ...(before && { before }) })
}

async function argumentsOf(deps: ControlDeps, { decision }: ApprovalRecord): Promise<{ entry: DecisionEntry; args: JsonObject }> {
  const [entry] = decision < (await deps.audit.size()) ? await deps.audit.read(decision, decision + 1) : []
  if (entry?.type !== 'decision' || !entry.input.vault) throw new GatewayError('NOT_FOUND', 'the arguments were not kept')
  const { text } = await requireVault(deps).read(entry.input.vault, entry.input.commitment)
  const args = parseJson(text)
  if (!isJsonObject(args)) throw new GatewayError('VAULT_UNAVAILABLE', 'what is kept are no arguments')
  return { entry, args }
}

/** Arguments of the newest call of the same tool that was approved before this one was asked about, so that a view stays what it is. */
async function lastApproved(deps: ControlDeps, record: ApprovalRecord): Promise<JsonObject | undefined> {
  const { agent, action, askedMs } = record
  const last = deps.state
    .approvals()
    .findLast(
      (one) =>
        one.state === 'consumed' &&
        one.agent === agent &&
        one.action.server === action.server &&
        one.action.name === action.name &&
        (one.endedMs ?? Infinity) <= askedMs,
    )
  if (!last) return undefined
  return argumentsOf(deps, last).then(
    ({ args }) => args,
    () => undefined,
  )
}

function listed(record: ApprovalRecord, { id, roles }: UserRecord, nowMs: number): z.infer<typeof Listed> {
  const { action, user } = record
  const state = approvalState(record, nowMs)
  const whyNot = state === 'pending' ? whyNotApprover(record, { id, roles }, nowMs) : `it is ${state}`
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
