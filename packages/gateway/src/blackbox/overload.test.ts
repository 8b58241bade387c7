import { afterAll, beforeAll, expect, test } from 'vitest'
import { send } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, openEvents, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const MIB = 1_048_576
const STREAMS_MAX = 3
const abandoned: string[] = []
const tools = [
  tool('take', () => text('taken')),
  tool('big', () => text('x'.repeat(3 * MIB))),
  tool('wait', ({ response, args }) => {
    if (args['stream'] === true) openEvents(response)
    response.once('close', () => abandoned.push(JSON.stringify(args)))
    return undefined
  }),
]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      clerk: {
        tasks: { work: { tools: reads('erp.take', 'erp.big', 'erp.wait') } },
        manifest: { defaults: { rateLimit: { callsMax: 10_000, windowMs: 60_000 } } },
      },
    },
    config: { limits: { bytesInFlightMax: 32 * MIB, streamsMax: STREAMS_MAX } },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const clerk = () => governed.client('clerk', 'work')

test('R004: 200 bodies of 1 MiB at once stay inside the byte budget: some wait outside with 503, none is lost', async () => {
  const blob = 'x'.repeat(MIB)
  const answers = await Promise.all(Array.from({ length: 200 }, () => clerk().call('erp__take', { blob })))
  const taken = answers.filter((answer) => answer.said === 'taken')
  const turnedAway = answers.filter((answer) => answer.status === 503)
  expect(taken.length + turnedAway.length).toBe(200)
  expect(taken.length).toBeGreaterThan(0)
  expect(turnedAway.length).toBeGreaterThan(0)
  for (const { headers, error } of turnedAway) {
    expect(Number(headers['retry-after'])).toBeGreaterThan(0)
    expect(error).toMatchObject({ data: { code: 'LIMIT_OVERLOADED' } })
  }
  expect(server.calls('take')).toBe(taken.length)
  const all = await governed.entries()
  expect(all.filter((entry) => entry.type === 'refusal' && entry.code === 'LIMIT_OVERLOADED')).toHaveLength(turnedAway.length)
  for (let i = 0; i < 10; i++) expect((await clerk().call('erp__take', { blob })).said).toBe('taken')
}, 120_000)

test('R004: results count too: what does not fit is refused, and the budget comes back', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => clerk().call('erp__big')))
  expect(answers.some((answer) => answer.status === 503 && answer.error?.['code'] === -32_603)).toBe(true)
  for (const answer of answers) expect([200, 503]).toContain(answer.status)
  expect((await clerk().call('erp__big')).said).toHaveLength(3 * MIB)
})

test.each([{ stream: false }, { stream: true }])(
  'R035: a client that goes away cancels the call at the server, and the record says so: %j',
  async (args) => {
    const abort = new AbortController()
    const call = clerk().call('erp__wait', args, { signal: abort.signal })
    const calls = server.calls('wait')
    await expect.poll(() => server.calls('wait'), { timeout: 5_000 }).toBe(calls + 1)
    abort.abort()
    await expect(call).rejects.toThrow()
    await expect.poll(() => abandoned, { timeout: 5_000 }).toContain(JSON.stringify(args))
    await expect
      .poll(async () => (await governed.entries()).findLast((entry) => entry.type === 'outcome'), { timeout: 5_000 })
      .toMatchObject({ status: 'cancelled', code: 'UPSTREAM_CANCELLED' })
  },
)

test('R004: streams are bounded; one that ends makes room', async () => {
  const streams = async (): Promise<number> =>
    ((await governed.control('bob', 'status', {}))['running'] as { streams: number }).streams
  const headers = { authorization: clerk().authorization, accept: 'text/event-stream' }
  const aborts: AbortController[] = []
  const open = async (): Promise<void> => {
    const abort = new AbortController()
    aborts.push(abort)
    send(clerk().url, { method: 'GET', headers, signal: abort.signal }).catch(() => undefined)
    await expect.poll(streams, { timeout: 5_000 }).toBe(aborts.length)
  }
  for (let i = 0; i < STREAMS_MAX; i++) await open()
  const refused = await send(clerk().url, { method: 'GET', headers })
  expect(refused.status).toBe(503)
  expect(refused.headers['retry-after']).toBeDefined()
  const listen = await clerk().rpc('subscriptions/listen', { notifications: { toolsListChanged: true } })
  expect(listen).toMatchObject({ status: 503, error: { data: { code: 'LIMIT_OVERLOADED' } } })
  aborts.pop()?.abort()
  await expect.poll(streams, { timeout: 5_000 }).toBe(STREAMS_MAX - 1)
  await open()
  for (const abort of aborts) abort.abort()
  await expect.poll(streams, { timeout: 5_000 }).toBe(0)
})

test('R004: one stream asks to hear of at most 100 resources', async () => {
  const resourceSubscriptions = Array.from({ length: 101 }, (_, i) => `file:///${i}`)
  const answer = await clerk().rpc('subscriptions/listen', { notifications: { resourceSubscriptions } })
  expect(answer).toMatchObject({ status: 400, error: { code: -32_602 } })
})
