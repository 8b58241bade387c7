import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { govern, type Governed } from '../../gateway/src/fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../../gateway/src/fixtures/recording-server.ts'
import { ActRefused, openPep, type Fetch, type Pep } from './index.ts'

const inputSchema = { type: 'object', properties: { id: { type: 'integer' } } }
const tools = ['look', 'pay', 'rows'].map((name) => tool(name, () => text(name), { inputSchema }))
const read = { scope: 'read', tier: 'low' }
let server: RecordingServer
let governed: Governed
let pep: Pep

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, definition.name === 'pay' ? 'transact' : 'read'] as const) },
    agents: {
      clerk: {
        tasks: {
          work: {
            tools: {
              'erp.look': read,
              'erp.pay': { scope: 'transact', tier: 'low' },
              'erp.rows': { ...read, fields: ['name'] },
            },
          },
        },
      },
    },
  })
  pep = openPep({ url: governed.url(), agent: 'clerk', credential: () => governed.secret('clerk', 'work') })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

describe('over a gateway', () => {
  test('R148: permits what the gateway would, and says why it does not', async () => {
    expect(await pep.evaluate({ tool: 'erp__look', args: { id: 1 } })).toMatchObject({
      decision: true,
      context: { reasons: ['granted'] },
    })
    expect(await pep.evaluate({ tool: 'look', server: 'erp' })).toMatchObject({ decision: true })
    expect(await pep.evaluate({ tool: 'erp__look', args: { id: 'one' } })).toMatchObject({
      decision: false,
      context: { effect: 'deny' },
    })
    expect(await pep.evaluate({ tool: 'erp__pay' })).toMatchObject({ decision: false, context: { effect: 'require_approval' } })
  })

  test('several at once, in their order, as far as the semantic goes', async () => {
    const calls = ['erp__look', 'erp__pay', 'erp__look'].map((name) => ({ tool: name }))
    const decisions = async (semantic?: Parameters<Pep['evaluateAll']>[1]) =>
      (await pep.evaluateAll(calls, semantic)).map(({ decision }) => decision)
    expect(await decisions()).toEqual([true, false, true])
    expect(await decisions('deny_on_first_deny')).toEqual([true, false])
    expect(await decisions('permit_on_first_permit')).toEqual([true])
    expect(await pep.evaluateAll([])).toEqual([])
  })

  test('R148: a guarded function is called with what was permitted, and not at all without a permit', async () => {
    const act = vi.fn<(args: { id: number }) => string>(({ id }) => `looked at ${id}`)
    const args = { id: 7 }
    const doing = pep.guard({ tool: 'erp__look' }, act)(args)
    args.id = 8
    expect(await doing).toBe('looked at 7')
    const paying = pep.guard({ tool: 'erp__pay' }, act)({ id: 1 })
    await expect(paying).rejects.toBeInstanceOf(ActRefused)
    await expect(paying).rejects.toMatchObject({ verdict: { context: { effect: 'require_approval' } } })
    expect(act).toHaveBeenCalledTimes(1)
    expect(server.calls()).toBe(0)
  })

  test('a permit under an obligation is one only for a function that meets it', async () => {
    const act = vi.fn<() => string>(() => 'rows')
    await expect(pep.guard({ tool: 'erp__rows' }, act)({})).rejects.toThrow('only with project_fields')
    expect(act).not.toHaveBeenCalled()
    expect(await pep.guard({ tool: 'erp__rows', honours: ['project_fields'] }, act)({})).toBe('rows')
  })

  test.each([
    ['another agent', { agent: 'other' }, 403],
    ['a credential nobody knows', { credential: 'nobody' }, 401],
  ])('R045: %s is a no', async (_, wrong, status) => {
    const other = openPep({ url: governed.url(), agent: 'clerk', credential: governed.secret('clerk', 'work'), ...wrong })
    expect(await other.evaluate({ tool: 'erp__look' })).toMatchObject({ decision: false, context: { error: { status } } })
    expect(await other.evaluateAll([{ tool: 'erp__look' }])).toMatchObject([{ decision: false }])
  })
})

describe('without a clear yes', () => {
  const answering = (status: number, body: string, type = 'application/json'): Fetch => {
    const headers = new Headers({ 'content-type': type })
    return async () => ({ status, headers, text: async () => body })
  }
  const never: Fetch = (_, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('the operation timed out'))))

  test.each<[string, Fetch]>([
    ['nobody answers', () => Promise.reject(new Error('connection refused'))],
    ['no answer in time', never],
    ['an error', answering(500, 'INTERNAL: internal error', 'text/plain')],
    ['an error that says yes', answering(503, '{"decision":true}')],
    ['a page', answering(200, '<html>{"decision":true}</html>', 'text/html')],
    ['half an answer', answering(200, '{"decision":tru')],
    ['an empty answer', answering(200, '')],
    ['a yes in words', answering(200, '{"decision":"true"}')],
    ['one', answering(200, '{"decision":1}')],
    ['a list', answering(200, '[{"decision":true}]')],
    ['more answers than questions', answering(200, '{"evaluations":[{"decision":true},{"decision":true}]}')],
    ['fewer answers than questions', answering(200, '{"evaluations":[]}')],
  ])('%s: nothing is permitted, nothing is thrown, nothing is called', async (_, fetch) => {
    const broken = openPep({ url: 'http://gateway.example', agent: 'clerk', credential: 'key', timeoutMs: 50, fetch })
    expect(await broken.evaluate({ tool: 'erp__look' })).toMatchObject({ decision: false, context: { effect: 'deny', error: {} } })
    expect(await broken.evaluateAll([{ tool: 'erp__look' }])).toMatchObject([{ decision: false }])
    const act = vi.fn<() => void>()
    await expect(broken.guard({ tool: 'erp__look' }, act)({})).rejects.toBeInstanceOf(ActRefused)
    expect(act).not.toHaveBeenCalled()
  })

  test('a credential that cannot be had is a no', async () => {
    const credential = () => Promise.reject(new Error('the vault is closed'))
    const broken = openPep({
      url: 'http://gateway.example',
      agent: 'clerk',
      credential,
      fetch: answering(200, '{"decision":true}'),
    })
    expect(await broken.evaluate({ tool: 'erp__look' })).toMatchObject({ decision: false })
  })
})
