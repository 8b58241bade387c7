import { type ApprovalRecord, approvalState, type Entry, GatewayError, jcs, type Json, sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import type { ApprovalsConfig } from '../config-approvals.ts'
import { GateTestRecord } from '../state-records.ts'
import { requireRequest } from './approval-views.ts'
import { ApprovalId } from './approvals.ts'
import { type ControlDeps, defineVerb } from './define-verb.ts'

/** How long the three may be apart, and most entries of the log that are looked through for them. */
const APART_MS_MAX = 86_400_000
const ENTRIES_MAX = 50_000
const READ_AT_ONCE = 500

/**
 * R150: judges from the record alone, so that whoever drove the test need not be believed: one act ran once because people said so,
 * one did not because they said no, one did not because nobody said anything in time, and being late was no use.
 */
export const approvalTest = defineVerb({
  name: 'approval.test',
  summary: 'Keep the evidence that approvals work, from three requests: one approved, one rejected, one that lapsed',
  roles: ['owner', 'engineer', 'security'],
  isLong: true,
  input: z.strictObject({ approved: ApprovalId, rejected: ApprovalId, expired: ApprovalId }),
  output: z.strictObject({ test: GateTestRecord }),
  target: (input) => input.approved,
  async run(deps, ids, { user }) {
    const [approved, rejected, expired] = [ids.approved, ids.rejected, ids.expired].map((id) => requireRequest(deps, id))
    if (!approved || !rejected || !expired) throw new GatewayError('NOT_FOUND', 'three requests are needed')
    const atMs = deps.nowMs()
    requireComparable([approved, rejected, expired])
    requireEnds({ approved, rejected, expired }, atMs)
    const entries = await evidenceOf(deps, { approved, rejected, expired })
    const value = { config: configHash(deps), agent: approved.agent, ...ids, entries, by: user.id, atMs }
    return {
      output: { test: value },
      changes: [{ op: 'put', kind: 'gateTest', value }],
      detail: { ...ids, agent: value.agent, config: value.config, entries: entries.map(String) },
    }
  },
})

/** Where the configuration wants it, grants wait until approvals were tested under it, lately. @throws GatewayError `CONFLICT` */
export function requireGateTested(deps: ControlDeps, agent: string): void {
  const withinMs = deps.approvals?.().testWithinMs
  if (withinMs === undefined || deps.manifests.current(agent)?.proposed.length === 0) return
  const test = deps.state.gateTest()
  if (test && test.config === configHash(deps) && deps.nowMs() - test.atMs <= withinMs) return
  throw new GatewayError(
    'CONFLICT',
    'approvals were not tested under this configuration lately; run: sallyport approvals test-gate',
  )
}

interface Three {
  readonly approved: ApprovalRecord
  readonly rejected: ApprovalRecord
  readonly expired: ApprovalRecord
}

function requireComparable(records: readonly ApprovalRecord[]): void {
  if (new Set(records.map(({ id }) => id)).size < records.length) throw new GatewayError('CONFLICT', 'it takes three requests')
  if (new Set(records.map(({ agent, action }) => `${agent} ${action.server} ${action.name}`)).size > 1)
    throw new GatewayError('CONFLICT', 'the three are calls of one tool by one agent')
  const asked = records.map(({ askedMs }) => askedMs)
  if (Math.max(...asked) - Math.min(...asked) > APART_MS_MAX)
    throw new GatewayError('CONFLICT', 'the three are more than a day apart')
  if (records.some(({ seeded }) => seeded)) throw new GatewayError('CONFLICT', 'a test of attention is no act')
}

function requireEnds({ approved, rejected, expired }: Three, nowMs: number): void {
  const votes = approved.votes.filter(({ verdict }) => verdict === 'approve').length
  if (approved.state !== 'consumed' || votes < approved.people)
    throw new GatewayError('CONFLICT', `${approved.id} was not approved and used; it is ${approvalState(approved, nowMs)}`)
  if (rejected.state !== 'rejected') throw new GatewayError('CONFLICT', `${rejected.id} was not rejected`)
  if (approvalState(expired, nowMs) !== 'expired' || expired.votes.some(({ verdict }) => verdict === 'approve'))
    throw new GatewayError('CONFLICT', `${expired.id} did not lapse without an answer`)
}

/** Entries that show each part, in order. @throws GatewayError `CONFLICT` that says what the log does not show */
async function evidenceOf({ audit }: ControlDeps, { approved, rejected, expired }: Three): Promise<number[]> {
  const from = Math.min(approved.decision, rejected.decision, expired.decision)
  const size = await audit.size()
  if (size - from > ENTRIES_MAX) throw new GatewayError('CONFLICT', 'too much was recorded since; test again')
  const ran: number[] = []
  const done: number[] = []
  const told: number[] = []
  const late: number[] = []
  for (let at = from; at < size; at += READ_AT_ONCE) {
    const entries = await audit.read(at, Math.min(size, at + READ_AT_ONCE))
    for (const [i, entry] of entries.entries()) {
      const index = at + i
      if (usedBy(entry, approved)) ran.push(index)
      if (entry.type === 'outcome' && ran.includes(entry.decision) && entry.status === 'success') done.push(index)
      if (usedBy(entry, rejected) || usedBy(entry, expired))
        throw new GatewayError('CONFLICT', `entry ${index} ran an act that nobody approved`)
      if (isToldOf(entry, rejected)) told.push(index)
      if (isLate(entry, expired)) late.push(index)
    }
  }
  const wanted: [string, number[], boolean][] = [
    ['that the approved act was allowed exactly once', ran, ran.length === 1],
    ['that it was carried out', done, done.length === 1],
    ['that the agent was refused what was rejected', told, told.length > 0],
    ['that a late approval was refused', late, late.length > 0],
  ]
  for (const [what, , isShown] of wanted) if (!isShown) throw new GatewayError('CONFLICT', `the log does not show ${what}`)
  return wanted.flatMap(([, found]) => found.slice(0, 1))
}

function usedBy(entry: Entry, { id }: ApprovalRecord): boolean {
  return entry.type === 'decision' && entry.enforced === 'allow' && entry.approval?.id === id
}

function isToldOf(entry: Entry, { agent, action }: ApprovalRecord): boolean {
  return (
    entry.type === 'decision' &&
    entry.enforced === 'deny' &&
    entry.actor.id === agent &&
    entry.action.digest === action.digest &&
    entry.reasons.includes('approval_rejected')
  )
}

function isLate(entry: Entry, { id }: ApprovalRecord): boolean {
  return entry.type === 'admin' && entry.verb === 'approval.decide' && entry.target === id && entry.code === 'CONFLICT'
}

function configHash({ approvals }: Pick<ControlDeps, 'approvals'>): string {
  const config: ApprovalsConfig | undefined = approvals?.()
  return sha256Hex(jcs((config ?? {}) as unknown as Json))
}
