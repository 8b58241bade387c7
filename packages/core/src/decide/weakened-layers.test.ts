import { expect, test } from 'vitest'
import { DEFAULT_GUARD_POLICY, GuardPolicy } from '../model/guard-policy.ts'
import { GUARD_LAYERS, nextEndMs, policyAt, unexcused, weakenedLayers, weaknesses } from './weakened-layers.ts'

const NOW = Date.UTC(2026, 10, 26)
const UNTIL = '2026-12-01T00:00:00Z'
/** With an exception for every setting that needs one. */
const excused = (given: object): GuardPolicy => {
  const policy = GuardPolicy.parse(given)
  const excuses = unexcused(policy).map((setting) => ({ setting, reason: 'migration', until: UNTIL }))
  return { ...policy, exceptions: [...policy.exceptions, ...excuses] }
}
const of = (policy: object, more: object = {}): readonly string[] => weakenedLayers(excused(policy), { nowMs: NOW, ...more })
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

const WEAK = [
  [{ boundary: { web: 'off' } }, 'boundary.web'],
  [{ sanitise: false }, 'sanitise'],
  [{ classes: { secret: 'mark' } }, 'classes.secret'],
  [{ types: { us_ssn: 'mark' } }, 'types.us_ssn'],
  [{ injection: { email: 'mark' } }, 'injection.email'],
  [{ onFailure: 'mark' }, 'onFailure'],
  [{ thresholds: { internal: 0.95 } }, 'thresholds.internal'],
] as const

test.each(WEAK)('R007: %j needs an exception that names it, and is over when that is', (given, setting) => {
  const policy = GuardPolicy.parse(given)
  expect(unexcused(policy)).toEqual([setting])
  const excuse = { setting, reason: 'migration', until: UNTIL }
  const allowed = GuardPolicy.parse({ ...given, exceptions: [excuse] })
  expect(unexcused(allowed)).toEqual([])
  expect(policyAt(allowed, NOW)).toEqual(allowed)
  expect(weaknesses(allowed, { nowMs: NOW })).toMatchObject([{ reason: 'migration', until: UNTIL }])
  expect(nextEndMs(allowed, NOW)).toBe(Date.parse(UNTIL))
  const after = policyAt(allowed, Date.parse(UNTIL))
  expect(after).toEqual({ ...DEFAULT_GUARD_POLICY, exceptions: allowed.exceptions })
  expect(weaknesses(allowed, { nowMs: Date.parse(UNTIL) })).toEqual([])
  expect(nextEndMs(allowed, Date.parse(UNTIL))).toBe(Infinity)
})

test('R007: an exception for a stage excuses no setting, and one for another setting neither', () => {
  expect(unexcused(GuardPolicy.parse({ sanitise: false, ...exception({}) }))).toEqual(['sanitise'])
  expect(
    unexcused(GuardPolicy.parse({ pii: false, exceptions: [{ setting: 'sanitise', reason: 'migration', until: UNTIL }] })),
  ).toEqual(['pii'])
})

test.each([
  [{ reason: 'migration', until: UNTIL }, 'neither a stage nor a setting'],
  [{ stage: 'input', setting: 'sanitise', reason: 'migration', until: UNTIL }, 'both'],
  [{ setting: 'sanitise', agent: 'clerk', reason: 'migration', until: UNTIL }, 'a setting for one agent'],
  [{ setting: 'sanitise', reason: 'migration' }, 'no end'],
  [{ setting: 'sanitise', until: UNTIL }, 'no reason'],
])('R007: %j is no exception: %s', (one, _why) => expect(GuardPolicy.safeParse({ exceptions: [one] }).success).toBe(false))
