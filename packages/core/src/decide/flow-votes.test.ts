import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { FlowFacts, TracedSlot, ValueOrigin } from '../model/flow-facts.ts'
import { INTEGRITY_LEVELS } from '../model/integrity.ts'
import { combine } from './combine.ts'
import { type FlowGrant, flowVotes } from './flow-votes.ts'
import { allow } from './votes.ts'

const FROM = {
  user: { origin: 'user', integrity: 'user', classes: [] },
  directory: { origin: 'tool', source: 'contacts.find', integrity: 'internal', classes: [] },
  crm: { origin: 'tool', source: 'crm.find', integrity: 'internal', classes: [] },
  mail: { origin: 'tool', source: 'mail.read', integrity: 'email', classes: [] },
  model: { origin: 'model', integrity: 'agent', classes: [] },
  clinic: { origin: 'tool', source: 'ehr.read', integrity: 'internal', classes: ['phi'] },
} as const satisfies Record<string, ValueOrigin>

const slot = (origins: readonly ValueOrigin[], more: Partial<TracedSlot> = {}): TracedSlot => ({
  path: '/to',
  field: 'to',
  kind: 'recipient',
  isApproved: false,
  origins,
  ...more,
})
const flow = (slots: readonly TracedSlot[], more: Partial<FlowFacts> = {}): FlowFacts => ({
  integrity: 'email',
  classes: [],
  link: 'none',
  slots,
  ...more,
})
const WRITE: FlowGrant = { scope: 'write', tier: 'medium', provenance: {}, cleared: [] }
const READ: FlowGrant = { ...WRITE, scope: 'read', tier: 'low' }

function ask(facts: FlowFacts | undefined, grant: FlowGrant = WRITE, mode: 'enforce' | 'observe' = 'enforce') {
  const votes = flowVotes({ flow: facts, grant, restricted: new Set(['phi', 'pci', 'secret']), mode })
  const { enforced, reasons } = combine([allow('grant', 'granted'), ...votes])
  return [enforced, ...(enforced === 'allow' ? [] : reasons)]
}

describe('what others wrote does not choose where an act goes', () => {
  test.each([
    [flow([slot([FROM.mail])]), ['require_approval', 'tainted_act'], 'a recipient that only an e-mail named'],
    [flow([slot([])]), ['require_approval', 'tainted_act'], 'a recipient that stands nowhere'],
    [flow([slot([FROM.model])]), ['require_approval', 'tainted_act'], 'a recipient that only the model said'],
    [flow([]), ['require_approval', 'tainted_act'], 'a change that names nothing at all'],
    [
      flow([slot([FROM.user]), slot([FROM.mail], { path: '/cc' })]),
      ['require_approval', 'tainted_act'],
      'one of two is not endorsed',
    ],
    [
      flow([slot([FROM.mail], { kind: 'other' })]),
      ['require_approval', 'tainted_act'],
      'no target, and a text that an e-mail holds',
    ],
    [flow([slot([], { kind: 'amount' })]), ['require_approval', 'tainted_act'], 'nothing but a sum that nobody named'],
    [flow([slot([], { kind: 'other' })]), ['allow'], 'no target, and a text that stands nowhere: the model’s own words'],
    [flow([slot([FROM.user]), slot([], { kind: 'amount' })]), ['allow'], 'the user named the payee; the sum is computed'],
    [flow([slot([FROM.user])]), ['allow'], 'the user named it'],
    [flow([slot([FROM.mail, FROM.user])]), ['allow'], 'an e-mail and the user named it'],
    [flow([slot([FROM.directory])]), ['allow'], 'an internal directory named it'],
    [flow([slot([], { isApproved: true })]), ['allow'], 'it is on the approved list'],
    [flow([slot([FROM.mail])], { integrity: 'api' }), ['allow'], 'nothing untrusted was read'],
  ])('R002 %#: %j → %j: %s', (facts, expected, _why) => expect(ask(facts)).toEqual(expected))
  test('R002: a plain read is not held, unless it goes to an address that only others named', () => {
    const url = { kind: 'url', field: 'url', path: '/url' } as const
    expect(ask(flow([slot([FROM.mail])]), READ)).toEqual(['allow'])
    expect(ask(flow([slot([FROM.mail], url)]), READ)).toEqual(['require_approval', 'tainted_url'])
    expect(ask(flow([slot([], url)]), READ)).toEqual(['require_approval', 'tainted_url'])
    expect(ask(flow([slot([FROM.user], url)]), READ)).toEqual(['allow'])
    expect(ask(flow([slot([FROM.mail], { ...url, isApproved: true })]), READ)).toEqual(['allow'])
  })
  test('R002: observed only, it says what it would have done', () => {
    expect(ask(flow([slot([FROM.mail])]), WRITE, 'observe')).toEqual(['allow'])
  })
})

describe('provenance that a grant asks for', () => {
  const grant = { ...WRITE, provenance: { to: ['user', 'contacts.find'] } }
  test.each([
    [undefined, ['deny', 'provenance_unavailable'], 'nobody remembers'],
    [flow([slot([FROM.user])], { integrity: 'system' }), ['allow'], 'the user'],
    [flow([slot([FROM.directory])], { integrity: 'internal' }), ['allow'], 'the named tool'],
    [flow([slot([FROM.crm])], { integrity: 'internal' }), ['require_approval', 'provenance_unendorsed'], 'another internal tool'],
    [flow([slot([])], { integrity: 'system' }), ['require_approval', 'provenance_unendorsed'], 'nowhere'],
    [flow([slot([FROM.mail])]), ['require_approval', 'provenance_unendorsed', 'tainted_act'], 'an e-mail'],
    [flow([slot([], { isApproved: true })], { integrity: 'internal' }), ['allow'], 'the approved list'],
  ])('%#: %j → %j: %s', (facts, expected, _why) => expect(ask(facts, grant)).toEqual(expected))
  test('a tool that is named endorses even where its source is not trusted otherwise', () => {
    expect(ask(flow([slot([FROM.mail])]), { ...WRITE, provenance: { to: ['mail.read'] } })).toEqual(['allow'])
  })
  test('it is no rule that can be observed only', () => {
    expect(ask(flow([slot([])], { integrity: 'system' }), grant, 'observe')).toEqual(['require_approval', 'provenance_unendorsed'])
  })
})

describe('R237 R225: data goes where it may', () => {
  const note = { kind: 'other', field: 'note', path: '/note' } as const
  test('a value that only a source of health data holds goes to no tool that is not cleared for it', () => {
    expect(ask(flow([slot([FROM.clinic], note)], { integrity: 'internal' }))).toEqual(['deny', 'class_not_cleared'])
    expect(ask(flow([slot([FROM.clinic, FROM.model], note)], { integrity: 'internal' }))).toEqual(['deny', 'class_not_cleared'])
  })
  test('it goes to one that is, and what the user said as well is no secret', () => {
    expect(ask(flow([slot([FROM.clinic], note)], { integrity: 'internal' }), { ...WRITE, cleared: ['phi'] })).toEqual(['allow'])
    expect(ask(flow([slot([FROM.clinic, FROM.user], note)], { integrity: 'internal' }))).toEqual(['allow'])
    expect(ask(flow([slot([FROM.directory], note)], { integrity: 'internal' }))).toEqual(['allow'])
  })
})

test('law: less trusted content never loosens a decision', () => {
  const strictness = ['allow', 'require_approval', 'deny']
  const origin = fc.constantFrom<ValueOrigin>(...Object.values(FROM))
  const anySlot = fc.record({
    origins: fc.array(origin, { maxLength: 3 }),
    kind: fc.constantFrom('recipient', 'url', 'other'),
  })
  const effect = (facts: FlowFacts): number => strictness.indexOf(String(ask(facts)[0]))
  fc.assert(
    fc.property(fc.array(anySlot, { maxLength: 4 }), fc.nat(8), fc.nat(8), (slots, a, b) => {
      const traced = slots.map((each) => slot(each.origins, { kind: each.kind as TracedSlot['kind'] }))
      const [low = 'unknown', high = 'unknown'] = [Math.min(a, b), Math.max(a, b)].map((i) => INTEGRITY_LEVELS[i])
      expect(effect(flow(traced, { integrity: low }))).toBeGreaterThanOrEqual(effect(flow(traced, { integrity: high })))
    }),
  )
})
