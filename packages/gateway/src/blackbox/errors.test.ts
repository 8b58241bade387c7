import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import {
  type Behaviour,
  type RecordingServer,
  openEvents,
  reply,
  startRecordingServer,
  structured,
  text,
  tool,
} from '../fixtures/recording-server.ts'

/** What servers let slip when they fail; no caller may ever see any of it. */
const SECRETS = ['/srv/planted/app.js', 'PLANTED_PASSWORD', 'SELECT * FROM planted', 'db.planted.internal', 'planted-key-1234']
const SLIP = `Error: ${SECRETS.join(' ')}\n    at Object.<anonymous> (/srv/planted/app.js:10:5)`

const failures: Record<string, { behave: Behaviour; status: string; code?: string }> = {
  stack: {
    behave: ({ response }) =>
      void response
        .writeHead(500, { 'content-type': 'text/html', 'x-powered-by': SLIP.split('\n')[0] ?? '' })
        .end(SLIP) as undefined,
    status: 'failure',
    code: 'UPSTREAM_UNAVAILABLE',
  },
  'stack-json': {
    behave: ({ response }) =>
      void response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: SLIP })) as undefined,
    status: 'failure',
  },
  'not-found': {
    behave: ({ response }) => void response.writeHead(404).end(SLIP) as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  'rpc-error': { behave: () => ({ error: { code: -32_000, message: SLIP, data: { stack: SLIP } } }), status: 'failure' },
  'rpc-params': { behave: () => ({ error: { code: -32_602, message: SLIP, data: SLIP } }), status: 'failure' },
  'not-json': {
    behave: ({ response }) =>
      void response.writeHead(200, { 'content-type': 'application/json' }).end(`{"a": ${SLIP}`) as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  'wrong-id': {
    behave: ({ response }) => void reply(response, { id: 'other' }, text(SLIP)) as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  'bad-json': {
    behave: ({ response }) =>
      void response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`{"jsonrpc":"2.0","id":1,"result":{"a":"${'x'}","a":1}}`) as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  hang: { behave: () => undefined, status: 'failure', code: 'UPSTREAM_TIMEOUT' },
  drip: {
    behave: ({ response }) => {
      openEvents(response)
      const timer = setInterval(() => response.write(': still here\n\n'), 50)
      response.once('close', () => clearInterval(timer))
      return undefined
    },
    status: 'failure',
    code: 'UPSTREAM_TIMEOUT',
  },
  dies: {
    behave: ({ response }) => {
      openEvents(response)({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 1, progress: 1 } })
      setTimeout(() => response.destroy(), 20)
      return undefined
    },
    status: 'failure',
    code: 'UPSTREAM_UNAVAILABLE',
  },
  'ends-early': {
    behave: ({ response }) => (openEvents(response), void response.end()) as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  huge: { behave: () => text('x'.repeat(10 * 1_048_576)), status: 'failure', code: 'UPSTREAM_TOO_LARGE' },
  'huge-stream': {
    behave: ({ response }) => {
      const send = openEvents(response)
      const timer = setInterval(
        () => send({ jsonrpc: '2.0', method: 'notifications/message', params: { data: 'x'.repeat(65_536) } }),
        1,
      )
      response.once('close', () => clearInterval(timer))
      return undefined
    },
    status: 'failure',
    code: 'UPSTREAM_TOO_LARGE',
  },
  redirect: {
    behave: ({ response, request }) =>
      void response.writeHead(307, { location: `http://${request.headers.host}/elsewhere` }).end() as undefined,
    status: 'failure',
    code: 'UPSTREAM_MALFORMED',
  },
  'wrong-shape': { behave: () => structured({ count: 'many' }), status: 'withheld' },
  'no-shape': { behave: () => text(SLIP), status: 'withheld' },
  'strange-type': { behave: () => ({ resultType: 'task', taskId: SLIP }), status: 'failure', code: 'UPSTREAM_MALFORMED' },
}
const outputSchema = { type: 'object', properties: { count: { type: 'integer' } }, required: ['count'] }
const tools = Object.entries(failures).map(([name, { behave }]) =>
  tool(name, behave, name.endsWith('-shape') ? { outputSchema } : {}),
)
tools.push(tool('fine', () => text('fine')))
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const common = { transport: 'http', timeoutMs: 1_000 }
  governed = await govern({
    servers: {
      erp: { ...common, url: server.url, resultBytesMax: 1_048_576 },
      tls: { ...common, url: server.url.replace('http:', 'https:') },
      gone: { ...common, url: 'http://127.0.0.1:1/mcp' },
      nowhere: { ...common, url: 'https://db.planted.internal.invalid/mcp' },
      program: { transport: 'stdio', command: '/srv/planted/app.js' },
    },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      clerk: {
        tasks: {
          work: {
            tools: reads(
              ...tools.map(({ definition }) => `erp.${definition.name}`),
              'tls.find',
              'gone.find',
              'nowhere.find',
              'program.find',
            ),
            prompts: { 'gone.plan': {}, 'tls.plan': {} },
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

describe.each(['modern', 'legacy'] as const)('a server that fails, seen by a client of the %s revision', (era) => {
  test.each(Object.keys(failures))(
    'R013 R035: %s: the caller learns nothing of its inside, the record says what happened',
    async (name) => {
      const elsewhere = server.requests.length
      const answer = await clerk().call(`erp__${name}`, {}, { era })
      const { status, code } = failures[name] ?? { status: '' }
      const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
      expect(outcome, answer.text).toMatchObject({ status, ...(code === undefined ? {} : { code }), action: { name } })
      const seen = answer.text + JSON.stringify(answer.headers)
      expect(SECRETS.filter((secret) => seen.includes(secret))).toEqual([])
      expect(answer.text).not.toMatch(/xxxxxxxxxx|\bat Object/)
      expect(answer.error !== undefined || answer.refusal !== undefined).toBe(true)
      expect(server.requests.slice(elsewhere).filter((request) => request.path !== '/mcp')).toEqual([])
      expect(SECRETS.filter((secret) => governed.logBytes().includes(secret))).toEqual([])
    },
  )

  test('R013: a failing call leaves the server usable', async () => {
    await expect.poll(async () => (await clerk().call('erp__fine', {}, { era })).said, { timeout: 10_000 }).toBe('fine')
  })
})

test('R013: one call that fails does not cut off another one under way', async () => {
  const release = Promise.withResolvers<void>()
  server.tools.set(
    'fine',
    tool('fine', async () => (await release.promise, text('fine'))),
  )
  const slow = clerk().call('erp__fine')
  await expect.poll(() => server.calls('fine'), { timeout: 5_000 }).toBeGreaterThan(0)
  const before = server.calls('stack')
  await clerk().call('erp__stack')
  expect(server.calls('stack')).toBe(before + 1)
  release.resolve()
  expect((await slow).said).toBe('fine')
})

test('R013: a server that forgot its sessions is greeted anew, and the call reaches it once', async () => {
  const forgetful = await startRecordingServer({ tools: [tool('find', () => text('found'))], era: 'legacy', sessions: true })
  const world = await govern({
    servers: { old: { transport: 'http', url: forgetful.url } },
    reviewed: { old: [[tool('find').definition, 'read']] },
    agents: { clerk: { tasks: { work: { tools: reads('old.find') } } } },
  })
  try {
    for (const era of ['modern', 'legacy'] as const) {
      expect((await world.client('clerk', 'work').call('old__find', {}, { era })).said).toBe('found')
      forgetful.forgetSessions()
      expect((await world.client('clerk', 'work').call('old__find', {}, { era })).said).toBe('found')
    }
    expect(forgetful.calls('find')).toBe(4)
  } finally {
    await world.close()
    await forgetful.close()
  }
})

test.each(['tls', 'gone', 'nowhere', 'program'])(
  'R013 R234: a server that cannot be reached (%s) is refused in general words',
  async (name) => {
    const before = server.requests.length
    const answer = await clerk().call(`${name}__find`)
    expect(answer.refusal?.reasons).toContain('tool_unverifiable')
    const prompt = await clerk().rpc('prompts/get', { name: `${name}__plan` })
    for (const { text: body } of [answer, prompt])
      expect(body).not.toMatch(/planted|ECONN|EPROTO|ENOTFOUND|ENOENT|SSL|127\.0\.0\.1|node:|\.ts:/)
    expect(server.requests.length).toBe(before)
  },
)
