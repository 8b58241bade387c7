import { describe, expect, test } from 'vitest'
import type { Action } from '../model/action.ts'
import { ModelBudget } from '../model/model-budget.ts'
import { nanosOf } from '../model/money.ts'
import { decide } from './decide.ts'
import { eligibleCandidates } from './eligible-candidates.ts'
import { candidate, modelFacts, need } from './fixtures/candidates.ts'
import { alice, compiled, facts, manifestOf, withoutUser } from './fixtures/world.ts'
import { longestWindowMs } from './longest-window.ts'
import { currenciesOf, exhaustedBy, settledSpends, spendsOf } from './spends.ts'

const ASK: Action = { kind: 'model.call', name: 'default', args: {}, digest: 'd' }
const price = { currency: 'EUR', input: '1', output: '10' } as const

interface Stated {
  readonly ofAgent?: readonly object[]
  readonly ofTask?: readonly object[]
}

function manifest({ ofAgent = [], ofTask }: Stated) {
  const modelPolicy = ofTask ? { budgets: ofTask } : {}
  return manifestOf({}, { defaults: { modelBudgets: ofAgent } as never, task: { models: ['default'], modelPolicy } })
}

const spends = (stated: Stated, more: Parameters<typeof modelFacts>[0] = {}, action = ASK, principal = alice) =>
  spendsOf(principal, action, { manifest: compiled(manifest(stated)), model: modelFacts(more) })

describe('what a call may use at most', () => {
  const bound = { inputTokens: 300, answers: 2, outputTokens: 50 }
  test.each([
    ['calls', { calls: 5 }, 1],
    ['tokens', { tokens: 5 }, 400],
    ['inputTokens', { inputTokens: 5 }, 300],
    ['outputTokens', { outputTokens: 5 }, 100],
    ['money', { money: { amount: '5', currency: 'EUR' } }, (300 * nanosOf('1') + 100 * nanosOf('10')) / 1e6],
  ])('%s', (unit, limit, amount) => {
    const eligibility = { eligible: [candidate({ price })], refused: [] }
    expect(spends({ ofAgent: [{ per: 'agent', window: 'day', ...limit }] }, { bound, eligibility })).toMatchObject([
      { unit, amount, windowMs: 86_400_000 },
    ])
  })
  test('of several models that may answer, the dearest and most talkative', () => {
    const eligible = [
      candidate({ price, outputTokensMax: 10 }),
      candidate({ price: { ...price, output: '20' }, outputTokensMax: 90 }),
    ]
    const money = { per: 'agent', window: 'day', money: { amount: '5', currency: 'EUR' }, tokens: 5 }
    const drawn = spends({ ofAgent: [money] }, { eligibility: { eligible, refused: [] } })
    expect(drawn.map(({ amount }) => amount)).toEqual([190, (100 * nanosOf('1') + 90 * nanosOf('20')) / 1e6])
  })
  test('counting tokens costs none, and a call nobody may answer draws on nothing', () => {
    const stated = { ofAgent: [{ per: 'agent', window: 'day', tokens: 5, calls: 9 }] }
    expect(spends(stated, {}, { ...ASK, kind: 'model.count' }).map(({ unit }) => unit)).toEqual(['calls'])
    expect(spends(stated, { eligibility: { eligible: [], refused: [] } })).toEqual([])
    expect(spends(stated, {}, ASK, { ...alice, task: 'summarise' })).toHaveLength(2)
  })
})

describe('whose calls are counted together', () => {
  const keys = (stated: Stated, principal = alice) => spends(stated, {}, ASK, principal).map(({ key }) => key)
  const each = ['agent', 'user', 'task'].map((per) => ({ per, window: 'hour', tokens: 5 }))
  test('the agent’s, each user’s, each task’s; those of a task apart from those of all', () => {
    expect(keys({ ofAgent: each })).toEqual([
      'spend:tokens:hour:agent:buyer',
      expect.stringMatching(/^spend:tokens:hour:agent:buyer:user:[0-9a-f]{32}$/),
      'spend:tokens:hour:agent:buyer:task:reconcile',
    ])
    expect(keys({ ofTask: each.slice(1, 2) })[0]).toMatch(/^spend:tokens:hour:agent:buyer:task:reconcile:user:[0-9a-f]{32}$/)
  })
  test('users of other issuers are others, and nobody’s name stands in a key', () => {
    const [one] = keys({ ofAgent: each.slice(1, 2) })
    const [other] = keys({ ofAgent: each.slice(1, 2) }, { ...alice, user: { id: 'alice', issuer: 'other', attributes: {} } })
    expect(one).not.toBe(other)
    expect(one).not.toContain('alice')
    expect(keys({ ofAgent: each.slice(1, 2) }, withoutUser(alice))).toEqual(['spend:tokens:hour:agent:buyer:user:system'])
  })
  test('the same budget stated twice is the smaller one', () => {
    const stated = { ofAgent: [{ per: 'task', window: 'hour', tokens: 5 }], ofTask: [{ per: 'task', window: 'hour', tokens: 3 }] }
    expect(spends(stated)).toMatchObject([{ max: 3 }])
  })
  test('a budget per agent in a task, and one that limits nothing, are refused', () => {
    expect(() => manifest({ ofTask: [{ per: 'agent', window: 'day', calls: 1 }] })).toThrow(/defaults.modelBudgets/)
    expect(ModelBudget.safeParse({ per: 'agent', window: 'day' }).success).toBe(false)
  })
})

describe('money needs a price', () => {
  const stated = { ofAgent: [{ per: 'agent', window: 'month', money: { amount: '5', currency: 'EUR' } }] }
  test('a model without one, or with one in another currency, is not asked', () => {
    const currencies = currenciesOf(alice, compiled(manifest(stated)))
    expect(currencies).toEqual(['EUR'])
    const refused = (more: object) =>
      eligibleCandidates([candidate(more)], need({ currencies })).refused.map(({ reason }) => reason)
    expect(refused({})).toEqual(['model_unpriced'])
    expect(refused({ price: { ...price, currency: 'USD' } })).toEqual(['model_unpriced'])
    expect(refused({ price })).toEqual([])
  })
  test('and without a budget of money it does not', () => {
    const currencies = currenciesOf(alice, compiled(manifest({ ofAgent: [{ per: 'agent', window: 'day', calls: 1 }] })))
    expect(eligibleCandidates([candidate()], need({ currencies })).refused).toEqual([])
  })
})

describe('what a call used in the end', () => {
  const drawn = spends(
    { ofAgent: [{ per: 'agent', window: 'day', calls: 9, tokens: 5, money: { amount: '5', currency: 'EUR' } }] },
    { eligibility: { eligible: [candidate({ price })], refused: [] } },
  )
  const amounts = (used: Parameters<typeof settledSpends>[1]) => settledSpends(drawn, used).map(({ amount }) => amount)
  const [, tokens = 0, money = 0] = drawn.map(({ amount }) => amount)
  test('is what the provider says, at the price of whoever answered', () => {
    expect(amounts({ lost: 0, answered: { usage: { input: 10, output: 5 }, price } })).toEqual([
      1,
      15,
      (10 * nanosOf('1') + 5 * nanosOf('10')) / 1e6,
    ])
  })
  test('is all that was reserved where it says nothing, once for each attempt', () => {
    expect(amounts({ lost: 1 })).toEqual([1, tokens, money])
    expect(amounts({ lost: 2, answered: { usage: { input: 1, output: 1 }, price } })[1]).toBe(2 * tokens + 2)
  })
  test('is nothing but a call where nobody was asked', () => {
    expect(amounts({ lost: 0 })).toEqual([1, 0, 0])
  })
})

test('a budget that is used up denies, with what is left said in words', () => {
  const [spend] = spends({ ofAgent: [{ per: 'user', window: 'day', tokens: 1_500 }] })
  const budget = { reserved: false, keys: [], ...exhaustedBy(spend as never, 900), retryAfterMs: 7 }
  const decision = decide(alice, ASK, [], facts(compiled(manifest({})), { model: modelFacts(), budget }))
  expect(decision).toMatchObject({ enforced: 'deny', reasons: ['budget_exhausted'], retryAfterMs: 7 })
  expect(decision.votes.find(({ rule }) => rule === 'budget')?.detail).toBe(
    'tokens per user within 86400000 ms: 900 of 1500 used, 1100 asked for',
  )
})

test('a rule that only observes calls lets nothing past what costs money', () => {
  const seen = compiled(manifestOf({}, { observe: ['rateLimit'], task: { models: ['default'] } }))
  const observed = { limit: 'agent:buyer: 1 calls', retryAfterMs: 9 }
  const with_ = (budget: object) =>
    decide(alice, ASK, [], facts(seen, { model: modelFacts(), budget: { keys: [], observed, ...budget } as never }))
  expect(with_({ reserved: true })).toMatchObject({ enforced: 'allow', evaluated: 'deny' })
  expect(with_({ reserved: false, exhausted: {} })).toMatchObject({ enforced: 'deny', reasons: ['budget_exhausted'] })
})

describe('a budget that is raised or taken away', () => {
  const before = manifest({ ofAgent: [{ per: 'agent', window: 'month', tokens: 100 }] })
  const unsigned = (next: object[]) => compiled(manifest({ ofAgent: next }), { signed: false, baseline: before })
  test('holds until that is signed', () => {
    for (const next of [[], [{ per: 'agent', window: 'month', tokens: 1_000 }]]) {
      const now = unsigned(next)
      expect(now.proposed.map(({ path }) => path)).toContain('defaults.modelBudgets')
      expect(spendsOf(alice, ASK, { manifest: now, model: modelFacts() })).toMatchObject([{ max: 100 }])
    }
  })
  test('one that is lowered or added counts at once', () => {
    const now = unsigned([
      { per: 'agent', window: 'month', tokens: 10 },
      { per: 'agent', window: 'day', calls: 1 },
    ])
    expect(spendsOf(alice, ASK, { manifest: now, model: modelFacts() }).map(({ max }) => max)).toEqual([10, 1])
  })
})

test('the log is read back as far as the longest window and its part reach', () => {
  expect(longestWindowMs(compiled(manifest({ ofAgent: [{ per: 'agent', window: 'week', calls: 1 }] })))).toBe(605_404_800)
})
