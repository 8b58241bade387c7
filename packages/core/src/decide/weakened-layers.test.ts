import { expect, test } from 'vitest'
import { DEFAULT_GUARD_POLICY, GuardPolicy } from '../model/guard-policy.ts'
import { GUARD_LAYERS, weakenedLayers, weaknesses } from './weakened-layers.ts'

const NOW = Date.UTC(2026, 10, 26)
const of = (policy: object, more: object = {}): readonly string[] =>
  weakenedLayers(GuardPolicy.parse(policy), { nowMs: NOW, ...more })
const exception = (more: object) => ({
  exceptions: [{ stage: 'input', reason: 'migration', until: '2026-12-01T00:00:00Z', ...more }],
})

test('R006: by default nothing is weak, and nothing stricter than the default is', () => {
  expect(weakenedLayers(DEFAULT_GUARD_POLICY, { nowMs: NOW })).toEqual([])
  expect(
    of({
      classes: { pii: 'block', phi: 'block' },
      injection: { arguments: 'block' },
      types: { us_ssn: 'block' },
      boundary: { web: 'datamark' },
      thresholds: { web: 0.2, unknown: 0.2 },
      onFailure: 'block',
      inferred: 'block',
    }),
  ).toEqual([])
})

test.each([
  [{ boundary: { web: 'off' } }, 'prompt_separation/boundary.web.off'],
  [{ sanitise: false }, 'input_sanitisation/sanitise.off'],
  [{ pii: false }, 'output_validation/pii.off'],
  [{ exfil: false }, 'output_validation/exfil.off'],
  [{ exfiltration: 'mark' }, 'output_validation/exfiltration.mark'],
  [{ classes: { secret: 'mark' } }, 'output_validation/classes.secret.mark'],
  [{ classes: { phi: 'mark' } }, 'output_validation/classes.phi.mark'],
  [{ types: { us_ssn: 'mark' } }, 'output_validation/types.us_ssn.mark'],
  [{ injection: { email: 'mark' } }, 'anomaly_detection/injection.email.mark'],
  [{ onFailure: 'mark' }, 'anomaly_detection/onFailure.mark'],
  [{ thresholds: { internal: 0.95 } }, 'anomaly_detection/thresholds.internal.0.95'],
  [{ thresholds: { api: 0.86 } }, 'anomaly_detection/thresholds.api.0.86'],
  [exception({}), 'anomaly_detection/exception.input'],
  [exception({ stage: 'output' }), 'output_validation/exception.output'],
  [exception({ agent: 'clerk' }), 'anomaly_detection/exception.input@clerk'],
])('R006: %j weakens a layer', (policy, word) => expect(of(policy)).toEqual([word]))

test('R006 R007: an exception is over when it ends, and holds for the agent it names', () => {
  expect(of(exception({ until: '2026-11-25T00:00:00Z' }))).toEqual([])
  expect(of(exception({ agent: 'clerk' }), { agent: 'buyer' })).toEqual([])
  expect(of(exception({ agent: 'clerk' }), { agent: 'clerk' })).toHaveLength(1)
  const [one] = weaknesses(GuardPolicy.parse(exception({})), { nowMs: NOW })
  expect(one).toMatchObject({ reason: 'migration', until: '2026-12-01T00:00:00Z' })
})

test('R006: a rule of the manifest that only observes weakens the closed tool set; words have no blanks', () => {
  const words = of({ sanitise: false }, { observe: new Set(['args', 'domains']) })
  expect(words).toEqual(['input_sanitisation/sanitise.off', 'closed_tool_set/observe.args', 'closed_tool_set/observe.domains'])
  for (const word of words) expect(GUARD_LAYERS.some((layer) => word.startsWith(`${layer}/`)) && !/\s/.test(word)).toBe(true)
})
