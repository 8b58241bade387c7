import { describe, expect, test } from 'vitest'
import type { ApprovalRecord, ApprovalVote } from '../model/approval.ts'
import { requestOf, voteOf } from './fixtures/request-of.ts'
import { approvedSince, attentionOf, vigilanceOf } from './vigilance.ts'

const voted = (more: Partial<ApprovalVote> = {}): ApprovalVote => ({ ...voteOf(2_000), user: 'dana', ...more })
const request = (votes: readonly ApprovalVote[], more: Partial<ApprovalRecord> = {}): ApprovalRecord =>
  requestOf({ votes: [...votes], state: 'consumed', endedMs: 3_000, ...more })
const fifty = (of: (i: number) => Partial<ApprovalVote>): ApprovalRecord[] =>
  Array.from({ length: 50 }, (_, i) => request([voted({ lookMs: 100, atMs: i, ...of(i) })]))

describe('how people decide', () => {
  test('R156: what became of requests, how fast, and of whom; tests are no acts', () => {
    const records = [
      request([voted({ atMs: 2_000 })]),
      request([voted({ atMs: 4_000, user: 'frank' })], { state: 'expired' }),
      request([voted({ verdict: 'reject', atMs: 9_000 })], { state: 'rejected' }),
      request([voted()], { people: 2, state: 'cancelled' }),
      request([], { state: 'expired' }),
      requestOf(),
      request([voted()], { seeded: { by: 'sam', of: 'apr-1' }, state: 'cancelled' }),
    ]
    expect(vigilanceOf(records, 1_500)).toEqual({
      asked: 6,
      approved: 2,
      rejected: 1,
      expired: 1,
      cancelled: 1,
      pending: 1,
      approvedShare: 2 / 3,
      decidedP50Ms: 3_000,
      decidedP95Ms: 8_000,
      people: [
        { user: 'dana', decided: 3, approved: 2, isRubberStamp: false, tests: 1, testsMissed: 1 },
        { user: 'frank', decided: 1, approved: 1, isRubberStamp: false, tests: 0, testsMissed: 0 },
      ],
    })
    expect(vigilanceOf([], 0)).toEqual({ asked: 0, approved: 0, rejected: 0, expired: 0, cancelled: 0, pending: 0, people: [] })
  })

  test.each<[string, ApprovalRecord[], boolean]>([
    ['fifty at once', fifty(() => ({})), true],
    ['one less', fifty(() => ({})).slice(1), false],
    ['one no in fifty', fifty((i) => ({ verdict: i === 7 ? 'reject' : 'approve' })), false],
    ['half of them looked at', fifty((i) => ({ lookMs: i < 25 ? 100 : 3_000 })), true],
    ['more than half of them looked at', fifty((i) => ({ lookMs: i < 24 ? 100 : 3_000 })), false],
    ['nobody measured', fifty(() => ({})).map((one) => ({ ...one, votes: [voted()] })), false],
    ['long ago they said no', [...fifty((i) => ({ atMs: 10 + i })), request([voted({ verdict: 'reject', atMs: 1 })])], true],
  ])('R156: %s', (_, records, isRubberStamp) => expect(attentionOf(records, 'dana')).toMatchObject({ isRubberStamp }))

  test('R156: what one person approved since a time', () => {
    const records = [
      request([voted({ atMs: 10 })]),
      request([voted({ atMs: 11 }), voted({ atMs: 12, user: 'frank' })]),
      requestOf(),
    ]
    expect([9, 10, 11].map((since) => approvedSince(records, 'dana', since))).toEqual([2, 1, 0])
    expect(approvedSince([request([voted({ verdict: 'reject' })])], 'dana', 0)).toBe(0)
  })
})
