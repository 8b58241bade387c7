import type { ApprovalRecord, ApprovalVote } from '../model/approval.ts'
import { approvalState } from './approval-state.ts'

/** So many of a person's newest decisions are looked at, and fewer say nothing. */
const VOTES_LOOKED_AT = 50
/** Whoever approves more than this share, and in half of the cases sooner than this after the first look, does not look. */
const APPROVED_SHARE_MAX = 0.98
const LOOK_MS_MIN = 3_000

/** How one person decides. */
export interface Attention {
  readonly user: string
  readonly decided: number
  readonly approved: number
  /** Of the newest decisions, where it was measured. */
  readonly lookP50Ms?: number
  /** They approve nearly everything, and nearly at once. */
  readonly isRubberStamp: boolean
  /** Tests they decided on, and those of them they approved. */
  readonly tests: number
  readonly testsMissed: number
}

/** How people decide together. Tests are counted for each person only: they are no acts. */
export interface Vigilance {
  readonly asked: number
  readonly approved: number
  readonly rejected: number
  readonly expired: number
  readonly cancelled: number
  readonly pending: number
  /** Approved, of what people decided; absent where they decided nothing. */
  readonly approvedShare?: number
  /** From asking to the last vote. */
  readonly decidedP50Ms?: number
  readonly decidedP95Ms?: number
  readonly people: readonly Attention[]
}

/** R156: what the requests of some time say about how people decide. */
export function vigilanceOf(records: readonly ApprovalRecord[], nowMs: number): Vigilance {
  const acts = records.filter((record) => !record.seeded)
  const count = (verdict: 'approve' | 'reject' | 'expired' | 'cancelled' | 'pending'): number =>
    acts.filter((record) => endOf(record, nowMs) === verdict).length
  const [approved, rejected] = [count('approve'), count('reject')]
  const tookMs = acts.flatMap((record) => {
    const last = record.votes.at(-1)
    return last && (endOf(record, nowMs) === 'approve' || endOf(record, nowMs) === 'reject') ? [last.atMs - record.askedMs] : []
  })
  const users = [...new Set(records.flatMap(({ votes }) => votes.map(({ user }) => user)))].sort()
  return {
    asked: acts.length,
    approved,
    rejected,
    expired: count('expired'),
    cancelled: count('cancelled'),
    pending: count('pending'),
    ...(approved + rejected > 0 && { approvedShare: approved / (approved + rejected) }),
    ...quantile('decidedP50Ms', tookMs, 0.5),
    ...quantile('decidedP95Ms', tookMs, 0.95),
    people: users.map((user) => attentionOf(records, user)),
  }
}

/** What the requests say about one person. */
export function attentionOf(records: readonly ApprovalRecord[], user: string): Attention {
  const own = (isTest: boolean): ApprovalVote[] =>
    records
      .filter(({ seeded }) => (seeded !== undefined) === isTest)
      .flatMap(({ votes }) => votes.filter((vote) => vote.user === user))
  const [votes, tests] = [own(false), own(true)]
  const newest = votes.toSorted((a, b) => a.atMs - b.atMs).slice(-VOTES_LOOKED_AT)
  const looks = newest.flatMap(({ lookMs }) => (lookMs === undefined ? [] : [lookMs]))
  const look = quantile('lookP50Ms', looks, 0.5)
  const share = newest.filter(isApproval).length / newest.length
  return {
    user,
    decided: votes.length,
    approved: votes.filter(isApproval).length,
    ...look,
    isRubberStamp: newest.length === VOTES_LOOKED_AT && share > APPROVED_SHARE_MAX && (look.lookP50Ms ?? LOOK_MS_MIN) < LOOK_MS_MIN,
    tests: tests.length,
    testsMissed: tests.filter(isApproval).length,
  }
}

/** How many acts a person approved since a time. */
export function approvedSince(records: readonly ApprovalRecord[], user: string, sinceMs: number): number {
  return records.flatMap(({ votes }) => votes).filter((vote) => vote.user === user && isApproval(vote) && vote.atMs > sinceMs)
    .length
}

function isApproval({ verdict }: ApprovalVote): boolean {
  return verdict === 'approve'
}

/** What people made of a request: one that was approved counts as that, whether or not it was used. */
function endOf(record: ApprovalRecord, nowMs: number): 'approve' | 'reject' | 'expired' | 'cancelled' | 'pending' {
  const approvals = record.votes.filter(isApproval).length
  if (record.votes.some((vote) => !isApproval(vote))) return 'reject'
  if (approvals >= record.people) return 'approve'
  const state = approvalState(record, nowMs)
  return state === 'cancelled' || state === 'pending' ? state : 'expired'
}

/** Nearest rank. */
function quantile<N extends string>(name: N, values: readonly number[], q: number): { readonly [K in N]?: number } {
  const at = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)]
  return (at === undefined ? {} : { [name]: at }) as { readonly [K in N]?: number }
}
