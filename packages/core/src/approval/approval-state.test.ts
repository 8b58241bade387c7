import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import type { ApprovalRecord, ApprovalState } from '../model/approval.ts'
import {
  approvalState,
  castVote,
  consumeApproval,
  endApproval,
  type Seat,
  seatOf,
  standsForAt,
  standsUntilMs,
  whyNotApprover,
} from './approval-state.ts'
import { requestOf, voteOf } from './fixtures/request-of.ts'

const APPROVER = ['approver']
const DANA = { id: 'dana', roles: APPROVER }

describe('a request for approval', () => {
  test.each<[ApprovalState, Partial<ApprovalRecord>, number, string]>([
    ['pending', {}, 4_999, 'as long as there is time'],
    ['expired', {}, 5_000, 'at its end, whether or not anybody noticed'],
    ['approved', { state: 'approved', endedMs: 4_000 }, 4_999, 'while it may be used'],
    ['expired', { state: 'approved', endedMs: 4_000 }, 5_000, 'that nobody used in time'],
    ['rejected', { state: 'rejected', endedMs: 4_000 }, 9_999_999, 'for ever'],
    ['consumed', { state: 'consumed', endedMs: 4_000 }, 9_999_999, 'for ever'],
  ])('R145: is %s with %j at %i: %s', (state, more, atMs) => expect(approvalState(requestOf(more), atMs)).toBe(state))

  test.each<[string, string, readonly string[], number, RegExp | undefined]>([
    ['an approver', 'dana', APPROVER, 1_500, undefined],
    ['the user it is for', 'carol', APPROVER, 1_500, /whoever asked/],
    ['who answers for the agent', 'alice', APPROVER, 1_500, /whoever asked/],
    ['another role', 'erin', ['engineer'], 1_500, /one of the roles approver$/],
    ['the second line too early', 'bob', ['security'], 1_999, /one of the roles approver$/],
    ['the second line in its time', 'bob', ['security'], 2_000, undefined],
  ])('R151 R149: %s: %s with %j at %i', (_, id, roles, atMs, why) => {
    const said = whyNotApprover(requestOf(), { id, roles }, atMs)
    if (why) expect(said).toMatch(why)
    else expect(said).toBeUndefined()
  })

  test('R145: who is late, is too late', () => {
    expect(() => castVote(requestOf(), voteOf(5_000), DANA)).toThrow(GatewayError)
    expect(() => castVote(requestOf(), voteOf(5_000), DANA)).toThrow(/too late: the request is expired/)
    expect(castVote(requestOf(), voteOf(4_999), DANA).state).toBe('approved')
  })

  test('R155: what is cancelled stays so, and what was used cannot be taken back', () => {
    const cancelled = endApproval(requestOf({ state: 'approved', endedMs: 2_000 }), 'cancelled', 3_000)
    expect(cancelled).toMatchObject({ state: 'cancelled', endedMs: 3_000 })
    expect(() => consumeApproval(cancelled, 3_001)).toThrow('the approval is cancelled')
    const consumed = requestOf({ state: 'consumed', endedMs: 2_000 })
    expect(endApproval(consumed, 'cancelled', 3_000)).toBe(consumed)
  })

  const lena = { id: 'lena', roles: ['engineer'] }
  const inPlaceOf = (...ids: string[]) => ({ ...lena, standsFor: ids.map((id) => ({ id, roles: APPROVER })) })
  test.each<[string, Parameters<typeof seatOf>[1], Partial<ApprovalRecord>, Seat]>([
    ['their own place comes first', { ...inPlaceOf('frank'), roles: APPROVER }, {}, {}],
    ['the place of who may', inPlaceOf('frank'), {}, { inPlaceOf: 'frank' }],
    ['nobody’s', lena, {}, { whyNot: 'it needs one of the roles approver' }],
    [
      'the place of another, where the first was used',
      inPlaceOf('frank', 'gina'),
      { votes: [{ ...voteOf(1), user: 'frank' }] },
      { inPlaceOf: 'gina' },
    ],
    [
      'not the place of who decided already',
      inPlaceOf('frank'),
      { votes: [{ ...voteOf(1), user: 'hugo', inPlaceOf: 'frank' }] },
      { whyNot: 'it needs one of the roles approver' },
    ],
    [
      'not once somebody used theirs',
      { id: 'frank', roles: APPROVER },
      { votes: [{ ...voteOf(1), user: 'hugo', inPlaceOf: 'frank' }] },
      { whyNot: 'you decided already, or somebody in your place; another person has to' },
    ],
    [
      'not where one of them asked for the act',
      { ...inPlaceOf('carol', 'frank'), roles: APPROVER },
      {},
      { whyNot: 'you stand in for somebody who asked for the act or answers for its agent' },
    ],
  ])('R149 R151: %s', (_, approver, more, seat) => expect(seatOf(requestOf(more), approver, 1_500)).toEqual(seat))

  test('R149: people stand in for each other in the time they said, until somebody ends it', () => {
    const one = { id: 'del-1', from: 'gina', to: 'lena', fromMs: 10, untilMs: 20, reason: 'away', createdMs: 0 }
    const at = (nowMs: number, more = {}): readonly string[] => standsForAt([{ ...one, ...more }, one], 'lena', nowMs)
    expect([at(9), at(10), at(19), at(20)]).toEqual([[], ['gina'], ['gina'], []])
    expect(standsForAt([{ ...one, endedMs: 5 }], 'lena', 15)).toEqual([])
    expect(standsForAt([one], 'gina', 15)).toEqual([])
  })

  test('an answer stands as long as people had for it', () => {
    expect(standsUntilMs(requestOf({ state: 'rejected', endedMs: 2_000 }))).toBe(6_000)
    expect(standsUntilMs(requestOf({ state: 'approved', endedMs: 2_000 }))).toBe(3_000)
  })
})

const anyVote = fc.record({
  user: fc.constantFrom('dana', 'frank', 'grace', 'carol', 'alice', 'bob'),
  verdict: fc.constantFrom('approve' as const, 'reject' as const),
  role: fc.constantFrom('approver', 'security', 'engineer'),
  standsFor: fc.subarray(['dana', 'frank', 'grace', 'carol', 'alice', 'bob']),
  atMs: fc.nat(7_000),
})

test('R151 R145: whatever people do in whatever order, it is approved only by enough different people who may, in time, and used once', () => {
  fc.assert(
    fc.property(fc.array(anyVote, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (votes, people) => {
      let record = requestOf({ people })
      for (const { user, verdict, role, standsFor, atMs } of votes.toSorted((a, b) => a.atMs - b.atMs)) {
        const before = record
        try {
          record = castVote(record, voteOf(atMs, verdict), {
            id: user,
            roles: [role],
            standsFor: standsFor.flatMap((id) => (id === user ? [] : [{ id, roles: APPROVER }])),
          })
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(?:CONFLICT|IDENTITY_FORBIDDEN)$/) as unknown })
          continue
        }
        expect(before.state).toBe('pending')
        expect(record.votes.slice(0, -1)).toEqual(before.votes)
      }
      // Neither a person nor whoever they stood in for counts twice.
      const users = record.votes.flatMap(({ user, inPlaceOf }) => (inPlaceOf === undefined ? [user] : [user, inPlaceOf]))
      expect(new Set(users).size).toBe(users.length)
      expect(users).not.toContain('carol')
      expect(users).not.toContain('alice')
      const approvals = record.votes.filter(({ verdict, atMs }) => verdict === 'approve' && atMs < 5_000).length
      expect(record.state === 'approved').toBe(approvals === people && record.votes.length === people)
      if (record.state !== 'approved') return
      const at = record.endedMs ?? 0
      const used = consumeApproval(record, at)
      expect(() => consumeApproval(used, at)).toThrow('the approval is consumed')
      expect(() => consumeApproval(record, at + 1_000)).toThrow('the approval is expired')
    }),
    { numRuns: 2_000 },
  )
})
