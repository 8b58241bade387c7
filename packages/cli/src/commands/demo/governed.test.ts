import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXAMPLE_AGENT, readCallCounts } from '../../example/index.ts'
import { connectAgent, type ScriptedAgent } from './scripted-agent.ts'
import { openWorld, type World } from './world.ts'

let world: World
let forAlice: ScriptedAgent
let forBob: ScriptedAgent
let forNobody: ScriptedAgent
let otherTask: ScriptedAgent

beforeAll(async () => {
  world = await openWorld()
  const connect = (credential: string) => connectAgent({ url: world.url, agent: EXAMPLE_AGENT, credential })
  forAlice = await connect(await world.exchange('alice', 'reconcile-orders'))
  forBob = await connect(await world.exchange('bob', 'reconcile-orders'))
  forNobody = await connect(world.keys['reconcile-orders'])
  otherTask = await connect(world.keys['answer-questions'])
})
afterAll(async () => {
  for (const agent of [forAlice, forBob, forNobody, otherTask]) await agent.close()
  await world.close()
})

const count = (tool: string) => readCallCounts(world.homeDir)[tool] ?? 0
const call = (agent: ScriptedAgent, tool: string, args: Readonly<Record<string, unknown>>) =>
  agent.perform({ kind: 'tool', tool, args })
const draft = { supplierId: 'S-01', amount: 100, currency: 'EUR', department: 'facilities' }
const letter = { to: ['bob@company.com'], subject: 'done', body: 'reconciled' }

describe('R047: a business write system is governed like any other tool', () => {
  test('R028, R139: an update within scope, tier and arguments goes through, once', async () => {
    const before = count('erp.updatePurchaseOrder')
    const done = await call(forAlice, 'erp.updatePurchaseOrder', { id: 'PO-1001', department: 'facilities', status: 'reconciled' })
    expect(done).toMatchObject({ outcome: 'allowed', content: { rows: [{ id: 'PO-1001', status: 'reconciled' }] } })
    expect(count('erp.updatePurchaseOrder')).toBe(before + 1)
  })

  test.each<[string, () => ScriptedAgent, string, Readonly<Record<string, unknown>>, string]>([
    [
      'R029: an order of another department',
      () => forAlice,
      'erp.updatePurchaseOrder',
      { id: 'PO-1003', department: 'finance', status: 'disputed' },
      'entity_mismatch',
    ],
    [
      'R029: no department at all',
      () => forAlice,
      'erp.updatePurchaseOrder',
      { id: 'PO-1003', status: 'disputed' },
      'entity_missing',
    ],
    [
      'R042: a status the grant does not allow',
      () => forAlice,
      'erp.updatePurchaseOrder',
      { id: 'PO-1001', department: 'facilities', status: 'open' },
      'args_invalid',
    ],
    [
      'R042: an argument the tool does not have',
      () => forAlice,
      'erp.updatePurchaseOrder',
      { id: 'PO-1001', department: 'facilities', status: 'disputed', amount: 1 },
      'args_invalid',
    ],
    [
      'R042: a note above the limit',
      () => forAlice,
      'erp.updatePurchaseOrder',
      { id: 'PO-1001', department: 'facilities', status: 'disputed', notes: 'x'.repeat(201) },
      'args_invalid',
    ],
    ['R042: a draft above the limit', () => forAlice, 'erp.createDraftPO', { ...draft, amount: 5001 }, 'args_invalid'],
    ['R033: a draft within the limit waits for a person', () => forAlice, 'erp.createDraftPO', draft, 'approval_unavailable'],
    ['R142: internal mail waits for a person', () => forAlice, 'mail.sendInternal', letter, 'approval_unavailable'],
    [
      'R031: an outsider in copy',
      () => forAlice,
      'mail.sendInternal',
      { ...letter, cc: ['x@company.com.evil.example'] },
      'recipient_not_allowed',
    ],
    [
      'R034: a payment',
      () => forAlice,
      'erp.payInvoice',
      { iban: 'DE0012345', amount: 1, currency: 'EUR', reference: 'r' },
      'explicitly_denied',
    ],
    [
      'R023: the key alone, without a user',
      () => forNobody,
      'erp.updatePurchaseOrder',
      { id: 'PO-1001', department: 'facilities', status: 'disputed' },
      'user_required',
    ],
    ['R037: the other task', () => otherTask, 'erp.readPurchaseOrders', {}, 'tool_not_in_manifest'],
    ['R037: the other task’s tool', () => forAlice, 'erp.exportTable', { table: 'employees' }, 'tool_not_in_manifest'],
  ])('%s is refused and never arrives', async (_, agent, tool, args, reason) => {
    const before = count(tool)
    const refused = await call(agent(), tool, args)
    expect([refused.outcome, refused.reasons.includes(reason), refused.entry === undefined]).toEqual(['denied', true, false])
    expect(count(tool)).toBe(before)
  })

  test('R046: a read without a filter gives each user the orders of their own department only', async () => {
    const departments = async (agent: ScriptedAgent) =>
      JSON.stringify((await call(agent, 'erp.readPurchaseOrders', {})).content).match(/"department":"\w+"/g)
    expect(new Set(await departments(forAlice))).toEqual(new Set(['"department":"facilities"']))
    expect(new Set(await departments(forBob))).toEqual(new Set(['"department":"finance"']))
  })

  test('R030: fields outside the grant are gone', async () => {
    const found = await call(forAlice, 'suppliers.query', { name: 'meridian' })
    expect(found.content).toEqual({ rows: [{ name: 'Meridian Lighting', contact: 'orders@meridian-lighting.example', rating: 4 }] })
  })

  test('R026: a resource is granted by its template, and nothing outside of it arrives', async () => {
    expect((await forAlice.perform({ kind: 'resource', uri: 'docs://policies/travel' })).outcome).toBe('allowed')
    const before = count('documents.resources/read')
    expect((await forAlice.perform({ kind: 'resource', uri: 'docs://policies/..%2Fsuppliers%2Fmeridian-terms' })).outcome).toBe(
      'denied',
    )
    expect(count('documents.resources/read')).toBe(before)
  })
})
