import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Candidate } from '../model/model-facts.ts'
import { byHealth, eligibleCandidates, type Need, REVIEW_AGE_MAX_MS } from './eligible-candidates.ts'
import { candidate, DAY_MS, need, NOW_MS } from './fixtures/candidates.ts'

type Case = readonly [string, Partial<Candidate>, Partial<Need>, string | undefined]

const without = (name: 'baa' | 'transfer' | 'approval'): Candidate => {
  const { [name]: _, ...rest } = candidate()
  return rest
}
const reasonOf = (one: Candidate, wanted: Partial<Need>): string | undefined =>
  eligibleCandidates([one], need(wanted)).refused[0]?.reason
const PHI = { classes: ['phi'] }

describe('who may answer', () => {
  test.each<Case>([
    ['R025: a consumer service gets what is not classified', { tier: 'consumer' }, {}, undefined],
    ['R025: a consumer service gets nothing classified', { tier: 'consumer' }, { classes: ['pii'] }, 'provider_tier'],
    ['R025: an enterprise service gets it', { tier: 'enterprise' }, { classes: ['pii'] }, undefined],
    ['R207: who trains on it gets nothing classified', { trains: true }, { classes: ['pii'] }, 'provider_trains'],
    ['R203: health data goes out under an agreement in force', {}, PHI, undefined],
    ['R203: an agreement ends on its day', { baa: { expiresMs: NOW_MS, excludes: [] } }, PHI, 'provider_without_baa'],
    [
      'R203: an agreement does not cover what it excludes',
      { baa: { expiresMs: NOW_MS + 1, excludes: ['web_search'] } },
      { ...PHI, features: ['web_search'] },
      'provider_without_baa',
    ],
    ['R203: other data needs none', { baa: { expiresMs: 0, excludes: [] } }, { classes: ['pii'] }, undefined],
    ['R208: hosting of one’s own needs no agreement', { tier: 'private', baa: { expiresMs: 0, excludes: [] } }, PHI, undefined],
    [
      'R204: data that must stay in the EU does not go to a US region',
      { regions: ['us-east-1'] },
      { residency: ['eu'] },
      'provider_residency',
    ],
    [
      'R204: nor to a service that may process it in either',
      { regions: ['eu-west-1', 'us-east-1'] },
      { residency: ['eu'] },
      'provider_residency',
    ],
    [
      'R204: a region counts by its parts, not by its letters',
      { regions: ['europe-1'] },
      { residency: ['eu'] },
      'provider_residency',
    ],
    ['R204: it goes to a region within', {}, { residency: ['eu'] }, undefined],
    [
      'R205: personal data leaves its jurisdiction under a valid mechanism',
      { regions: ['us'] },
      { origin: 'eu', classes: ['pii'] },
      undefined,
    ],
    [
      'R205: a mechanism that lapsed is none',
      { regions: ['us'], transfer: { expiresMs: NOW_MS } },
      { origin: 'eu', classes: ['pii'] },
      'provider_without_transfer',
    ],
    ['R205: what stays needs none', { transfer: { expiresMs: 0 } }, { origin: 'eu', classes: ['pii'] }, undefined],
    ['R206: an assessment of today counts', { reviewedMs: NOW_MS }, {}, undefined],
    ['R206: and for a year', { reviewedMs: NOW_MS - REVIEW_AGE_MAX_MS }, {}, undefined],
    ['R206: not longer', { reviewedMs: NOW_MS - REVIEW_AGE_MAX_MS - 1 }, {}, 'provider_unreviewed'],
    ['R206: one dated tomorrow has not happened', { reviewedMs: NOW_MS + DAY_MS }, {}, 'provider_unreviewed'],
    ['R207: classified data needs an attestation', { isAttested: false }, { classes: ['pii'] }, 'provider_unattested'],
    ['R207: what is not classified does not', { isAttested: false }, {}, undefined],
    ['R207: hosting of one’s own is its own', { isAttested: false, tier: 'private' }, { classes: ['pii'] }, undefined],
    ['R206: a processing agreement that lapsed', { dpa: { expiresMs: NOW_MS } }, { classes: ['pii'] }, 'provider_without_dpa'],
    ['R206: one in force', { dpa: { expiresMs: NOW_MS + 1 } }, { classes: ['pii'] }, undefined],
    ['R209: an approval that lapsed is none', { approval: { expiresMs: NOW_MS } }, {}, 'model_unapproved'],
    ['R201: a service of another wire is not asked', { wires: ['anthropic-messages'] }, {}, 'model_wire_unsupported'],
    ['R202: a purpose outside its list', { purposes: ['support'] }, { purpose: 'hiring' }, 'provider_purpose'],
    ['R202: no purpose at all', { purposes: ['support'] }, {}, 'provider_purpose'],
    ['R202: its purpose', { purposes: ['support'] }, { purpose: 'support' }, undefined],
    ['R202: a feature it lacks', { features: ['attachments'] }, { features: ['web_search'] }, 'model_feature_unsupported'],
  ])('%s', (_, one, wanted, reason) => {
    expect(reasonOf(candidate(one), wanted)).toBe(reason)
  })
  test('R203 R205 R209: what nobody recorded does not hold', () => {
    expect(reasonOf(without('baa'), PHI)).toBe('provider_without_baa')
    expect(reasonOf({ ...without('transfer'), regions: ['us'] }, { origin: 'eu', classes: ['phi'] })).toBe(
      'provider_without_transfer',
    )
    expect(reasonOf(without('approval'), {})).toBe('model_unapproved')
  })
})

test('R202 R244: whoever is alive, only the eligible are ever in the order', () => {
  const anyCandidate = fc.record({
    provider: fc.constantFrom('a', 'b', 'c', 'd'),
    tier: fc.constantFrom('consumer' as const, 'enterprise' as const, 'private' as const),
    regions: fc.constantFrom(['eu'], ['us'], ['eu', 'us']),
    baa: fc.record({ expiresMs: fc.constantFrom(0, NOW_MS + 1), excludes: fc.constant([]) }),
  })
  fc.assert(
    fc.property(fc.array(anyCandidate, { maxLength: 6 }), fc.func(fc.boolean()), (given, isAlive) => {
      const all = given.map((one) => candidate(one))
      const { eligible, refused } = eligibleCandidates(all, need({ classes: ['phi'], residency: ['eu'] }))
      const order = byHealth(eligible, (one) => isAlive(one))
      expect(order.length + refused.length).toBe(all.length)
      for (const one of order) {
        expect(one.tier === 'private' || (one.tier === 'enterprise' && (one.baa?.expiresMs ?? 0) > NOW_MS)).toBe(true)
        expect(one.regions).toEqual(['eu'])
      }
    }),
  )
})
test('R201: the healthy come first, in the given order, and nobody is left out', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((provider) => candidate({ provider }))
  expect(byHealth([a, b, c] as Candidate[], (one) => one !== a)).toEqual([b, c, a])
})
