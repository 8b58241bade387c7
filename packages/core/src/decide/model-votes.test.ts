import { describe, expect, test } from 'vitest'
import type { Finding } from '../model/finding.ts'
import { DEFAULT_GUARD_POLICY } from '../model/guard-policy.ts'
import type { ModelFacts } from '../model/model-facts.ts'
import { UNKNOWN_SOURCE } from '../model/source-profile.ts'
import { decide } from './decide.ts'
import { modelFacts } from './fixtures/candidates.ts'
import { alice, compiled, facts, manifestOf } from './fixtures/world.ts'

const guard = { policy: DEFAULT_GUARD_POLICY, hash: 'g', source: UNKNOWN_SOURCE, isProfiled: true, sessionClasses: [] }
const granting = (modelPolicy?: object) => manifestOf({}, { task: { models: ['default'], ...(modelPolicy && { modelPolicy }) } })

function asked(model: Partial<ModelFacts>, more: { name?: string; policy?: object; findings?: readonly Finding[] } = {}) {
  const { name = 'default', policy, findings = [] } = more
  const action = { kind: 'model.call' as const, name, args: {}, digest: 'd' }
  return decide(alice, action, findings, facts(compiled(granting(policy)), { model: modelFacts(model), guard }))
}
const finding = (code: string, more: Partial<Finding> = {}): Finding => ({
  detector: 'x',
  code,
  severity: 'high',
  path: '',
  start: 0,
  end: 4,
  ...more,
})

test('a granted model that somebody may serve is asked; silence is a deny', () => {
  expect(asked({})).toMatchObject({ enforced: 'allow', reasons: ['granted'] })
  expect(asked({}, { name: 'other' })).toMatchObject({ enforced: 'deny', reasons: ['model_not_in_manifest'] })
})
test.each([
  [
    {
      eligible: [],
      refused: [
        { provider: 'a', reason: 'provider_tier' as const },
        { provider: 'b', reason: 'provider_residency' as const },
      ],
    },
    ['provider_residency', 'provider_tier'],
  ],
  [{ eligible: [], refused: [] }, ['model_unknown']],
])('R202 R244: nobody eligible is a refusal that says why: %j', (eligibility, reasons) => {
  expect(asked({ eligibility })).toMatchObject({ enforced: 'deny', reasons })
})

describe('R061: the system role', () => {
  const text = 'a'.repeat(64)
  test('is for the pinned prompt', () =>
    expect(asked({ system: 'pinned', prompt: { hash: text, isKnown: true } }).enforced).toBe('allow'))
  test('not for what a client supplies', () =>
    expect(asked({ system: 'foreign' })).toMatchObject({ enforced: 'deny', reasons: ['system_prompt_refused'] }))
  test.each(['demote', 'allow'])('unless policy says %s', (systemPrompt) =>
    expect(asked({ system: 'foreign' }, { policy: { systemPrompt } }).enforced).toBe('allow'),
  )
  test('and a pointer to nothing stops the call', () =>
    expect(asked({ prompt: { hash: text, isKnown: false } }).reasons).toEqual(['prompt_unknown']))
})

describe('what runs at the provider', () => {
  test('is refused unless granted', () => {
    expect(asked({ features: ['web_search_20250305'] })).toMatchObject({
      enforced: 'deny',
      reasons: ['model_feature_not_in_manifest'],
    })
    expect(asked({ features: ['web_search_20250305'] }, { policy: { features: ['web_search'] } }).enforced).toBe('allow')
    expect(asked({ features: ['web_search', 'mcp'] }, { policy: { features: ['web_search'] } }).enforced).toBe('deny')
  })
})

test('R065: an altered history is refused, one that never passed here is not', () => {
  expect(asked({ history: { altered: 1, unseen: 0 } }).reasons).toEqual(['history_altered'])
  expect(asked({ history: { altered: 0, unseen: 3 } }).enforced).toBe('allow')
})

describe('what is in the prompt', () => {
  const card = finding('payment_card', { class: 'pci' })
  const phi = finding('diagnosis', { class: 'phi' })
  test('R212: data policy blocks stops the call, unless the terms clear it', () => {
    expect(asked({}, { findings: [card] }).reasons).toEqual(['data_not_cleared'])
    expect(asked({}, { findings: [card], policy: { classes: ['pci'] } }).enforced).toBe('allow')
  })
  test('R212: data policy redacts leaves as placeholders', () => {
    expect(asked({}, { findings: [phi] })).toMatchObject({ enforced: 'allow', obligations: [{ type: 'redact', cleared: [] }] })
  })
  test('planted instructions count by the channel they came through', () => {
    const planted = (channel: string) => finding('override', { detector: 'instruction-override', channel })
    expect(asked({}, { findings: [planted('tool')] }).reasons).toEqual(['injection_detected'])
    expect(asked({}, { findings: [planted('user')] }).reasons).toEqual(['injection_detected'])
    expect(asked({}, { findings: [finding('override', { detector: 'instruction-override' })] }).enforced).toBe('allow')
  })
  test('R014: a prompt that was not looked at does not leave', () => {
    expect(asked({}, { findings: [finding('unscanned', { severity: 'medium' })] }).reasons).toEqual(['content_unscanned'])
  })
})

describe('an unsigned version', () => {
  const decideOn = (next: object, before: object) => {
    const manifest = compiled(manifestOf({}, { task: next }), { baseline: manifestOf({}, { task: before }) })
    return decide(alice, { kind: 'model.call', name: 'b', args: {}, digest: 'd' }, [], facts(manifest, { model: modelFacts() }))
      .reasons
  }
  test('adds no model', () => expect(decideOn({ models: ['a', 'b'] }, { models: ['a'] })).toEqual(['grant_proposed']))
  test('changes no terms', () =>
    expect(decideOn({ models: ['b'], modelPolicy: { systemPrompt: 'allow' } }, { models: ['b'] })).toEqual(['grant_proposed']))
  test('keeps what is signed', () => expect(decideOn({ models: ['b'] }, { models: ['a', 'b'] })).toEqual(['granted']))
})
