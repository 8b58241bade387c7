import { expect, test } from 'vitest'
import { SCOPES, TIERS } from '../model/manifest.ts'
import { decide } from './decide.ts'
import type { Facts } from './facts.ts'
import { alice, call, compiled, facts, manifestOf } from './fixtures/world.ts'

const CASES = SCOPES.flatMap((scope) => TIERS.map((tier) => [scope, tier] as const))
const reasonsOf = (scope: (typeof SCOPES)[number], tier: (typeof TIERS)[number], unwitnessed: Facts['unwitnessed']) => {
  const manifest = compiled(manifestOf({ 'erp.act': { scope, tier } }))
  const tool = { state: 'approved', effect: scope } as const
  return decide(alice, call('erp.act'), [], facts(manifest, { tool, ...(unwitnessed && { unwitnessed }) }))
}

test.each(CASES)('R117: while the log is not witnessed, an act of scope %s and tier %s is stopped as configured', (scope, tier) => {
  const stops = { high: tier === 'high', consequential: scope !== 'read' || tier !== 'low' }
  for (const unwitnessed of ['high', 'consequential'] as const) {
    const decision = reasonsOf(scope, tier, unwitnessed)
    expect(decision.reasons.includes('log_unwitnessed')).toBe(stops[unwitnessed])
    if (stops[unwitnessed]) expect(decision.enforced).toBe('deny')
  }
  expect(reasonsOf(scope, tier, undefined).reasons).not.toContain('log_unwitnessed')
})

test('R117: resources count by their tier, as reads', () => {
  const act = { ...call('erp.notes'), kind: 'resource.read' as const, server: 'docs', name: 'docs://a' }
  const grant = (tier: string) => compiled(manifestOf({}, { task: { resources: { 'docs.docs://a': { tier } } } }))
  const ask = (tier: string, unwitnessed: 'high' | 'consequential') =>
    decide(alice, act, [], facts(grant(tier), { unwitnessed })).reasons
  expect(ask('low', 'consequential')).toEqual(['granted'])
  expect(ask('medium', 'consequential')).toEqual(['log_unwitnessed'])
  expect(ask('medium', 'high')).toEqual(['granted'])
})
