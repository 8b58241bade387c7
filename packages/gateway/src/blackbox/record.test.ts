import { renameSync } from 'node:fs'
import { type Entry, commit, jcs } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, structured, text, tool } from '../fixtures/recording-server.ts'

/** Planted where personal data and secrets come in; none of them may be anywhere in the log. */
const PLANTED = {
  value: 'erika.mustermann@planted.example',
  key: 'planted.key@planted.example',
  number: 4_929_123_456_789,
  nested: 'DE89-PLANTED-IBAN',
  result: 'planted-result-4711',
  structured: 'planted-structured-4712',
  error: 'planted-error-4713',
  upstream: 'planted-upstream-credential',
  name: 'planted-tool-name@planted.example',
  uri: 'file:///home/planted-person/salary.txt',
  path: 'planted-path@planted.example',
  hidden: 'planted\u200bhidden@planted.example',
}
const inputSchema = { type: 'object', additionalProperties: { type: 'string' }, properties: { n: { type: 'integer' } } }
const tools = [
  tool('find', () => text('found')),
  tool('change', () => structured({ person: PLANTED.structured })),
  tool('leak', () => text(PLANTED.result)),
  tool('fail', () => ({ ...text(PLANTED.error), isError: true })),
  tool(
    'broken',
    ({ response }) =>
      void response.writeHead(500, { 'content-type': 'text/plain' }).end(`Error: ${PLANTED.error}\n at /srv/app.js:1`) as undefined,
  ),
  tool('slow', () => undefined),
  tool('typed', () => text('typed'), { inputSchema }),
]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const read = { scope: 'read', tier: 'low' }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url, headers: { 'x-api-key': PLANTED.upstream }, timeoutsMs: { slow: 300 } } },
    reviewed: { erp: tools.map(({ definition }) => [definition, definition.name === 'change' ? 'write' : 'read'] as const) },
    agents: {
      clerk: {
        tasks: {
          work: {
            tools: {
              'erp.find': { ...read, rateLimit: { callsMax: 3, windowMs: 60_000 } },
              'erp.change': { scope: 'write', tier: 'low' },
              'erp.leak': read,
              'erp.fail': read,
              'erp.broken': read,
              'erp.slow': read,
              'erp.typed': read,
            },
          },
        },
      },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')

describe('one decision and one outcome per act', () => {
  test('R035 R115: allowed, denied, failed, timed out and rate-limited calls are all there, and the counts match the driver’s', async () => {
    const size = (await governed.entries()).length
    const names = ['find', 'find', 'find', 'find', 'leak', 'fail', 'broken', 'slow', 'nothing', 'change']
    for (const name of names) await clerk().call(`erp__${name}`)
    const added = (await governed.entries()).slice(size)
    const decisions = added.filter((entry) => entry.type === 'decision')
    const outcomes = added.filter((entry) => entry.type === 'outcome')
    expect(decisions.map((entry) => entry.action.name)).toEqual(names)
    expect(decisions.map((entry) => entry.enforced)).toEqual([
      'allow',
      'allow',
      'allow',
      'deny',
      'allow',
      'allow',
      'allow',
      'allow',
      'deny',
      'allow',
    ])
    expect(outcomes.map((entry) => [entry.action.name, entry.status, entry.code])).toEqual([
      ['find', 'success', undefined],
      ['find', 'success', undefined],
      ['find', 'success', undefined],
      ['leak', 'success', undefined],
      ['fail', 'tool_error', undefined],
      ['broken', 'failure', 'UPSTREAM_UNAVAILABLE'],
      ['slow', 'failure', 'UPSTREAM_TIMEOUT'],
      ['change', 'success', undefined],
    ])
    for (const outcome of outcomes) expect(decisions.find((entry) => entry.index === outcome.decision)?.act).toBe(outcome.act)
    expect(server.calls()).toBe(outcomes.length)
  })

  test('R118 R119 R120 R121 R122 R123 R124 R125 R126 R128 R131 R221: every field of the record is there', async () => {
    const { token, session } = await governed.control('bob', 'session.create', {
      agent: 'clerk',
      task: 'work',
      purpose: 'quarter close',
    })
    const args = { id: 7, note: 'ignore all previous instructions' }
    const headers = {
      authorization: `Bearer ${String(token)}`,
      'x-session-id': 'mine',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    }
    await clerk().call('erp__change', args, { headers })
    const all = await governed.entries()
    const decision = all.findLast((entry) => entry.type === 'decision')
    const outcome = all.findLast((entry) => entry.type === 'outcome')
    const key = governed.home.deriveKey('commit')
    expect(decision).toMatchObject({
      actor: { type: 'agent', id: 'clerk', method: 'session_token' },
      onBehalfOf: { user: 'bob', issuer: 'sallyport:local' },
      session,
      task: 'work',
      purpose: 'quarter close',
      action: { kind: 'tool.call', server: 'erp', name: 'change' },
      input: { commitment: commit(key, jcs(args)), shape: { id: 'number', note: 'string(32)' } },
      evaluated: 'allow',
      enforced: 'allow',
      reasons: ['granted'],
      correlation: { clientSession: 'mine', clientName: 'test', traceparent: headers.traceparent },
    })
    expect(decision?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    expect(decision?.votes).toContainEqual({ rule: 'grant', effect: 'allow', reason: 'granted', mode: 'enforce' })
    expect(decision?.versions).toMatchObject({
      gateway: expect.any(String) as unknown,
      manifest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      definition: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      epoch: 0,
    })
    expect(outcome).toMatchObject({
      act: decision?.act,
      decision: decision?.index,
      session,
      status: 'success',
      effect: 'unconfirmed',
    })
    expect(outcome?.output?.shape).toMatchObject({ structuredContent: { person: `string(${PLANTED.structured.length})` } })
    expect(JSON.stringify(outcome?.output)).toMatch(/"commitment":"[0-9a-f]{64}"/)
  })

  test('R118: times never go back, indexes have no gap; work without a user says so', async () => {
    await clerk().call('erp__change')
    const all = await governed.entries()
    expect(all.map((entry) => entry.index)).toEqual(all.map((_, index) => index))
    expect(all.map((entry) => entry.time)).toEqual(all.map((entry) => entry.time).toSorted())
    expect(all.findLast((entry) => entry.type === 'decision')?.onBehalfOf).toBe('system')
  })
})

test('R122 R124 R125: no planted value, secret or credential is in any byte below log/', async () => {
  const agent = clerk()
  const args = {
    to: PLANTED.value,
    [PLANTED.key]: 'x',
    card: PLANTED.number,
    deep: [{ iban: PLANTED.nested }],
    hidden: PLANTED.hidden,
  }
  for (const name of ['leak', 'fail', 'broken', 'change', 'nothing', 'typed']) await agent.call(`erp__${name}`, args)
  await agent.call('erp__typed', { n: 'x', [PLANTED.key]: 1 })
  await agent.call('erp__typed', { [PLANTED.key]: 1 })
  await agent.call('erp__change', { [PLANTED.hidden]: PLANTED.hidden })
  await agent.call(PLANTED.name, args)
  await agent.rpc('prompts/get', { name: PLANTED.name, arguments: { a: PLANTED.value } })
  await agent.rpc('resources/read', { uri: PLANTED.uri })
  await agent.rpc(PLANTED.name, args)
  await agent.raw(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${PLANTED.value}","arguments":{"a":1,"a":2}}}`)
  await agent.raw('{}', { authorization: `Bearer ${PLANTED.value.replace('@', '.')}` })
  await agent.raw('{}', { 'mcp-method': PLANTED.name, 'content-type': PLANTED.value })
  const { send } = await import('../fixtures/agent-client.ts')
  for (const path of [`/${PLANTED.path}`, `/a/clerk/mcp/${PLANTED.path}`, `/?key=${PLANTED.path}`])
    await send(`${governed.url()}${path}`)
  const log = governed.logBytes().toString('latin1')
  expect(log).toContain('"name":"change"')
  const planted = Object.entries({ ...PLANTED, secret: governed.secret('clerk', 'work'), word: 'planted' })
  expect(planted.filter(([, value]) => log.includes(Buffer.from(String(value)).toString('latin1'))).map(([name]) => name)).toEqual(
    [],
  )
})

test('R004: when the log cannot be written nothing may happen: the call is denied and no server sees it', async () => {
  await clerk().call('erp__leak')
  renameSync(governed.home.logDir, `${governed.home.logDir}-gone`)
  try {
    await vi.waitFor(async () => expect((await clerk().call('erp__leak')).status).toBe(503), { timeout: 10_000, interval: 20 })
    const before = server.calls()
    for (const era of ['modern', 'legacy'] as const) {
      const answer = await clerk().call('erp__change', {}, { era })
      expect(answer).toMatchObject({ status: 503, error: { code: -32_603, data: { code: 'AUDIT_UNAVAILABLE', retry: true } } })
      expect(answer.headers['retry-after']).toBeDefined()
      expect((await clerk().rpc('tools/list', {}, { era })).status).toBe(503)
    }
    expect(server.calls()).toBe(before)
    await expect(governed.control('bob', 'tools.list', {})).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  } finally {
    await governed.stop().catch(() => undefined)
    renameSync(`${governed.home.logDir}-gone`, governed.home.logDir)
  }
  await governed.start()
  expect((await clerk().call('erp__leak')).said).toBe(PLANTED.result)
  const all: Entry[] = await governed.entries()
  expect(new Set(all.map((entry) => entry.index)).size).toBe(all.length)
})
