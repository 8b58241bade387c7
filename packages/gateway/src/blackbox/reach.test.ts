import { writeFileSync } from 'node:fs'
import type { Json, JsonObject, ReasonCode } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, structured, text, tool } from '../fixtures/recording-server.ts'

const ROWS = [
  { name: 'Desk', department: 'finance', salary: 1 },
  { name: 'Lamp', department: 'sales', salary: 2 },
]
const names = ['pay', 'letter', 'rows', 'seldom', 'held', 'asks', 'wide', 'raw', 'idle']
const tools = names.map((name) => tool(name, () => (name === 'rows' ? structured({ items: ROWS }) : text(`${name} done`))))
const read = { scope: 'read', tier: 'low' }
const GRANTS: Record<string, Json> = {
  'erp.pay': { scope: 'write', tier: 'low', args: { properties: { order: { properties: { amount: { maximum: 500 } } } } } },
  'erp.letter': { scope: 'write', tier: 'low', domains: ['company.com', '*.partner.example'] },
  'erp.rows': { ...read, entities: { department: 'finance' }, fields: ['name', 'department'] },
  'erp.seldom': { ...read, rateLimit: { callsMax: 1, windowMs: 60_000 } },
  'erp.held': read,
  'erp.asks': { scope: 'send', tier: 'low' },
  'erp.wide': read,
  'erp.raw': read,
  'erp.alone': { ...read, user: 'required' },
  'erp.idle': read,
}
const EFFECTS: Record<string, 'read' | 'write' | 'send'> = { pay: 'write', letter: 'write', asks: 'send', wide: 'write' }
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const task = {
    tools: GRANTS,
    resources: { 'docs.file:///policies/{name}': { tier: 'high' } },
    prompts: { 'docs.letter': { rateLimit: { callsMax: 2, windowMs: 1_000 } } },
    clientFeatures: { sampling: ['erp'], logging: ['docs'] },
  }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: {
      erp: tools
        .filter(({ definition }) => definition.name !== 'raw')
        .map(({ definition }) => [definition, EFFECTS[definition.name] ?? 'read'] as const),
    },
    agents: {
      clerk: {
        tasks: { work: task },
        manifest: { denied: ['erp.held', 'docs.*'], defaults: { rateLimit: { callsMax: 50, windowMs: 60_000 } } },
      },
      draft: { tasks: { work: { tools: { 'erp.pay': { scope: 'write', tier: 'low' }, 'erp.rows': read } } }, signedBy: [] },
      saver: { tasks: { work: { tools: reads('erp.rows', 'erp.idle') } } },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')
const taskOf = (reach: JsonObject) => (reach['tasks'] as JsonObject[])[0] as JsonObject
const toolsOf = (reach: JsonObject) =>
  Object.fromEntries((taskOf(reach)['tools'] as JsonObject[]).map((one) => [one['tool'] as string, one]))

describe('R010: the blast radius', () => {
  test('R010: every granted tool, resource, prompt and feature is listed with its bounds', async () => {
    const reach = await governed.control('bob', 'manifest.reach', { agent: 'clerk' })
    expect(reach).toMatchObject({
      version: 1,
      signed: true,
      rateLimit: { callsMax: 50 },
      observed: [],
      denied: ['docs.*', 'erp.held'],
    })
    const listed = toolsOf(reach)
    expect(Object.keys(listed)).toEqual(Object.keys(GRANTS))
    expect(listed).toMatchObject({
      'erp.pay': {
        scope: 'write',
        tier: 'low',
        waits: false,
        refused: [],
        effect: 'write',
        caps: [{ path: 'order.amount', max: 500 }],
      },
      'erp.letter': { domains: ['company.com', '*.partner.example'], refused: [] },
      'erp.rows': { entities: { department: 'finance' }, fields: ['name', 'department'], caps: [] },
      'erp.seldom': { rateLimit: { callsMax: 1, windowMs: 60_000 } },
      'erp.held': { refused: ['explicitly_denied'] },
      'erp.asks': { scope: 'send', waits: true, refused: [] },
      'erp.wide': { scope: 'read', effect: 'write', reviewed: true, refused: ['scope_exceeded'] },
      'erp.raw': { reviewed: false, refused: ['tool_unreviewed'] },
      'erp.alone': { user: 'required', refused: ['tool_unreviewed'] },
    })
    expect(taskOf(reach)).toMatchObject({
      resources: [{ name: 'docs.file:///policies/{name}', tier: 'high', waits: true, refused: ['explicitly_denied'] }],
      prompts: [{ name: 'docs.letter', rateLimit: { callsMax: 2 }, refused: ['explicitly_denied'] }],
      clientFeatures: [
        { server: 'erp', feature: 'sampling', refused: [] },
        { server: 'docs', feature: 'logging', refused: ['feature_not_in_manifest'] },
      ],
    })
  })

  test.each<[string, JsonObject, ReasonCode]>([
    ['pay', { order: { amount: 501 } }, 'args_invalid'],
    ['letter', { to: 'x@evil.example' }, 'recipient_not_allowed'],
    ['rows', { department: 'sales' }, 'entity_mismatch'],
    ['held', {}, 'explicitly_denied'],
    ['asks', {}, 'approval_unavailable'],
    ['wide', {}, 'scope_exceeded'],
    ['raw', {}, 'tool_unreviewed'],
    ['other', {}, 'tool_not_in_manifest'],
  ])('R010: beyond what is listed for %s, %j is denied', async (name, args, reason) => {
    await expectRefused(governed, server, { call: () => clerk().call(`erp__${name}`, args), reason })
  })

  test('R010: within the bounds the calls reach the server, and one call more than listed does not', async () => {
    expect((await clerk().call('erp__pay', { order: { amount: 500 } })).said).toBe('pay done')
    expect((await clerk().call('erp__letter', { to: 'x@company.com' })).said).toBe('letter done')
    expect((await clerk().call('erp__rows', { department: 'finance' })).result?.['structuredContent']).toEqual({
      items: [{ name: 'Desk', department: 'finance' }],
    })
    expect((await clerk().call('erp__seldom')).said).toBe('seldom done')
    await expectRefused(governed, server, { call: () => clerk().call('erp__seldom'), reason: 'rate_limited' })
  })

  test('R010 R039: what awaits signatures is listed as out of reach, and is', async () => {
    const reach = await governed.control('alice', 'manifest.reach', { agent: 'draft' })
    expect(reach).toMatchObject({ signed: false })
    expect(toolsOf(reach)).toMatchObject({ 'erp.pay': { refused: ['grant_proposed'] }, 'erp.rows': { refused: [] } })
    const draft = governed.client('draft', 'work')
    await expectRefused(governed, server, { call: () => draft.call('erp__pay'), reason: 'grant_proposed' })
    expect((await draft.call('erp__rows')).refusal).toBeUndefined()
  })

  test('R010: nobody’s reach is told for an agent without a manifest', async () => {
    await expect(governed.control('bob', 'manifest.reach', { agent: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('R036: an unused grant is proposed for removal; without it the call is denied and the used one works on', async () => {
  const saver = governed.client('saver', 'work')
  await saver.call('erp__rows')
  const before = await governed.control('bob', 'manifest.unused', { agent: 'saver', days: 30 })
  expect(before).toMatchObject({ unused: [{ task: 'work', kind: 'tools', name: 'erp.idle' }] })
  expect((await saver.call('erp__idle')).said).toBe('idle done')
  expect(await governed.control('bob', 'manifest.unused', { agent: 'saver' })).toMatchObject({ unused: [] })
  writeFileSync(`${governed.home.manifestsDir}/saver.yaml`, String(before['proposal']))
  expect(await governed.control('bob', 'manifest.show', { agent: 'saver' })).toMatchObject({ version: 2, proposed: [] })
  await expectRefused(governed, server, { call: () => saver.call('erp__idle'), reason: 'tool_not_in_manifest' })
  expect((await saver.call('erp__rows')).refusal).toBeUndefined()
})
