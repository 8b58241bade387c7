import { describe, expect, test } from 'vitest'
import type { Finding } from '../model/finding.ts'
import { DEFAULT_GUARD_POLICY, GuardPolicy, isExcepted } from '../model/guard-policy.ts'
import { sourceOf, UNKNOWN_SOURCE, type Source } from '../model/source-profile.ts'
import { type GuardFacts, guardArguments, isInjection, judgeResult, type ResultAsked } from './guard-votes.ts'

const finding = (members: Partial<Finding>): Finding => ({
  detector: 'secrets',
  code: 'aws_key',
  severity: 'high',
  path: '/a',
  start: 0,
  end: 5,
  ...members,
})
const scored = (score: number): Finding => finding({ detector: 'ngram', code: 'injected_instruction', severity: 'medium', score })
const web: Source = { channel: 'web', trust: 'web', classes: [] }
const internal: Source = { channel: 'database', trust: 'internal', classes: ['pii'] }
const factsOf = (members: Partial<GuardFacts> = {}): GuardFacts => ({
  policy: DEFAULT_GUARD_POLICY,
  hash: 'h',
  source: web,
  isProfiled: true,
  sessionClasses: [],
  ...members,
})
const low = { scope: 'read', tier: 'low', cleared: [] } as const
const asked = (findings: readonly Finding[], guard: Partial<GuardFacts> = {}) => ({
  findings,
  guard: factsOf(guard),
  agent: 'a',
  nowMs: 0,
})
const reasonsOf = (
  findings: readonly Finding[],
  receiver: Partial<{ scope: 'read' | 'send'; tier: 'low' | 'high'; cleared: string[] }> = {},
  guard: Partial<GuardFacts> = {},
) => guardArguments(asked(findings, guard), { ...low, ...receiver }).votes.map(({ reason, mode }) => `${mode} ${reason}`)
const judge = (findings: readonly Finding[], members: Partial<ResultAsked> = {}, guard: Partial<GuardFacts> = {}) =>
  judgeResult({ ...asked(findings, guard), cleared: [], isConsequential: false, isReleased: false, isList: false, ...members })
const policy = (given: object): GuardPolicy => GuardPolicy.parse(given)

describe('arguments', () => {
  test('nothing seen, nothing said', () => expect(guardArguments(asked([]), low)).toEqual({ votes: [], obligations: [] }))
  test('R075: a secret may not leave, and may go to the tool that is granted the class', () => {
    const secret = finding({ class: 'secret' })
    expect(reasonsOf([secret])).toEqual(['enforce data_not_cleared'])
    expect(reasonsOf([secret], { cleared: ['secret'] })).toEqual([])
  })
  test('R212 R247: what policy redacts is an obligation, not a refusal; nothing where the receiver is cleared', () => {
    const record = finding({ class: 'phi', code: 'icd_code' })
    expect(guardArguments(asked([record]), low)).toEqual({
      votes: [],
      obligations: [{ type: 'redact', mode: 'enforce', cleared: [] }],
    })
    expect(guardArguments(asked([record]), { ...low, cleared: ['phi'] })).toEqual({ votes: [], obligations: [] })
  })
  test('a type goes before its class', () => {
    const ssn = finding({ class: 'pii', code: 'us_ssn' })
    expect(reasonsOf([ssn])).toEqual([])
    expect(reasonsOf([ssn], {}, { policy: policy({ types: { us_ssn: 'block' } }) })).toEqual(['enforce data_not_cleared'])
  })
  test('R288: a class of one’s own is treated like any other', () => {
    const deal = finding({ class: 'deal-names', code: 'dictionary_term' })
    expect(reasonsOf([deal])).toEqual([])
    expect(reasonsOf([deal], {}, { policy: policy({ classes: { 'deal-names': 'block' } }) })).toEqual(['enforce data_not_cleared'])
  })
  test('R076 R078: a beacon is stopped, an ordinary link is not', () => {
    expect(reasonsOf([finding({ detector: 'exfiltration', code: 'markdown_image' })])).toEqual(['enforce exfiltration_detected'])
    expect(reasonsOf([finding({ detector: 'exfiltration', code: 'foreign_host', severity: 'low' })])).toEqual([])
  })
  test('a canary is stopped wherever it goes', () =>
    expect(reasonsOf([finding({ detector: 'canary', code: 'canary' })], { cleared: ['secret'] })).toEqual([
      'enforce canary_leaked',
    ]))
  test('R289: a source nobody described is quarantined', () =>
    expect(reasonsOf([], {}, { isProfiled: false })).toEqual(['enforce source_unprofiled']))
  test('R057: a failed detector stops what is consequential, and a plain low read goes on', () => {
    const failed = finding({ detector: 'x', code: 'detector_failed' })
    expect(reasonsOf([failed], { scope: 'send' })).toEqual(['enforce inspection_failed'])
    expect(reasonsOf([failed], { tier: 'high' })).toEqual(['enforce inspection_failed'])
    expect(reasonsOf([failed])).toEqual([])
    expect(reasonsOf([failed], {}, { policy: policy({ onFailure: 'block' }) })).toEqual(['enforce inspection_failed'])
  })
  test('R007: an exception makes it observe for its agent and until its end, and then no longer', () => {
    const exceptions = [{ stage: 'output', agent: 'a', reason: 'migration', until: '1970-01-01T00:01:00Z' }]
    const secret = finding({ class: 'secret' })
    expect(reasonsOf([secret], {}, { policy: policy({ exceptions }) })).toEqual(['observe data_not_cleared'])
    const excepted = policy({ exceptions })
    expect(isExcepted(excepted, 'output', { agent: 'a', nowMs: 60_000 })).toBe(false)
    expect(isExcepted(excepted, 'output', { agent: 'b', nowMs: 0 })).toBe(false)
    expect(isExcepted(excepted, 'input', { agent: 'a', nowMs: 0 })).toBe(false)
  })
  test('injections in arguments are reported only, unless policy says otherwise', () => {
    expect(reasonsOf([scored(0.99)])).toEqual([])
    expect(reasonsOf([scored(0.99)], {}, { policy: policy({ injection: { arguments: 'block' } }) })).toEqual([
      'enforce injection_detected',
    ])
  })
})

describe('results', () => {
  test('R058: a score between two thresholds is stopped from a user and passes from inside', () => {
    const user: Source = { channel: 'user', trust: 'user', classes: [] }
    expect(judge([scored(0.6)], {}, { source: user }).effect).toBe('deny')
    expect(judge([scored(0.6)], {}, { source: internal }).effect).toBe('allow')
    expect(judge([scored(0.95)], {}, { source: internal }).effect).toBe('deny')
    const lenient = policy({ thresholds: { user: 0.65, agent: 0.7 } })
    expect(judge([scored(0.6)], {}, { source: user, policy: lenient }).effect).toBe('allow')
    expect(() => policy({ thresholds: { internal: 0.1 } })).toThrow('trusted less')
  })
  test('R059: stopped, quarantined, with the reason', () =>
    expect(judge([scored(0.9)])).toMatchObject({ effect: 'deny', reasons: ['injection_detected'], isQuarantined: true }))
  test('a clean score lowers nothing: a high rule stops it still', () => {
    const rule = finding({ detector: 'instruction-override', code: 'override' })
    expect(judge([scored(0), rule]).effect).toBe('deny')
    expect(judge([scored(0), { ...rule, severity: 'medium' }]).effect).toBe('allow')
    expect(judge([rule], {}, { source: internal }).effect).toBe('allow')
  })
  test('R067: policy may cut the texts concerned and let the rest pass', () => {
    const cut = judge([scored(0.9)], {}, { policy: policy({ injection: { web: 'cut' } }) })
    expect(cut).toMatchObject({ effect: 'allow', reasons: ['injection_detected', 'content_cut'], isQuarantined: true })
    expect(cut.cut(scored(0.9))).toBe(false)
    const hit = scored(0.9)
    expect(judge([hit], {}, { policy: policy({ injection: { web: 'cut' } }) }).cut(hit)).toBe(true)
  })
  test('lists are reduced, not refused', () =>
    expect(judge([scored(0.9)], { isList: true })).toMatchObject({ effect: 'allow', isQuarantined: true }))
  test('what a person released passes, and is named', () =>
    expect(judge([scored(0.9)], { isReleased: true })).toMatchObject({
      effect: 'allow',
      reasons: ['content_released'],
      isQuarantined: false,
    }))
  test('released content is released as an injection only: a secret in it still is one', () =>
    expect(judge([scored(0.9), finding({ class: 'secret' })], { isReleased: true })).toMatchObject({
      effect: 'deny',
      reasons: ['data_not_cleared', 'content_released', 'class_undeclared'],
    }))
  test('R285 R226: data of a class nobody declared is named; declared or granted it is not', () => {
    const record = finding({ class: 'pii', code: 'email', severity: 'low' })
    expect(judge([record]).reasons).toEqual(['class_undeclared'])
    expect(judge([record], {}, { source: internal }).reasons).toEqual([])
    expect(judge([record], { cleared: ['pii'] }).reasons).toEqual([])
  })
  test('R057: what could not be inspected is stopped from untrusted sources for tasks that can do harm', () => {
    const failed = finding({ detector: 'transformer', code: 'detector_failed' })
    expect(judge([failed], { isConsequential: true })).toMatchObject({
      effect: 'deny',
      reasons: ['inspection_failed'],
      isQuarantined: false,
    })
    expect(judge([failed]).effect).toBe('allow')
    expect(judge([failed], { isConsequential: true }, { source: internal }).effect).toBe('allow')
    expect(judge([finding({ detector: 'inspect', code: 'unscanned' })], { isConsequential: true }).reasons).toEqual([
      'content_unscanned',
    ])
  })
  test('R007: an exception lets it pass and says what would have been', () => {
    const excepted = policy({ exceptions: [{ stage: 'input', reason: 'trial', until: '2999-01-01T00:00:00Z' }] })
    expect(judge([scored(0.9)], {}, { policy: excepted })).toMatchObject({
      effect: 'allow',
      reasons: [],
      observed: ['injection_detected'],
    })
  })
})

test('only detectors of instructions make an injection', () => {
  expect(isInjection(finding({ class: 'secret' }), 'web', DEFAULT_GUARD_POLICY)).toBe(false)
  expect(isInjection(finding({ detector: 'transformer', code: 'detector_failed' }), 'web', DEFAULT_GUARD_POLICY)).toBe(false)
})
test('R048: an unknown source is the least trusted', () => {
  expect(sourceOf(undefined)).toEqual(UNKNOWN_SOURCE)
  const { thresholds } = DEFAULT_GUARD_POLICY
  expect(thresholds.unknown).toBe(Math.min(...Object.values(thresholds)))
  expect(thresholds.user < thresholds.api && thresholds.api < thresholds.internal).toBe(true)
  expect(sourceOf({ channel: 'email', classes: [] }).trust).toBe('email')
  expect(sourceOf({ channel: 'email', trust: 'internal', classes: [] }).trust).toBe('internal')
})
