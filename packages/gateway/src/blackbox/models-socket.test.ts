import type { JsonObject } from '@sallyport/core'
import OpenAI from 'openai'
import { ResponsesWS } from 'openai/resources/responses/ws'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { type ScriptedProvider, startProvider } from '../../../../conformance/providers/start-provider.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { providerConfig } from '../fixtures/model-client.ts'

let provider: ScriptedProvider
let governed: Governed
const open: { close: () => void }[] = []

beforeAll(async () => {
  provider = await startProvider()
  governed = await govern({
    servers: {},
    config: { providers: { main: providerConfig(provider.url) }, limits: { bodyBytesMax: 65_536 } },
    agents: {
      clerk: { tasks: { work: { models: ['default'], modelPolicy: { systemPrompt: 'allow' } } }, keys: { k: 'work' } },
      victim: { tasks: { work: { models: ['default'] } }, keys: { k: 'work' } },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await provider.close()
})
beforeEach(() => {
  provider.requests.length = 0
  provider.script = () => ({ text: ['It is ', 'Paris.'], usage: { input: 21, output: 5 } })
})
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

const urlOf = (path: string, agent = 'clerk'): string => `${governed.url().replace('http', 'ws')}/a/${agent}${path}`

/** A socket without the SDK, for what the SDK never sends. */
function socket(options: { path?: string; agent?: string; key?: string; origin?: string } = {}) {
  const { path = '/v1/responses', agent = 'clerk', key = governed.secret(agent, 'k'), origin } = options
  const line = new WebSocket(urlOf(path, agent), { headers: { authorization: `Bearer ${key}`, ...(origin && { origin }) } })
  open.push({ close: () => line.terminate() })
  const messages: JsonObject[] = []
  let wake = (): void => {}
  line.on('message', (data) => {
    messages.push(JSON.parse(String(data)) as JsonObject)
    wake()
  })
  const opened = new Promise<number>((resolve) => {
    line.once('open', () => resolve(101))
    line.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0))
    line.once('error', () => resolve(0))
  })
  const closed = new Promise<number>((resolve) => line.once('close', (code) => resolve(code)))
  const until = async (type: RegExp, count = 1): Promise<readonly JsonObject[]> => {
    while (messages.filter((one) => type.test(String(one['type']))).length < count)
      await new Promise<void>((resolve) => (wake = resolve))
    return messages.filter((one) => type.test(String(one['type'])))
  }
  return { line, opened, closed, messages, until, say: (value: object) => line.send(JSON.stringify(value)) }
}
const CREATE = { type: 'response.create', model: 'default', input: 'What is the capital of France?' }

test('R012: the OpenAI SDK’s socket gets what its stream would have got', async () => {
  const client = new OpenAI({ apiKey: governed.secret('clerk', 'k'), baseURL: `${governed.url()}/a/clerk/v1` })
  const line = new ResponsesWS(client)
  open.push(line)
  const done = new Promise<OpenAI.Responses.ResponseCompletedEvent>((resolve, reject) => {
    line.on('response.completed', resolve)
    line.on('error', reject)
  })
  const deltas: string[] = []
  line.on('response.output_text.delta', ({ delta }) => deltas.push(delta))
  line.send({ type: 'response.create', model: 'default', input: 'What is the capital of France?' })
  expect((await done).response.output).toMatchObject([{ type: 'message', content: [{ text: 'It is Paris.' }] }])
  expect(deltas.join('')).toBe('It is Paris.')
  expect(provider.requests).toMatchObject([
    { path: '/v1/responses', body: { stream: true, input: 'What is the capital of France?' } },
  ])
  expect(provider.requests[0]?.body).not.toHaveProperty('type')
  const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
  expect(outcome).toMatchObject({ status: 'success', model: { usage: { input: 21, output: 5 } } })
})

test('calls of one socket are answered one after another, and a refusal ends only its own', async () => {
  const { opened, say, until } = socket()
  expect(await opened).toBe(101)
  say(CREATE)
  say({ ...CREATE, model: 'other' })
  say({ ...CREATE, input: 'And of Italy?' })
  await until(/completed/, 2)
  const [error] = await until(/^error$/)
  expect(error).toMatchObject({
    type: 'error',
    status: 403,
    error: { code: 'model_not_in_manifest', sallyport: { effect: 'deny' } },
  })
  expect(provider.requests).toHaveLength(2)
})

test.each<[string, object | Buffer, string]>([
  ['what steers an answer', { type: 'response.steer', input: 'Do otherwise.' }, 'REQUEST_METHOD'],
  ['a text that is no JSON', Buffer.from('{'), 'REQUEST_MALFORMED'],
  ['a hosted tool', { ...CREATE, tools: [{ type: 'mcp', server_url: 'https://evil.example' }] }, 'model_feature_not_in_manifest'],
  ['what refers to a kept answer', { ...CREATE, previous_response_id: 'resp_1' }, 'model_feature_not_in_manifest'],
])('R012: %s is refused on a socket as elsewhere', async (_, message, code) => {
  const { opened, line, say, until } = socket()
  await opened
  if (Buffer.isBuffer(message)) line.send(message.toString())
  else say(message)
  expect((await until(/^error$/))[0]).toMatchObject({ error: { code } })
  expect(provider.requests).toEqual([])
})

test('R004: a message that cannot be read is recorded as a refusal, as a body would be', async () => {
  const { opened, line, until } = socket()
  await opened
  line.send('{')
  line.send(Buffer.from('{}'))
  const errors = await until(/^error$/, 2)
  expect(errors).toMatchObject([
    { status: 400, error: { code: 'REQUEST_MALFORMED' } },
    { status: 415, error: { code: 'REQUEST_TYPE' } },
  ])
  const refusals = (await governed.entries()).slice(-2)
  expect(refusals.map((entry) => entry.type === 'refusal' && entry.code)).toEqual(['REQUEST_MALFORMED', 'REQUEST_TYPE'])
})

test.each<[string, (line: WebSocket) => void]>([
  ['calls', (line) => line.send('{')],
  ['pings', (line) => line.ping(Buffer.alloc(125))],
])('a peer that sends %s and reads nothing is left', async (_, send) => {
  const { opened, line } = socket()
  await opened
  line.pause()
  const batches = 40_000
  let sent = 0
  for (; sent < batches && line.readyState === line.OPEN; sent++) {
    for (let each = 0; each < 50; each++) send(line)
    while (line.bufferedAmount > 1_048_576 && line.readyState === line.OPEN) await new Promise((resolve) => setTimeout(resolve, 1))
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(sent).toBeLessThan(batches)
})

test.each<[string, Parameters<typeof socket>[0], number]>([
  ['a key nobody has', { key: 'sp_nobody' }, 401],
  ['another agent’s key', { agent: 'victim', key: '' }, 401],
  ['a page of another origin', { origin: 'https://evil.example' }, 403],
  ['another path', { path: '/v1/chat/completions' }, 404],
])('%s gets no socket', async (_, options, status) => {
  expect(await socket(options).opened).toBe(status)
})

test('more calls at once than may wait are refused, and the others answered', async () => {
  provider.script = () => ({ text: ['Yes.'], delayMs: 100 })
  const { opened, say, until } = socket()
  await opened
  for (let i = 0; i < 12; i++) say({ ...CREATE, input: `Is ${i} a number?` })
  const errors = await until(/^error$/, 4)
  await until(/completed/, 8)
  expect(errors.map(({ status, error }) => [status, (error as JsonObject)['code']])).toEqual(
    Array.from({ length: 4 }, () => [503, 'LIMIT_OVERLOADED']),
  )
})

test('what is larger than a body may be ends the socket', async () => {
  const { opened, say, closed } = socket()
  await opened
  say({ ...CREATE, input: 'x'.repeat(70_000) })
  expect(await closed).toBe(1009)
})

test('R013: a provider that fails in the middle tells nothing of itself', async () => {
  provider.script = () => ({
    fault: 'gives-up',
    said: { text: ['It ', 'is ', 'Paris.'] },
    message: 'at secret_function (/srv/x.py)',
  })
  const { opened, say, until, messages } = socket()
  await opened
  say(CREATE)
  expect((await until(/^error$/))[0]).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' })
  expect(JSON.stringify(messages)).not.toContain('secret_function')
})

test('isolating an agent ends its sockets', async () => {
  const { opened, closed } = socket({ agent: 'victim' })
  expect(await opened).toBe(101)
  await governed.control('bob', 'isolate', { agent: 'victim', reason: 'looks hijacked' })
  expect(await closed).toBe(1008)
})

test('the gateway ends with a socket open, also one whose peer does not answer', async () => {
  const own = await govern({ servers: {}, agents: { clerk: { tasks: { work: { models: [] } }, keys: { k: 'work' } } } })
  const lines = [0, 1].map(
    () =>
      new WebSocket(`${own.url().replace('http', 'ws')}/a/clerk/v1/responses`, {
        headers: { authorization: `Bearer ${own.secret('clerk', 'k')}` },
      }),
  )
  await Promise.all(lines.map((line) => new Promise((resolve) => line.once('open', resolve))))
  const [polite, silent] = lines
  const said = new Promise((resolve) => polite?.once('close', resolve))
  silent?.pause()
  await own.close()
  expect(await said).toBe(1001)
  silent?.terminate()
})
