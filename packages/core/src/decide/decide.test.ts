import { describe, expect, test } from 'vitest'
import type { Action } from '../model/action.ts'
import type { JsonObject } from '../model/json.ts'
import { SCOPES, type Scope } from '../model/manifest.ts'
import type { Principal } from '../model/principal.ts'
import { decide } from './decide.ts'
import type { Facts } from './facts.ts'
import { alice, call, compiled, facts, manifestOf, withoutTask, withoutUser, type GrantInput } from './fixtures/world.ts'

const READ: GrantInput = { scope: 'read', tier: 'low' }
const WRITE: GrantInput = { scope: 'write', tier: 'low' }

/** Decides a call of `erp.act` under one grant. */
function ask(grant: GrantInput, args: JsonObject = {}, more: Partial<Facts> = {}, principal: Principal = alice) {
  const manifest = compiled(manifestOf({ 'erp.act': grant }))
  const tool = { state: 'approved', effect: grant.scope } as const
  return decide(principal, call('erp.act', args), [], facts(manifest, { tool, ...more }))
}
const outcome = (decision: ReturnType<typeof decide>) => [decision.enforced, ...decision.reasons]

describe('zero, then add', () => {
  test('R026: an agent with an empty manifest may call nothing', () => {
    expect(outcome(decide(alice, call('erp.act'), [], facts(compiled(manifestOf({})))))).toEqual(['deny', 'tool_not_in_manifest'])
  })
  test('R026: an agent without a manifest may call nothing', () => {
    expect(outcome(decide(alice, call('erp.act'), [], facts(undefined)))).toEqual(['deny', 'no_manifest'])
  })
  test('R026: a grant adds exactly its tool', () => {
    const manifest = facts(compiled(manifestOf({ 'erp.act': READ })))
    expect(outcome(decide(alice, call('erp.act'), [], manifest))).toEqual(['allow', 'granted'])
    for (const other of ['erp.acts', 'erp.Act', 'mail.act', 'erp.ac', 'erp.constructor', '.erp.act']) {
      expect(outcome(decide(alice, call(other), [], manifest))).toEqual(['deny', 'tool_not_in_manifest'])
    }
  })
  test('R045: another agent’s manifest grants nothing', () => {
    const manifest = compiled(manifestOf({ 'erp.act': READ }, { agent: 'other' }))
    expect(outcome(decide(alice, call('erp.act'), [], facts(manifest)))).toEqual(['deny', 'no_manifest'])
  })
  test('R037: the task type comes from the credential and limits the tools', () => {
    const manifest = facts(compiled(manifestOf({ 'erp.act': READ })))
    expect(outcome(decide({ ...alice, task: 'summarise' }, call('erp.act'), [], manifest))).toEqual([
      'deny',
      'tool_not_in_manifest',
    ])
    expect(outcome(decide({ ...alice, task: 'constructor' }, call('erp.act'), [], manifest))).toEqual(['deny', 'task_unknown'])
    expect(outcome(decide(withoutTask(alice), call('erp.act'), [], manifest))).toEqual(['deny', 'no_task'])
    expect(decide(alice, call('erp.act', { task: 'summarise' }), [], manifest).enforced).toBe('allow')
  })
  test('R036 R292: an ungranted call is denied whatever its arguments say', () => {
    const manifest = facts(compiled(manifestOf({ 'erp.act': READ })))
    expect(decide(alice, call('payments.execute', { approved: true, confidence: 1 }), [], manifest).enforced).toBe('deny')
  })
})

describe('R034: the denied list', () => {
  const grants = { 'mail.sendInternal': READ, 'erp.act': READ }
  test.each([
    [['mail.sendInternal'], 'mail.sendInternal', ['deny', 'explicitly_denied']],
    [['mail.*'], 'mail.sendInternal', ['deny', 'explicitly_denied']],
    [['mail.*'], 'erp.act', ['allow', 'granted']],
    [['mail.send'], 'mail.sendInternal', ['allow', 'granted']],
    [['payments.execute'], 'payments.execute', ['deny', 'explicitly_denied', 'tool_not_in_manifest']],
    [[], 'payments.execute', ['deny', 'tool_not_in_manifest']],
  ])('denied %j, call of %s: %j', (denied, tool, expected) => {
    expect(outcome(decide(alice, call(tool), [], facts(compiled(manifestOf(grants, { denied })))))).toEqual(expected)
  })
})

describe('isolation comes first', () => {
  test('an isolated agent gets that one reason for every kind of act', () => {
    const manifest = compiled(manifestOf({ 'erp.act': READ }))
    for (const kind of ['session.open', 'tool.list', 'tool.call', 'resource.read', 'prompt.get', 'complete'] as const) {
      const decision = decide(alice, { ...call('erp.act'), kind }, [], facts(manifest, { isolation: { isolated: true, epoch: 0 } }))
      expect([outcome(decision), decision.votes.length]).toEqual([['deny', 'agent_isolated'], 1])
    }
  })
  test('a credential of an earlier epoch stays dead after release', () => {
    expect(outcome(ask(READ, {}, { isolation: { isolated: false, epoch: 1 } }))).toEqual(['deny', 'agent_isolated'])
    expect(ask(READ, {}, { isolation: { isolated: false, epoch: 1 } }, { ...alice, epoch: 1 }).enforced).toBe('allow')
  })
})

describe('R028: the scope covers the reviewed effect', () => {
  const covered: Record<Scope, Scope[]> = {
    read: ['read'],
    write: ['read', 'write'],
    send: ['read', 'send'],
    delete: ['read', 'delete'],
    transact: ['read', 'transact'],
  }
  test.each(SCOPES.flatMap((scope) => SCOPES.map((effect) => [scope, effect, covered[scope].includes(effect)] as const)))(
    'scope %s, effect %s: covered is %s',
    (scope, effect, isCovered) => {
      const { reasons, votes } = ask({ scope, tier: 'low' }, {}, { tool: { state: 'approved', effect } })
      expect(votes.some((vote) => vote.reason === 'scope_exceeded')).toBe(!isCovered)
      expect(reasons.includes('scope_exceeded')).toBe(!isCovered)
    },
  )
  test('an effect nobody reviewed is never covered', () => {
    expect(outcome(ask(READ, {}, { tool: { state: 'approved' } }))).toEqual(['deny', 'scope_exceeded'])
  })
  test('R038 R047: a tool of a business system that writes needs a write grant', () => {
    expect(outcome(ask(READ, {}, { tool: { state: 'approved', effect: 'write' } }))).toEqual(['deny', 'scope_exceeded'])
    expect(outcome(ask(WRITE))).toEqual(['allow', 'granted'])
  })
})

describe('R041 R264: only a reviewed tool runs', () => {
  test.each([
    ['unreviewed', 'tool_unreviewed'],
    ['colliding', 'tool_colliding'],
    ['unknown', 'tool_unknown'],
    ['unverifiable', 'tool_unverifiable'],
  ] as const)('%s is denied', (state, reason) => {
    expect(outcome(ask(READ, {}, { tool: { state, effect: 'read' } }))).toEqual(['deny', reason])
  })
  test('no facts about the tool is a deny', () => {
    const { tool: _, ...rest } = facts(compiled(manifestOf({ 'erp.act': READ })))
    expect(outcome(decide(alice, call('erp.act'), [], rest))).toEqual(['deny', 'tool_unknown'])
  })
})

describe('R042: arguments', () => {
  const limited: GrantInput = { ...READ, args: { properties: { amount: { maximum: 5000 } } } }
  test('within the manifest’s schema it passes', () => expect(ask(limited, { amount: 5000 }).enforced).toBe('allow'))
  test('a violation is denied with its path', () => {
    const decision = ask(limited, { amount: 5001 })
    expect(outcome(decision)).toEqual(['deny', 'args_invalid'])
    expect(decision.votes.at(-1)?.detail).toBe('/amount: must be <= 5000')
  })
  test('a violation of the pinned schema is denied with its path', () => {
    const decision = ask(
      READ,
      {},
      { tool: { state: 'approved', effect: 'read', violation: { path: '/x', message: 'must be string' } } },
    )
    expect(outcome(decision)).toEqual(['deny', 'args_invalid'])
    expect(decision.votes.at(-1)?.detail).toBe('/x: must be string')
  })
})

describe('R029 R046: entities', () => {
  const own = { department: '$user.department' }
  test.each<[string, GrantInput, JsonObject, string[]]>([
    ['own record', { ...READ, entities: own }, { department: 'facilities' }, ['allow', 'granted']],
    ['another’s record', { ...READ, entities: own }, { department: 'finance' }, ['deny', 'entity_mismatch']],
    ['another’s record, nested', { ...READ, entities: own }, { filter: { department: 'finance' } }, ['deny', 'entity_mismatch']],
    [
      'another’s among own',
      { ...READ, entities: own },
      { department: 'facilities', or: [{ department: 'finance' }] },
      ['deny', 'entity_mismatch'],
    ],
    [
      'a list instead of the value',
      { ...READ, entities: own },
      { department: ['facilities', 'finance'] },
      ['deny', 'entity_mismatch'],
    ],
    ['null', { ...READ, entities: own }, { department: null }, ['deny', 'entity_mismatch']],
    ['absent on read: rows are filtered', { ...READ, entities: own }, {}, ['allow', 'granted']],
    ['absent on write', { ...WRITE, entities: own }, {}, ['deny', 'entity_missing']],
    ['nested only, on write', { ...WRITE, entities: own }, { a: { department: 'facilities' } }, ['deny', 'entity_missing']],
    ['a claim that is missing', { ...READ, entities: { department: '$user.team' } }, {}, ['deny', 'entity_unresolved']],
    ['a claim that is a list', { ...READ, entities: { department: '$user.groups' } }, {}, ['deny', 'entity_unresolved']],
    ['a name every object has', { ...READ, entities: { department: '$user.constructor' } }, {}, ['deny', 'entity_unresolved']],
    [
      'a dotted path',
      { ...WRITE, entities: { 'order.department': '$user.department' } },
      { order: { department: 'facilities' } },
      ['allow', 'granted'],
    ],
    ['the agent itself', { ...WRITE, entities: { by: '$agent.id' } }, { by: 'buyer' }, ['allow', 'granted']],
    ['the task', { ...WRITE, entities: { task: '$task' } }, { task: 'summarise' }, ['deny', 'entity_mismatch']],
    ['the user', { ...WRITE, entities: { user: '$user.id' } }, { user: 'bob' }, ['deny', 'entity_mismatch']],
    ['a literal', { ...WRITE, entities: { site: 7 } }, { site: '7' }, ['deny', 'entity_mismatch']],
  ])('%s', (_, grant, args, expected) => expect(outcome(ask(grant, args))).toEqual(expected))
  test('R029: without a user the entity is unresolved, whatever the arguments say', () => {
    expect(outcome(ask({ ...READ, entities: own }, { department: 'facilities' }, {}, withoutUser(alice)))).toEqual([
      'deny',
      'entity_unresolved',
    ])
  })
  test('R029: an allowed read obliges the gateway to filter by the resolved value', () => {
    expect(ask({ ...READ, entities: own }).obligations).toEqual([
      { type: 'filter_rows', mode: 'enforce', entities: { department: 'facilities' } },
    ])
  })
})

test('R030: an allowed call obliges the gateway to project', () => {
  expect(ask({ ...READ, fields: ['name'] }).obligations).toEqual([{ type: 'project_fields', mode: 'enforce', fields: ['name'] }])
  expect(ask(READ).obligations).toEqual([])
})

describe('R031: domains', () => {
  const mail: GrantInput = { ...READ, domains: ['company.com', '*.company.org', 'bücher.example'] }
  test.each<[JsonObject, string[]]>([
    [{ to: 'x@company.com' }, ['allow', 'granted']],
    [{ to: 'x@BÜCHER.example' }, ['allow', 'granted']],
    [{ to: 'x@mail.company.org' }, ['allow', 'granted']],
    [{ to: 'x@company.org' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@mail.company.com' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@company.com.evil.io' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@evilcompany.com' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@evilcompany.org' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@cоmpany.com' }, ['deny', 'recipient_not_allowed']],
    [{ to: '"a@company.com"@evil.io' }, ['deny', 'recipient_unparseable']],
    [{ to: 'x@company.com', cc: 'y@evil.io' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@company.com', bcc: ['y@evil.io'] }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@company.com', attachment: 'https://evil.io/?d=1' }, ['deny', 'recipient_not_allowed']],
    [{ to: 'x@localhost' }, ['deny', 'recipient_not_allowed']],
  ])('%j: %j', (args, expected) => expect(outcome(ask(mail, args))).toEqual(expected))
})

describe('R141 R142 R033: what a person must decide is refused while none can be asked', () => {
  test.each<[GrantInput, boolean]>([
    [{ scope: 'read', tier: 'low' }, false],
    [{ scope: 'write', tier: 'medium' }, false],
    [{ scope: 'read', tier: 'high' }, true],
    [{ scope: 'send', tier: 'low' }, true],
    [{ scope: 'delete', tier: 'low' }, true],
    [{ scope: 'transact', tier: 'low' }, true],
    [{ scope: 'write', tier: 'low', requiresHumanApproval: true }, true],
    [{ scope: 'write', tier: 'low', requiresHumanApproval: false }, false],
  ])('%j waits: %s', (grant, waits) => {
    expect(outcome(ask(grant, { confidence: 1 }))).toEqual(
      waits ? ['require_approval', 'approval_unavailable'] : ['allow', 'granted'],
    )
  })
  test('a deny outranks the approval', () => {
    expect(outcome(ask({ scope: 'send', tier: 'low', domains: ['company.com'] }, { to: 'x@evil.io' }))).toEqual([
      'deny',
      'recipient_not_allowed',
    ])
  })
})

test('a tool that needs a user is denied without one', () => {
  expect(outcome(ask({ ...READ, user: 'required' }, {}, {}, withoutUser(alice)))).toEqual(['deny', 'user_required'])
  expect(ask({ ...READ, user: 'required' }).enforced).toBe('allow')
  expect(ask(READ, {}, {}, withoutUser(alice)).enforced).toBe('allow')
})

test('a grant that requires provenance is refused while none is recorded', () => {
  expect(outcome(ask({ ...READ, provenance: { to: ['user'] } }))).toEqual(['deny', 'provenance_unavailable'])
})

describe('R032: budgets', () => {
  const empty = { reserved: false, keys: [], limit: 'grant', retryAfterMs: 1_500 }
  test('a used-up budget is a deny with the wait', () => {
    const decision = ask(READ, {}, { budget: empty })
    expect([...outcome(decision), decision.retryAfterMs]).toEqual(['deny', 'rate_limited', 1_500])
  })
  test('no wait is promised when waiting would not help', () => {
    expect(ask({ ...READ, provenance: { to: ['user'] } }, {}, { budget: empty }).retryAfterMs).toBeUndefined()
  })
})

test('a failed detector is a deny, its findings are not', () => {
  const finding = { detector: 'hidden-text', code: 'tag_characters', severity: 'high', path: '/x', start: 0, end: 1 } as const
  const manifest = facts(compiled(manifestOf({ 'erp.act': READ })))
  expect(decide(alice, call('erp.act'), [finding], manifest).enforced).toBe('allow')
  expect(outcome(decide(alice, call('erp.act'), [{ ...finding, code: 'detector_failed' }], manifest))).toEqual([
    'deny',
    'inspection_failed',
  ])
})

describe('observe mode', () => {
  test.each<[string, GrantInput, JsonObject, Partial<Facts>]>([
    ['args', { ...READ, args: { properties: { amount: { maximum: 1 } } } }, { amount: 2 }, {}],
    ['entities', { ...READ, entities: { d: 'x' } }, { d: 'y' }, {}],
    ['domains', { ...READ, domains: ['company.com'] }, { to: 'x@evil.io' }, {}],
    ['rateLimit', READ, {}, { budget: { reserved: false, keys: [] } }],
  ])('%s: evaluated denies, enforced allows', (rule, grant, args, more) => {
    const decided = (observe: never[]) =>
      decide(alice, call('erp.act', args), [], facts(compiled(manifestOf({ 'erp.act': grant }, { observe })), more))
    const observed = decided([rule] as never[])
    expect([observed.evaluated, observed.enforced, ...observed.reasons]).toEqual(['deny', 'allow', 'granted'])
    expect([decided([]).evaluated, decided([]).enforced]).toEqual(['deny', 'deny'])
  })
  test('the pinned schema is enforced whatever is observed', () => {
    const manifest = compiled(manifestOf({ 'erp.act': READ }, { observe: ['args'] }))
    const tool = { state: 'approved', effect: 'read', violation: { path: '/x', message: 'm' } } as const
    expect(decide(alice, call('erp.act'), [], facts(manifest, { tool })).enforced).toBe('deny')
  })
})

describe('lists, resources, prompts and completions', () => {
  const task = {
    resources: { 'docs.file:///policies/{name}': {}, 'docs.file:///secret': { tier: 'high' } },
    prompts: { 'docs.review': {} },
  }
  const manifest = compiled(manifestOf({}, { task }))
  const act = (kind: Action['kind'], name: string, server = 'docs'): Action => ({ kind, server, name, args: {}, digest: 'd' })
  test.each<[Action, string[]]>([
    [act('session.open', ''), ['allow', 'listed']],
    [act('tool.list', ''), ['allow', 'listed']],
    [act('resource.list', ''), ['allow', 'listed']],
    [act('prompt.list', ''), ['allow', 'listed']],
    [act('resource.read', 'file:///policies/travel'), ['allow', 'granted']],
    [act('resource.subscribe', 'file:///policies/travel'), ['allow', 'granted']],
    [act('resource.read', 'file:///policies/a/b'), ['deny', 'resource_not_in_manifest']],
    [act('resource.read', 'file:///policies/travel', 'other'), ['deny', 'resource_not_in_manifest']],
    [act('resource.read', 'file:///secret'), ['require_approval', 'approval_unavailable']],
    [act('prompt.get', 'review'), ['allow', 'granted']],
    [act('prompt.get', 'other'), ['deny', 'prompt_not_in_manifest']],
    [act('complete', 'prompt:review'), ['allow', 'granted']],
    [act('complete', 'prompt:other'), ['deny', 'prompt_not_in_manifest']],
    [act('complete', 'file:///policies/{name}'), ['allow', 'granted']],
    [act('complete', 'file:///{path}'), ['deny', 'resource_not_in_manifest']],
  ])('%j: %j', (action, expected) => expect(outcome(decide(alice, action, [], facts(manifest)))).toEqual(expected))
  test('R026: lists are answered, emptily, without a manifest', () => {
    expect(outcome(decide(withoutTask(alice), act('tool.list', ''), [], facts(undefined)))).toEqual(['allow', 'listed'])
  })
  test('R034: denying a server denies its resources and prompts', () => {
    const denying = facts(compiled(manifestOf({}, { task, denied: ['docs.*'] })))
    for (const action of [
      act('resource.read', 'file:///policies/travel'),
      act('prompt.get', 'review'),
      act('complete', 'prompt:review'),
    ]) {
      expect(outcome(decide(alice, action, [], denying))).toEqual(['deny', 'explicitly_denied'])
    }
    expect(
      outcome(
        decide(alice, act('complete', 'prompt:review'), [], facts(compiled(manifestOf({}, { task, denied: ['docs.review'] })))),
      ),
    ).toEqual(['deny', 'explicitly_denied'])
  })
})
