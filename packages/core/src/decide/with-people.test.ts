import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { requestOf } from '../approval/fixtures/request-of.ts'
import type { ApprovalRecord } from '../model/approval.ts'
import type { Vote } from '../model/decision.ts'
import type { FlowFacts } from '../model/flow-facts.ts'
import { INTEGRITY_LEVELS } from '../model/integrity.ts'
import { combine } from './combine.ts'
import type { Facts } from './facts.ts'
import { allow, deny } from './votes.ts'
import { mustAsk, withPeople } from './with-people.ts'

const GATE: Vote = { rule: 'consequence', effect: 'require_approval', reason: 'approval_required', mode: 'enforce' }
const TAINT: Vote = { rule: 'flow', effect: 'require_approval', reason: 'tainted_act', mode: 'enforce', detail: '/to' }
const flow: FlowFacts = { integrity: 'user', classes: [], link: 'none', slots: [] }
const facts = (more: Partial<ApprovalRecord>, known: FlowFacts = flow): Facts => ({
  nowMs: 0,
  isolation: { isolated: false, epoch: 0 },
  budget: { reserved: true, keys: [] },
  flow: known,
  approval: { request: requestOf({ state: 'approved', endedMs: 0, ...more }) },
})
const granted = [allow('grant', 'granted'), GATE]

describe('what people said', () => {
  test('R142: an approval answers what was asked, and says so', () => {
    const decision = withPeople(granted, [], facts({}))
    expect(decision).toMatchObject({ enforced: 'allow', evaluated: 'allow', approval: requestOf().id })
    expect(decision.votes.at(-1)).toMatchObject({ rule: 'approval', reason: 'approved' })
  })
  test.each<[string, Facts, readonly Vote[]]>([
    ['another reason to ask', facts({}), [...granted, TAINT]],
    ['a reason about something else', facts({ asked: [{ ...GATE, reason: 'tainted_act', detail: '/cc' }] }), [TAINT]],
    ['worse things read since', facts({}, { ...flow, integrity: 'web' }), granted],
    ['a class of data read since', facts({}, { ...flow, classes: ['phi'] }), granted],
    ['a request that still waits', facts({ state: 'pending' }), granted],
    ['one that was used', facts({ state: 'consumed' }), granted],
  ])('R142: %s: it does not count', (_, given, votes) => {
    expect(withPeople(votes, [], given).enforced).toBe('require_approval')
    expect(withPeople(votes, [], given)).not.toHaveProperty('approval')
  })
  test('R142: what the company itself holds, read since, takes no approval away', () => {
    expect(withPeople(granted, [], facts({ integrity: 'system' }, { ...flow, integrity: 'internal' })).enforced).toBe('allow')
    expect(withPeople(granted, [], facts({ integrity: 'web' }, { ...flow, integrity: 'document' })).enforced).toBe('allow')
  })
  test.each(['rejected', 'expired', 'cancelled'] as const)('R145: %s is a deny', (state) => {
    expect(withPeople(granted, [], facts({ state }))).toMatchObject({ enforced: 'deny', reasons: [`approval_${state}`] })
  })
  test('people are asked once, and again when there is more to say', () => {
    const decision = combine(granted)
    expect(mustAsk(decision, { ...facts({}), approval: {} })).toBe(true)
    expect(mustAsk(decision, facts({ state: 'pending' }))).toBe(false)
    expect(mustAsk(combine([...granted, TAINT]), facts({ state: 'pending' }))).toBe(true)
    const { approval: _, ...alone } = facts({})
    expect(mustAsk(decision, alone)).toBe(false)
  })
})

const anyVote = fc.record({
  rule: fc.constantFrom('consequence', 'flow', 'args'),
  effect: fc.constantFrom('allow' as const, 'require_approval' as const, 'deny' as const),
  reason: fc.constantFrom('granted' as const, 'approval_required' as const, 'tainted_act' as const, 'args_invalid' as const),
  mode: fc.constantFrom('enforce' as const, 'observe' as const),
})
const anyFacts = fc
  .record({
    state: fc.constantFrom('pending' as const, 'approved' as const, 'rejected' as const, 'expired' as const, 'consumed' as const),
    asked: fc.array(
      fc.record({ rule: fc.constantFrom('consequence', 'flow'), reason: fc.constantFrom('approval_required', 'tainted_act') }),
      { maxLength: 3 },
    ),
    integrity: fc.constantFrom(...INTEGRITY_LEVELS),
    now: fc.constantFrom(...INTEGRITY_LEVELS),
  })
  .map(({ now, ...more }) => facts(more, { ...flow, integrity: now }))

test('R142 R148: no approval ever loosens a deny, or what it was not asked about', () => {
  fc.assert(
    fc.property(fc.array(anyVote, { maxLength: 6 }), anyFacts, (votes, given) => {
      const without = combine(votes)
      const decision = withPeople(votes, [], given)
      if (without.enforced !== 'require_approval') expect(decision).toEqual(without)
      if (decision.enforced !== 'allow' || without.enforced === 'allow') return
      const { request } = given.approval ?? {}
      expect(request?.state).toBe('approved')
      const asking = votes.filter(({ effect, mode }) => effect === 'require_approval' && mode === 'enforce')
      for (const { rule, reason } of asking) expect(request?.asked).toContainEqual({ rule, reason })
      expect(votes.some(({ effect, mode }) => effect === 'deny' && mode === 'enforce')).toBe(false)
      expect(decision.enforced === 'allow' && decision.approval).toBe(request?.id)
    }),
    { numRuns: 3_000 },
  )
})
test('R142: a deny stands, whatever people said', () =>
  expect(withPeople([...granted, deny('denied', 'explicitly_denied')], [], facts({}))).toMatchObject({ enforced: 'deny' }))
