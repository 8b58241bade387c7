import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import type { ApprovalRecord, ApprovalState } from '../model/approval.ts'
import { approvalState, castVote, consumeApproval, endApproval, standsUntilMs, whyNotApprover } from './approval-state.ts'
import { requestOf, voteOf } from './fixtures/request-of.ts'

const APPROVER = ['approver']

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
    expect(() => castVote(requestOf(), voteOf('dana', 5_000), APPROVER)).toThrow(GatewayError)
    expect(() => castVote(requestOf(), voteOf('dana', 5_000), APPROVER)).toThrow(/too late: the request is expired/)
    expect(castVote(requestOf(), voteOf('dana', 4_999), APPROVER).state).toBe('approved')
  })

  test('R155: what is cancelled stays so, and what was used cannot be taken back', () => {
    const cancelled = endApproval(requestOf({ state: 'approved', endedMs: 2_000 }), 'cancelled', 3_000)
    expect(cancelled).toMatchObject({ state: 'cancelled', endedMs: 3_000 })
    expect(() => consumeApproval(cancelled, 3_001)).toThrow('the approval is cancelled')
    const consumed = requestOf({ state: 'consumed', endedMs: 2_000 })
    expect(endApproval(consumed, 'cancelled', 3_000)).toBe(consumed)
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
  atMs: fc.nat(7_000),
})

test('R151 R145: whatever people do in whatever order, it is approved only by enough different people who may, in time, and used once', () => {
  fc.assert(
    fc.property(fc.array(anyVote, { maxLength: 12 }), fc.integer({ min: 1, max: 3 }), (votes, people) => {
      let record = requestOf({ people })
      for (const { user, verdict, role, atMs } of votes.toSorted((a, b) => a.atMs - b.atMs)) {
        const before = record
        try {
          record = castVote(record, voteOf(user, atMs, verdict), [role])
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^(?:CONFLICT|IDENTITY_FORBIDDEN)$/) as unknown })
          continue
        }
        expect(before.state).toBe('pending')
        expect(record.votes.slice(0, -1)).toEqual(before.votes)
      }
      const users = record.votes.map(({ user }) => user)
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
