import { describe, expect, test } from 'vitest'
import { decide } from './decide.ts'
import { alice, call, compiled, facts, manifestOf, type GrantInput } from './fixtures/world.ts'
import { budgetsOf } from './grants.ts'
import {
  clientFeatureGranted,
  grantedTools,
  isReduced,
  visiblePrompt,
  visibleResource,
  visibleTemplate,
  visibleTool,
} from './visible.ts'

const READ: GrantInput = { scope: 'read', tier: 'low' }

describe('R039: an unsigned version waits where it widens', () => {
  const rich: GrantInput = {
    ...READ,
    user: 'required',
    entities: { department: '$user.department' },
    fields: ['name', 'rating'],
    domains: ['company.com'],
    args: { properties: { amount: { maximum: 5 } } },
    rateLimit: { callsMax: 10, windowMs: 60_000 },
    requiresHumanApproval: true,
    provenance: { to: ['user'] },
  }
  const without = (key: keyof GrantInput): GrantInput =>
    Object.fromEntries(Object.entries(rich).filter(([name]) => name !== key)) as GrantInput
  test.each<[string, GrantInput | undefined, GrantInput, boolean]>([
    ['a new read grant', undefined, READ, false],
    ['a new read grant at tier medium', undefined, { ...READ, tier: 'medium' }, false],
    ['a new read grant at tier high', undefined, { ...READ, tier: 'high' }, true],
    ['a new write grant', undefined, { scope: 'write', tier: 'low' }, true],
    ['a new send grant', undefined, { scope: 'send', tier: 'low' }, true],
    ['a new delete grant', undefined, { scope: 'delete', tier: 'low' }, true],
    ['a new transact grant', undefined, { scope: 'transact', tier: 'low' }, true],
    ['an identical write grant', { scope: 'write', tier: 'low' }, { scope: 'write', tier: 'low' }, false],
    [
      'a write grant with a longer rationale',
      { scope: 'write', tier: 'low' },
      { scope: 'write', tier: 'low', rationale: 'x' },
      true,
    ],
    ['a narrower write grant', { scope: 'write', tier: 'low' }, { scope: 'write', tier: 'low', domains: ['company.com'] }, true],
    ['a lower tier', { ...READ, tier: 'medium' }, READ, true],
    ['a higher tier', READ, { ...READ, tier: 'medium' }, true],
    ['write turned into read', { scope: 'write', tier: 'low' }, READ, true],
    ['an identical read grant', rich, rich, false],
    ['read: user no longer required', rich, { ...rich, user: 'optional' }, true],
    ['read: entity removed', rich, without('entities'), true],
    ['read: entity changed', rich, { ...rich, entities: { department: 'finance' } }, true],
    ['read: entity added', rich, { ...rich, entities: { department: '$user.department', site: 1 } }, false],
    ['read: field added', rich, { ...rich, fields: ['name', 'rating', 'iban'] }, true],
    ['read: field removed', rich, { ...rich, fields: ['name'] }, false],
    ['read: all fields', rich, without('fields'), true],
    ['read: domain added', rich, { ...rich, domains: ['company.com', 'evil.io'] }, true],
    ['read: all domains', rich, without('domains'), true],
    ['read: args loosened', rich, { ...rich, args: { properties: { amount: { maximum: 6 } } } }, true],
    ['read: args removed', rich, without('args'), true],
    ['read: args added', READ, { ...READ, args: { properties: {} } }, false],
    ['read: rate raised', rich, { ...rich, rateLimit: { callsMax: 11 } }, true],
    ['read: window shortened', rich, { ...rich, rateLimit: { callsMax: 10, windowMs: 1_000 } }, true],
    ['read: rate lowered', rich, { ...rich, rateLimit: { callsMax: 9 } }, false],
    ['read: rate removed', rich, without('rateLimit'), true],
    ['read: approval removed', rich, without('requiresHumanApproval'), true],
    ['read: provenance removed', rich, without('provenance'), true],
    ['read: provenance widened', rich, { ...rich, provenance: { to: ['user', 'contacts.lookup'] } }, true],
  ])('%s', (_, before, now, isProposed) => {
    const manifest = compiled(manifestOf({ 'erp.act': now }), { baseline: manifestOf(before ? { 'erp.act': before } : {}) })
    const decision = decide(
      alice,
      call('erp.act', { amount: 1 }),
      [],
      facts(manifest, { tool: { state: 'approved', effect: now.scope } }),
    )
    expect(decision.reasons.includes('grant_proposed')).toBe(isProposed)
    expect(manifest.proposed.map(({ path }) => path)).toEqual(isProposed ? ['tasks.reconcile.tools.erp.act'] : [])
    expect(visibleTool(alice, manifest, { server: 'erp', name: 'act' }) !== undefined).toBe(!isProposed)
  })
  test('a signed version has no proposals', () => {
    expect(compiled(manifestOf({ 'erp.act': { scope: 'write', tier: 'high' } })).proposed).toEqual([])
  })
  test('the first version, never signed, has its writes proposed and its reads active', () => {
    const manifest = compiled(manifestOf({ 'erp.act': { scope: 'write', tier: 'low' }, 'erp.look': READ }), { signed: false })
    expect([...grantedTools(alice, manifest)]).toEqual(['erp.look'])
  })
  test('a removed grant is gone at once', () => {
    const manifest = compiled(manifestOf({}), { baseline: manifestOf({ 'erp.act': READ }) })
    expect(decide(alice, call('erp.act'), [], facts(manifest)).reasons).toEqual(['tool_not_in_manifest'])
  })
  test('resources and prompts follow the same rule', () => {
    const now = manifestOf(
      {},
      { task: { resources: { 'd.f:///a': { tier: 'high' }, 'd.f:///b': {} }, prompts: { 'd.p': { user: 'optional' } } } },
    )
    const before = manifestOf({}, { task: { prompts: { 'd.p': { user: 'required' } } } })
    const manifest = compiled(now, { baseline: before })
    expect(manifest.proposed.map(({ path }) => path)).toEqual(['tasks.reconcile.resources.d.f:///a', 'tasks.reconcile.prompts.d.p'])
    expect([
      visibleResource(alice, manifest, { server: 'd', name: 'f:///a' }),
      visibleResource(alice, manifest, { server: 'd', name: 'f:///b' }),
      visiblePrompt(alice, manifest, { server: 'd', name: 'p' }),
    ]).toEqual([false, true, false])
  })
})

describe('R039: outside the grants, an unsigned version only narrows', () => {
  const before = manifestOf(
    {},
    { denied: ['mail.send'], observe: ['args'], defaults: { rateLimit: { callsMax: 100 } }, signOff: ['engineer', 'security'] },
  )
  test('removing a deny needs signatures, adding one does not', () => {
    expect([...compiled(manifestOf({}, { denied: ['mail.*'] }), { baseline: before }).denied]).toEqual(['mail.*', 'mail.send'])
    expect([...compiled(manifestOf({}, { denied: ['mail.*'] })).denied]).toEqual(['mail.*'])
  })
  test('observing a rule needs signatures, enforcing it does not', () => {
    expect([...compiled(manifestOf({}, { observe: ['args', 'domains'] }), { baseline: before }).observe]).toEqual(['args'])
    expect([...compiled(manifestOf({}), { baseline: before }).observe]).toEqual([])
    expect([...compiled(manifestOf({}, { observe: ['domains'] }), { signed: false }).observe]).toEqual([])
  })
  test('a wider budget needs signatures, a narrower one does not', () => {
    const limit = (callsMax: number) =>
      compiled(manifestOf({}, { defaults: { rateLimit: { callsMax } } }), { baseline: before }).rateLimit.callsMax
    expect([limit(101), limit(99)]).toEqual([100, 99])
    expect(compiled(manifestOf({}, { defaults: { rateLimit: { callsMax: 601 } } }), { signed: false }).rateLimit.callsMax).toBe(600)
  })
  test('a version does not choose who signs it', () => {
    const now = manifestOf({}, { signOff: ['owner', 'owner'] })
    expect(compiled(now, { baseline: before }).signOff).toEqual(['engineer', 'security'])
    expect(compiled(now).signOff).toEqual(['owner', 'owner'])
  })
  test('a client feature needs signatures', () => {
    const now = manifestOf({}, { task: { clientFeatures: { sampling: ['erp', 'mail'] } } })
    const signed = manifestOf({}, { task: { clientFeatures: { sampling: ['erp'] } } })
    const manifest = compiled(now, { baseline: signed })
    expect([
      clientFeatureGranted(alice, manifest, { server: 'erp', feature: 'sampling' }),
      clientFeatureGranted(alice, manifest, { server: 'mail', feature: 'sampling' }),
    ]).toEqual([true, false])
    expect(clientFeatureGranted(alice, compiled(now), { server: 'mail', feature: 'sampling' })).toBe(true)
    expect(clientFeatureGranted({ ...alice, task: 'summarise' }, compiled(now), { server: 'mail', feature: 'sampling' })).toBe(
      false,
    )
  })
})

describe('what cannot be compiled names its path', () => {
  test.each<[string, object, RegExp]>([
    [
      'a domain that is an address',
      { 'erp.act': { ...READ, domains: ['192.0.2.1'] } },
      /^tasks\.reconcile\.tools\.erp\.act: .*domain/,
    ],
    ['a domain with a hexadecimal end', { 'erp.act': { ...READ, domains: ['a.0x1'] } }, /domain/],
  ])('%s', (_, tools, message) => expect(() => compiled(manifestOf(tools as never))).toThrow(message))
  test.each(['docs.file:///{+path}', 'docs.file:///{a}{b}', 'docs.https://{host}/x', 'docs.file:///{a', 'docs.file:///{?q}'])(
    'template %s',
    (key) => {
      expect(() => compiled(manifestOf({}, { task: { resources: { [key]: {} } } }))).toThrow(
        /^tasks\.reconcile\.resources: .*template/,
      )
    },
  )
})

describe('lists', () => {
  const manifest = compiled(
    manifestOf(
      {
        'erp.look': READ,
        'erp.pay': { scope: 'transact', tier: 'high' },
        'erp.mine': { ...READ, user: 'required', fields: ['a'] },
        'mail.read': READ,
      },
      { denied: ['mail.*'], task: { resources: { 'd.f:///{x}': {} } } },
    ),
  )
  test('R026: granted and approvable tools are listed, denied ones are not', () => {
    expect([...grantedTools(alice, manifest)]).toEqual(['erp.look', 'erp.pay', 'erp.mine'])
    expect([...grantedTools({ ...alice, task: 'summarise' }, manifest)]).toEqual([])
    expect([...grantedTools({ ...alice, agent: 'other' }, manifest)]).toEqual([])
  })
  test('a tool that needs a user is not listed without one', () => {
    const { user: _, ...nobody } = alice
    expect([...grantedTools(nobody, manifest)]).toEqual(['erp.look', 'erp.pay'])
  })
  test('templates are listed by their exact name', () => {
    expect([
      visibleTemplate(alice, manifest, { server: 'd', name: 'f:///{x}' }),
      visibleTemplate(alice, manifest, { server: 'd', name: 'f:///{y}' }),
    ]).toEqual([true, false])
  })
  test('a grant that reduces results says so', () => {
    const reduced = (tool: string) =>
      isReduced(visibleTool(alice, manifest, { server: 'erp', name: tool }) ?? expect.fail('not visible'))
    expect([reduced('look'), reduced('mine')]).toEqual([false, true])
  })
})

describe('R032: budgets of an act', () => {
  const manifest = compiled(
    manifestOf(
      { 'erp.act': { ...READ, rateLimit: { callsMax: 5 } }, 'erp.look': READ },
      { task: { prompts: { 'd.p': { rateLimit: { callsMax: 2 } } } } },
    ),
  )
  test('the agent’s own, and the grant’s', () => {
    expect(budgetsOf(alice, call('erp.act'), manifest)).toEqual([
      { key: 'agent:buyer', callsMax: 600, windowMs: 60_000 },
      { key: 'grant:buyer:reconcile:tool:erp.act', callsMax: 5, windowMs: 60_000 },
    ])
    expect(budgetsOf(alice, call('erp.look'), manifest).map(({ key }) => key)).toEqual(['agent:buyer'])
    expect(budgetsOf(alice, { ...call('d.p'), kind: 'prompt.get' }, manifest)[1]).toEqual({
      key: 'grant:buyer:reconcile:prompt:d.p',
      callsMax: 2,
      windowMs: 60_000,
    })
  })
  test('none for what is refused anyway, and for lists', () => {
    expect(budgetsOf(alice, call('erp.other'), manifest)).toEqual([])
    expect(budgetsOf(alice, { ...call('erp.act'), kind: 'tool.list' }, manifest)).toEqual([])
  })
})

test('R002: what the list, the schema and the entities of a grant name needs no other endorsement, and nothing else', () => {
  const args = { properties: { status: { enum: ['done', 7, true] }, kind: { const: 'po' }, note: { maxLength: 5 } } }
  const grant: GrantInput = {
    scope: 'write',
    tier: 'low',
    args,
    entities: { department: '$user.department' },
    approved: { to: ['bob'] },
  }
  const manifest = compiled(manifestOf({ 'erp.act': grant }))
  expect(manifest.tasks.get('reconcile')?.tools.get('erp.act')?.approved).toEqual({
    status: ['done', 7],
    kind: ['po'],
    to: ['bob'],
    department: 'bound',
  })
})
