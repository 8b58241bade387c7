import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const names = ['many', 'few', 'brief', 'typed', 'kept']
const inputSchema = { type: 'object', properties: { id: { type: 'integer' } } }
const tools = names.map((name) => tool(name, () => text(name), name === 'typed' ? { inputSchema } : {}))
const PIN_RECHECK_MS = 400
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const read = { scope: 'read', tier: 'low' }
  const task = {
    tools: {
      'erp.many': { ...read, rateLimit: { callsMax: 100, windowMs: 60_000 } },
      'erp.few': { ...read, rateLimit: { callsMax: 2, windowMs: 60_000 } },
      'erp.brief': { ...read, rateLimit: { callsMax: 1, windowMs: 1_000 } },
      'erp.typed': { ...read, rateLimit: { callsMax: 10, windowMs: 60_000 } },
      'erp.kept': { ...read, rateLimit: { callsMax: 3, windowMs: 60_000 } },
    },
  }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url, pinRecheckMs: PIN_RECHECK_MS } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      one: { tasks: { work: task } },
      other: { tasks: { work: task } },
      narrow: {
        tasks: { work: { tools: { 'erp.many': read, 'erp.few': read } } },
        manifest: { defaults: { rateLimit: { callsMax: 5, windowMs: 60_000 } } },
      },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

describe('budgets of calls', () => {
  test('R020 R032: of 200 calls at once under a limit of 100, exactly 100 reach the server; another agent is unaffected', async () => {
    const agent = governed.client('one', 'work')
    const answers = await Promise.all(Array.from({ length: 200 }, () => agent.call('erp__many')))
    expect(server.calls('many')).toBe(100)
    expect(answers.filter((answer) => answer.said === 'many')).toHaveLength(100)
    const refused = answers.filter((answer) => answer.refusal?.reasons.includes('rate_limited'))
    expect(refused).toHaveLength(100)
    for (const { refusal } of refused) expect(refusal?.retryAfterMs).toBeGreaterThan(0)
    expect((await governed.client('other', 'work').call('erp__many')).said).toBe('many')
    const decisions = (await governed.entries()).filter((entry) => entry.type === 'decision' && entry.action.name === 'many')
    expect(decisions).toHaveLength(201)
  })

  test('R021 R035: a call over the limit is in the record with its reason and retry time', async () => {
    const agent = governed.client('one', 'work')
    await agent.call('erp__few')
    await agent.call('erp__few')
    const { answer, entry } = await expectRefused(governed, server, { call: () => agent.call('erp__few'), reason: 'rate_limited' })
    expect(answer.refusal?.retryAfterMs).toBeGreaterThan(50_000)
    expect(entry.retryAfterMs).toBe(answer.refusal?.retryAfterMs)
    expect(entry).toMatchObject({ actor: { id: 'one' }, onBehalfOf: 'system', action: { server: 'erp', name: 'few' } })
  })

  test('R020: the retry time is honoured: not before it, but then', async () => {
    const agent = governed.client('one', 'work')
    expect((await agent.call('erp__brief')).said).toBe('brief')
    const { answer } = await expectRefused(governed, server, { call: () => agent.call('erp__brief'), reason: 'rate_limited' })
    await new Promise((resolve) => setTimeout(resolve, answer.refusal?.retryAfterMs))
    expect((await agent.call('erp__brief')).said).toBe('brief')
  })

  test('R020: calls denied for another reason use nothing up, also while they are decided', async () => {
    const agent = governed.client('one', 'work')
    // All of them wait for the same check of the definitions, so that they are decided in one go.
    const gate = Promise.withResolvers<void>()
    server.listGate = gate.promise
    await new Promise((resolve) => setTimeout(resolve, PIN_RECHECK_MS + 1))
    const invalid = Array.from({ length: 60 }, () => agent.call('erp__typed', { id: 'x' }))
    const valid = Array.from({ length: 10 }, () => agent.call('erp__typed', { id: 1 }))
    const more = Array.from({ length: 60 }, () => agent.call('erp__typed', { id: 'y' }))
    await new Promise((resolve) => setTimeout(resolve, 150))
    gate.resolve()
    expect((await Promise.all(valid)).map((answer) => answer.said)).toEqual(Array.from({ length: 10 }, () => 'typed'))
    for (const { refusal } of await Promise.all([...invalid, ...more])) expect(refusal?.reasons).toContain('args_invalid')
    await expectRefused(governed, server, { call: () => agent.call('erp__typed', { id: 1 }), reason: 'rate_limited' })
  })

  test('R020: the agent’s own budget covers all its tools together', async () => {
    const agent = governed.client('narrow', 'work')
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => agent.call(i % 2 === 0 ? 'erp__many' : 'erp__few')))
    expect(answers.filter((answer) => answer.refusal === undefined)).toHaveLength(5)
  })

  test('R020 R032: a restart forgives nothing: budgets are rebuilt from the log', async () => {
    expect((await governed.client('one', 'work').call('erp__kept')).said).toBe('kept')
    expect((await governed.client('one', 'work').call('erp__kept')).said).toBe('kept')
    await governed.stop()
    await governed.start()
    expect((await governed.client('one', 'work').call('erp__kept')).said).toBe('kept')
    await expectRefused(governed, server, { call: () => governed.client('one', 'work').call('erp__kept'), reason: 'rate_limited' })
    await expectRefused(governed, server, { call: () => governed.client('one', 'work').call('erp__many'), reason: 'rate_limited' })
    expect(server.calls('kept')).toBe(3)
  })
})
