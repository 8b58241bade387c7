import { describe, expect, test } from 'vitest'
import type { Facts } from './decide/facts.ts'
import { GatewayError } from './errors.ts'
import { allowed, codeOf, denied, request, world } from './fixtures/pipeline-world.ts'
import type { EntryBody } from './model/entry.ts'
import { evaluate, handle } from './pipeline.ts'
import type { Gathered } from './stages.ts'

describe('an act that is only asked about', () => {
  const asked = (facts: Facts) => {
    const { stages, calls, entries } = world({ facts, handling: { keepInput: () => Promise.reject(new Error('kept')) } })
    const { identify, normalise, handling, inspect, gather, record, newId, version } = stages
    const foresee = (_principal: unknown, _action: unknown, gathered: Gathered): Facts => ({ ...gathered, budget: facts.budget })
    return { stages: { identify, normalise, handling, inspect, gather, record, newId, version, foresee }, calls, entries }
  }
  test.each([
    ['allow', allowed],
    ['deny', denied],
    ['deny', { ...allowed, isolation: { isolated: true, epoch: 4 } }],
    ['deny', { ...allowed, budget: { reserved: false, keys: [], limit: 'agent:buyer', retryAfterMs: 700 } }],
  ] as const)('R148: has the answer of the act itself, %s, and an entry that no act follows', async (effect, facts) => {
    const { stages, calls, entries } = asked(facts)
    const foreseen = await evaluate(request, stages)
    expect(foreseen).toMatchObject({ entry: 0, effect })
    expect(calls).toEqual(['identify', 'normalise', 'handling', 'gather', 'record evaluation'])
    const act = world({ facts })
    const outbound = await handle(request, act.stages)
    expect(outbound.ok).toBe(effect === 'allow')
    if (!outbound.ok) expect(foreseen).toMatchObject({ reasons: outbound.reasons, details: outbound.details })
    const { budgets: _, ...decided } = act.entries[0] as EntryBody & { budgets: unknown }
    expect(entries).toEqual([{ ...decided, type: 'evaluation' }])
  })

  test('R004: has no answer that is not recorded', async () => {
    const { stages } = asked(allowed)
    const record = () => Promise.reject(new GatewayError('AUDIT_UNAVAILABLE', 'the log is gone'))
    expect(await codeOf(evaluate(request, { ...stages, record }))).toBe('AUDIT_UNAVAILABLE')
  })
})
