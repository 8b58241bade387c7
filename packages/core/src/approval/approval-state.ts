import { GatewayError } from '../errors.ts'
import type { ApprovalRecord, ApprovalState, ApprovalVote, DelegationRecord } from '../model/approval.ts'

/** A person as far as it matters here. */
export interface Approver {
  readonly id: string
  readonly roles: readonly string[]
  /** Those who asked them to decide in their place at this time, with roles of their own. */
  readonly standsFor?: readonly { readonly id: string; readonly roles: readonly string[] }[]
}

/** Where a request stands at a time: it ends by the clock, whether or not anybody noticed. */
export function approvalState(record: ApprovalRecord, nowMs: number): ApprovalState {
  if (record.state === 'pending' && nowMs >= record.expiresMs) return 'expired'
  if (record.state === 'approved' && nowMs >= usableUntilMs(record)) return 'expired'
  return record.state
}

/** Whether a person may decide, and in whose place: their own comes first. */
export type Seat = { readonly inPlaceOf?: string } | { readonly whyNot: string }

export function seatOf(record: ApprovalRecord, { id, roles, standsFor = [] }: Approver, nowMs: number): Seat {
  const isExcluded = (person: string): boolean => record.excluded.includes(person) || record.user?.id === person
  if (isExcluded(id)) return { whyNot: 'whoever asked for an act or answers for its agent does not decide on it' }
  // Otherwise they would decide through somebody they chose.
  if (standsFor.some((one) => isExcluded(one.id)))
    return { whyNot: 'you stand in for somebody who asked for the act or answers for its agent' }
  const hasVoted = (person: string): boolean => record.votes.some(({ user, inPlaceOf }) => user === person || inPlaceOf === person)
  if (hasVoted(id)) return { whyNot: 'you decided already, or somebody in your place; another person has to' }
  const wanted = nowMs >= record.escalateMs ? [...record.roles, ...record.fallback] : record.roles
  const isWanted = (held: readonly string[]): boolean => held.some((role) => wanted.includes(role))
  if (isWanted(roles)) return {}
  const principal = standsFor.find((one) => isWanted(one.roles) && !hasVoted(one.id))
  return principal ? { inPlaceOf: principal.id } : { whyNot: `it needs one of the roles ${wanted.join(', ')}` }
}

/** Why a person may not decide; `undefined` when they may. */
export function whyNotApprover(record: ApprovalRecord, approver: Approver, nowMs: number): string | undefined {
  const seat = seatOf(record, approver, nowMs)
  return 'whyNot' in seat ? seat.whyNot : undefined
}

/**
 * What a request becomes when a person decides: one rejection ends it, the last approval that is needed grants it. Approving one
 * that only tests whether people look grants nothing.
 * @throws GatewayError `CONFLICT` when it is over, `IDENTITY_FORBIDDEN` when the person may not decide
 */
export function castVote(
  record: ApprovalRecord,
  vote: Omit<ApprovalVote, 'user' | 'inPlaceOf'>,
  approver: Approver,
): ApprovalRecord {
  const state = approvalState(record, vote.atMs)
  if (state !== 'pending') throw new GatewayError('CONFLICT', `too late: the request is ${state}`)
  const seat = seatOf(record, approver, vote.atMs)
  if ('whyNot' in seat) throw new GatewayError('IDENTITY_FORBIDDEN', seat.whyNot)
  const votes = [...record.votes, { ...vote, ...seat, user: approver.id }]
  if (vote.verdict === 'reject') return { ...record, votes, state: 'rejected', endedMs: vote.atMs }
  if (votes.length < record.people) return { ...record, votes }
  return { ...record, votes, state: record.seeded ? 'cancelled' : 'approved', endedMs: vote.atMs }
}

/** Those in whose place a person may decide at a time, out of everything that people arranged. */
export function standsForAt(delegations: readonly DelegationRecord[], to: string, nowMs: number): readonly string[] {
  const now = delegations.filter((one) => one.to === to && one.endedMs === undefined && one.fromMs <= nowMs && nowMs < one.untilMs)
  return [...new Set(now.map(({ from }) => from))]
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
