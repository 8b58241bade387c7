import {
  type Action,
  type ApprovalRecord,
  type Asking,
  type CompiledGrant,
  GatewayError,
  type Principal,
  TOLD_MAX,
  approvalBinding,
  approvalDetail,
  approvalState,
  askedReasons,
  consumeApproval,
  coversAsked,
  endApproval,
  isGatewayError,
  peopleNeeded,
  remindersDue,
  standsUntilMs,
} from '@sallyport/core'
import type { Approvals } from '../approvals.ts'
import type { ApprovalsConfig } from '../config-approvals.ts'
import type { OperatorLog } from '../operator-log.ts'
import type { Change, State } from '../state.ts'
import type { SystemAct } from '../system-entries.ts'

export interface ApprovalsDeps {
  readonly config: ApprovalsConfig
  readonly state: State
  readonly record: (act: SystemAct) => void
  readonly randomBytes: (count: number) => Uint8Array
  readonly nowMs: () => number
  readonly log: OperatorLog
}

export interface OpenApprovals extends Approvals {
  /** What is in force. */
  config(): ApprovalsConfig
  reconfigure(config: ApprovalsConfig): void
  /** Ends what is over and forgets what is old. */
  sweep(): Promise<void>
  close(): Promise<void>
}

/** Attempts of one change while others change the state under it. */
const ATTEMPTS_MAX = 16
const SWEEP_MS = 5_000
const LOOK_MS = 50
/** What is over stays in the state for people to look at; the log has it for good. */
const KEPT_MS = 30 * 86_400_000
/** Most that one sweep changes. */
const SWEPT_MAX = 100

export function openApprovals(deps: ApprovalsDeps): OpenApprovals {
  const { state, nowMs, record } = deps
  let { config } = deps
  let sweeping: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    sweeping = sweeping.then(sweep).catch((error: unknown) => deps.log('requests for approval could not be ended', error))
  }, SWEEP_MS)
  timer.unref()
  return {
    facts(principal, action, facts) {
      if (!canBeAsked(principal, action)) return undefined
      const newest = state.approvalFor(approvalBinding(principal, action, facts))
      return newest && stands(newest) ? { request: { ...newest, state: approvalState(newest, nowMs()) } } : {}
    },
    ask,
    consume: (approval) =>
      change(() => {
        const known = state.approval(approval.id)
        const agent = state.agent(approval.agent)
        if (!known || !agent || agent.isolated || agent.epoch !== known.epoch) return undefined
        if (approvalState(known, nowMs()) !== 'approved') return undefined
        return [{ op: 'put', kind: 'approval', value: consumeApproval(known, nowMs()) }]
      }),
    settled,
    async request(id) {
      await state.refresh()
      const known = state.approval(id)
      return known && { ...known, state: approvalState(known, nowMs()) }
    },
    withdraw,
    holdMs: () => config.holdMs,
    config: () => config,
    reconfigure(next) {
      config = next
    },
    sweep,
    async close() {
      clearInterval(timer)
      await sweeping
    },
  }

  /** Makes one change of the state, computed anew when somebody else was faster. Returns whether there was anything to change. */
  async function change(plan: () => readonly Change[] | undefined): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      await state.refresh()
      const basis = state.revision()
      const changes = plan()
      if (!changes) return false
      try {
        await state.transact(changes, basis)
        return true
      } catch (error) {
        if (!isGatewayError(error) || error.code !== 'STORE_MOVED' || attempt === ATTEMPTS_MAX) throw error
      }
    }
  }

  async function withdraw(id: string): Promise<void> {
    const isDone = await change(() => {
      const known = state.approval(id)
      const value = known && endApproval(known, 'cancelled', nowMs())
      return value && value !== known ? [{ op: 'put', kind: 'approval', value }] : undefined
    })
    if (isDone) record({ verb: 'approval.withdrawn', target: id, detail: { agent: state.approval(id)?.agent ?? '' } })
  }

  async function ask(asking: Asking): Promise<{ id: string; expiresMs: number }> {
    const { principal, action, decision, facts } = asking
    const binding = approvalBinding(principal, action, facts)
    let asked: ApprovalRecord | undefined
    const isNew = await change(() => {
      const known = state.approvalFor(binding)
      // People may have answered since this act was decided: the next one finds what they said.
      asked = known && stands(known) && coversAsked(known, decision, facts) ? known : undefined
      if (asked) return undefined
      const waiting = state.approvals().filter((one) => one.agent === principal.agent && takesRoom(one, facts.isolation.epoch))
      if (waiting.length >= config.waitingMax)
        throw new GatewayError('LIMIT_OVERLOADED', 'too many acts of this agent wait for people', { retryAfterMs: 60_000 })
      asked = requestFor(binding, asking)
      // People are asked once: what they were asked before says less than there is to say now.
      const before = known ? endApproval(known, 'cancelled', nowMs()) : undefined
      return [
        ...(before && before !== known ? [{ op: 'put', kind: 'approval', value: before } as const] : []),
        { op: 'insert', kind: 'approval', value: asked },
      ]
    })
    if (!asked) throw new GatewayError('INTERNAL', 'nobody was asked')
    if (isNew) record({ verb: 'approval.asked', target: asked.id, detail: approvalDetail(asked) })
    return { id: asked.id, expiresMs: asked.expiresMs }
  }

  /**
   * Whether a request counts among those of an agent that wait. One that was withdrawn does as long as it could have waited: people were
   * told of it. Not one that isolation ended, nor a test, which is nothing of the agent's.
   */
  function takesRoom(record: ApprovalRecord, epoch: number): boolean {
    const isWithdrawn = record.state === 'cancelled' && record.epoch === epoch && nowMs() < record.expiresMs
    return record.seeded === undefined && (isWithdrawn || approvalState(record, nowMs()) === 'pending')
  }

  /** Whether an answer, or the wait for one, still stands. One that was used allows nothing more; the next act is asked about anew. */
  function stands(record: ApprovalRecord): boolean {
    return record.state !== 'consumed' && nowMs() < standsUntilMs(record)
  }

  function requestFor(binding: string, { principal, action, name, decision, facts, entry }: Asking): ApprovalRecord {
    const { agent, user, session, task } = principal
    const { scope, tier, people } = consequence(principal, action, facts.manifest?.tasks)
    const askedMs = nowMs()
    const timeoutMs = facts.manifest?.approvalTimeoutMs ?? config.slaMs
    return {
      id: `apr-${Buffer.from(deps.randomBytes(12)).toString('hex')}`,
      binding,
      decision: entry,
      agent,
      ...(user && { user: { id: user.id, issuer: user.issuer } }),
      session,
      ...(task !== undefined && { task }),
      action: {
        kind: action.kind,
        ...(action.server !== undefined && { server: action.server }),
        ...(name !== undefined && { name }),
        digest: action.digest,
      },
      scope,
      tier,
      asked: [...askedReasons(decision)],
      ...(facts.flow && { integrity: facts.flow.integrity }),
      classes: [...(facts.flow?.classes ?? [])],
      epoch: facts.isolation.epoch,
      people: Math.max(people, tier === 'high' ? config.highPeople : 1),
      roles: [...config.roles],
      fallback: [...config.fallback],
      excluded: excludedFor(principal),
      askedMs,
      escalateMs: askedMs + Math.min(config.slaMs, timeoutMs),
      expiresMs: askedMs + timeoutMs,
      told: 0,
      useWithinMs: config.useWithinMs,
      votes: [],
      state: 'pending',
    }
  }

  function excludedFor({ agent, user }: Principal): string[] {
    const creator = config.creatorMayDecide ? undefined : state.agent(agent)?.createdBy
    return [...new Set([...(user ? [user.id] : []), ...(creator === undefined ? [] : [creator])])]
  }

  /** Whether the people there are could approve it, once they are asked. */
  function canBeAsked(principal: Principal, action: Action): boolean {
    if (action.kind !== 'tool.call' && action.kind !== 'resource.read' && action.kind !== 'prompt.get') return false
    const excluded = excludedFor(principal)
    return state.hasUser(
      ({ id, roles, disabledMs }) =>
        disabledMs === undefined && roles.some((role) => config.roles.includes(role)) && !excluded.includes(id),
    )
  }

  async function settled(
    id: string,
    { withinMs, signal }: { withinMs: number; signal: AbortSignal },
  ): ReturnType<Approvals['settled']> {
    const endMs = nowMs() + withinMs
    for (;;) {
      const known = state.approval(id)
      const now = known ? approvalState(known, nowMs()) : 'cancelled'
      // For somebody who has gone it waits on: nobody is there to take what would be done.
      if (signal.aborted) return 'pending'
      if (now !== 'pending' || nowMs() >= endMs) return now
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  async function sweep(): Promise<void> {
    const at = nowMs()
    const due = state.approvals().filter((one) => sweptOf(one, at) !== undefined)
    for (const one of due.slice(0, SWEPT_MAX)) await sweepOne(one.id, at)
    const gone = state.delegations().filter(({ untilMs, endedMs }) => at - Math.min(untilMs, endedMs ?? untilMs) > KEPT_MS)
    if (gone.length > 0)
      await state.transact(gone.slice(0, SWEPT_MAX).map(({ id }) => ({ op: 'delete', kind: 'delegation', key: id })))
  }

  async function sweepOne(id: string, at: number): Promise<void> {
    let swept: Swept | undefined
    await change(() => {
      const known = state.approval(id)
      swept = known && sweptOf(known, at)
      if (!swept) return undefined
      return [swept.next ? { op: 'put', kind: 'approval', value: swept.next } : { op: 'delete', kind: 'approval', key: id }]
    })
    const { verb, next } = swept ?? {}
    if (!verb || !next) return
    record({ verb, target: id, detail: approvalDetail(next) })
  }
}

interface Swept {
  /** What it becomes; absent where it is forgotten. */
  readonly next?: ApprovalRecord
  /** What is recorded of it. */
  readonly verb?: 'approval.due' | 'approval.escalated' | 'approval.expired' | 'approval.cancelled'
}

/** What time did to a request that nobody wrote down yet. */
function sweptOf(record: ApprovalRecord, at: number): Swept | undefined {
  if (isOver(record, at)) return { next: endApproval(record, 'expired', at), verb: 'approval.expired' }
  if (isOld(record, at)) return {}
  if (record.state === 'cancelled' && record.told < TOLD_MAX)
    return { next: { ...record, told: TOLD_MAX }, verb: 'approval.cancelled' }
  const told = remindersDue(record, at)
  if (record.state !== 'pending' || told <= record.told) return undefined
  return { next: { ...record, told }, verb: at >= record.escalateMs ? 'approval.escalated' : 'approval.due' }
}

/** Over by the clock, and nobody wrote it down yet. */
function isOver(record: ApprovalRecord, atMs: number): boolean {
  return record.state !== 'expired' && approvalState(record, atMs) === 'expired'
}

function isOld(record: ApprovalRecord, atMs: number): boolean {
  return record.endedMs !== undefined && record.state !== 'approved' && atMs - record.endedMs > KEPT_MS
}

/** What the grant of an act says of it. A read that is not a tool is as grave as its tier. */
function consequence(
  { task = '' }: Principal,
  { kind, server = '', name = '', args }: Action,
  tasks: ReadonlyMap<string, { readonly tools: ReadonlyMap<string, CompiledGrant> }> | undefined,
): { scope: CompiledGrant['scope']; tier: CompiledGrant['tier']; people: number } {
  const grant = kind === 'tool.call' ? tasks?.get(task)?.tools.get(`${server}.${name}`) : undefined
  if (!grant) return { scope: 'read', tier: 'high', people: 1 }
  return { scope: grant.scope, tier: grant.tier, people: peopleNeeded(grant, args) }
}
