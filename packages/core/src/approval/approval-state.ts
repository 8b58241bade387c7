import { GatewayError } from '../errors.ts'
import type { ApprovalRecord, ApprovalState, ApprovalVote } from '../model/approval.ts'

/** A person as far as it matters here. */
export interface Approver {
  readonly id: string
  readonly roles: readonly string[]
}

/** Where a request stands at a time: it ends by the clock, whether or not anybody noticed. */
export function approvalState(record: ApprovalRecord, nowMs: number): ApprovalState {
  if (record.state === 'pending' && nowMs >= record.expiresMs) return 'expired'
  if (record.state === 'approved' && nowMs >= usableUntilMs(record)) return 'expired'
  return record.state
}

/** Why a person may not decide; `undefined` when they may. */
export function whyNotApprover(record: ApprovalRecord, { id, roles }: Approver, nowMs: number): string | undefined {
  if (record.excluded.includes(id) || record.user?.id === id)
    return 'whoever asked for an act or answers for its agent does not decide on it'
  if (record.votes.some((vote) => vote.user === id)) return 'you decided already; another person has to'
  const wanted = nowMs >= record.escalateMs ? [...record.roles, ...record.fallback] : record.roles
  return roles.some((role) => wanted.includes(role)) ? undefined : `it needs one of the roles ${wanted.join(', ')}`
}

/**
 * What a request becomes when a person decides: one rejection ends it, the last approval that is needed grants it.
 * @throws GatewayError `CONFLICT` when it is over, `IDENTITY_FORBIDDEN` when the person may not decide
 */
export function castVote(record: ApprovalRecord, vote: ApprovalVote, roles: readonly string[]): ApprovalRecord {
  const state = approvalState(record, vote.atMs)
  if (state !== 'pending') throw new GatewayError('CONFLICT', `too late: the request is ${state}`)
  const why = whyNotApprover(record, { id: vote.user, roles }, vote.atMs)
  if (why !== undefined) throw new GatewayError('IDENTITY_FORBIDDEN', why)
  const votes = [...record.votes, vote]
  if (vote.verdict === 'reject') return { ...record, votes, state: 'rejected', endedMs: vote.atMs }
  if (votes.length < record.people) return { ...record, votes }
  return { ...record, votes, state: 'approved', endedMs: vote.atMs }
}

/**
 * Uses an approval up. Whoever stores the result must do so only on the state it was computed from, so that it happens once.
 * @throws GatewayError `CONFLICT` unless it is approved now
 */
export function consumeApproval(record: ApprovalRecord, nowMs: number): ApprovalRecord {
  const state = approvalState(record, nowMs)
  if (state !== 'approved') throw new GatewayError('CONFLICT', `the approval is ${state}`)
  return { ...record, state: 'consumed', endedMs: nowMs }
}

/** Ends a request that has not been used: by isolation, or because its time is over. One that is over stays as it is. */
export function endApproval(record: ApprovalRecord, how: 'cancelled' | 'expired', nowMs: number): ApprovalRecord {
  if (record.state !== 'pending' && record.state !== 'approved') return record
  return { ...record, state: how, endedMs: nowMs }
}

/** Shares of the time of those who are asked first, at which people are told of a request that nobody answered. */
const REMINDERS = [0.5, 0.8, 1] as const

/** R149: how many reminders are due; at the last one others may decide as well. */
export function remindersDue({ askedMs, escalateMs }: ApprovalRecord, nowMs: number): number {
  return REMINDERS.filter((share) => nowMs >= askedMs + share * (escalateMs - askedMs)).length
}

/** Until when an approval may be used. */
export function usableUntilMs(record: ApprovalRecord): number {
  return (record.endedMs ?? record.expiresMs) + record.useWithinMs
}

/** How long the answer to a request stands for the same act, so that nobody is asked again at once. */
export function standsUntilMs(record: ApprovalRecord): number {
  return record.state === 'approved'
    ? usableUntilMs(record)
    : (record.endedMs ?? record.expiresMs) + (record.expiresMs - record.askedMs)
}
