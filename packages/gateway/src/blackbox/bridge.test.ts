import { type JsonObject, isJsonObject } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Answer, CallOptions } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type Behaviour, type RecordingServer, openEvents, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const STATE = 'the-servers-own-state'
const PARAMS = { message: 'Which year?', requestedSchema: { type: 'object', properties: {} } }

/** Asks in the middle of a call that stays open, as servers of the handshake era do. */
const interrupts: Behaviour = async ({ message, response }) => {
  const send = openEvents(response)
  const id = `question-${String(message['id'])}`
  response.once('close', () => closed.push(id))
  send({ jsonrpc: '2.0', id, method: 'elicitation/create', params: PARAMS })
  const find = () => server.answers.find((one) => one['id'] === id)
  await expect.poll(find, { timeout: 10_000 }).toBeDefined()
  send({
    jsonrpc: '2.0',
    id: message['id'] ?? null,
    result: text(`got ${JSON.stringify(find()?.['result'] ?? find()?.['error'])}`),
  })
  response.end()
  return undefined
}

/** Answers with what it needs, as servers of the stateless revision do. */
const asks: Behaviour = ({ params }) =>
  params['requestState'] === STATE && isJsonObject(params['inputResponses'])
    ? text(`answered: ${JSON.stringify(params['inputResponses'])}`)
    : {
        resultType: 'input_required',
        inputRequests: { year: { method: 'elicitation/create', params: PARAMS } },
        requestState: STATE,
      }

const tools = [tool('interrupts', interrupts), tool('asks', asks)]
const closed: string[] = []
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools, era: 'legacy' })
  const grants = reads('erp.interrupts', 'erp.asks')
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      asked: { tasks: { work: { tools: grants, clientFeatures: { elicitation: ['erp'] } } } },
      plain: { tasks: { work: { tools: grants } } },
      waiting: { tasks: { work: { tools: grants, clientFeatures: { elicitation: ['erp'] } } } },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const call = (agent: string, name: string, options: CallOptions = {}): Promise<Answer> =>
  governed.client(agent, 'work').call(`erp__${name}`, {}, { capabilities: { elicitation: {} }, ...options })

/** The first round of a bridged call: what the client has to come back with. */
async function opened(agent: string): Promise<string> {
  const { result } = await call(agent, 'interrupts')
  expect(result).toMatchObject({
    resultType: 'input_required',
    inputRequests: { question: { method: 'elicitation/create', params: PARAMS } },
  })
  return String(result?.['requestState'])
}

const answering = (requestState: string, question?: JsonObject): CallOptions => ({
  params: { requestState, ...(question ? { inputResponses: { question } } : {}) },
})

test('R001: a stateless client answers a handshake-era server in a second request; the call stays one call', async () => {
  const before = server.calls()
  const requestState = await opened('asked')
  const answer = await call('asked', 'interrupts', answering(requestState, { action: 'accept', content: { year: 2026 } }))
  expect(answer.said).toContain('2026')
  expect(server.calls()).toBe(before + 1)
})

test('R001: an answered state opens nothing a second time', async () => {
  const requestState = await opened('asked')
  await call('asked', 'interrupts', answering(requestState, { action: 'accept', content: { year: 2026 } }))
  const before = server.calls()
  const again = await call('asked', 'interrupts', answering(requestState, { action: 'accept', content: { year: 1999 } }))
  expect(again.error).toMatchObject({ code: -32_602, data: { code: 'REQUEST_PARAMS' } })
  expect(server.calls()).toBe(before)
})

test('R001: without an answer the server hears that the client declined', async () => {
  const answer = await call('asked', 'interrupts', answering(await opened('asked')))
  expect(answer.said).toContain('the client declined')
})

test('R001: not granted, the server is told no and the client never sees the question', async () => {
  const answer = await call('plain', 'interrupts')
  expect(answer.said).toContain('"code":-32601')
  expect(answer.text).not.toContain('Which year')
})

test('R001: isolation ends a call that waits for its client; coming back is denied', async () => {
  const ended = closed.length
  const requestState = await opened('waiting')
  await governed.control('bob', 'isolate', { agent: 'waiting', reason: 'test' })
  await expect.poll(() => closed.length, { timeout: 5_000 }).toBe(ended + 1)
  const { text: said } = await call('waiting', 'interrupts', answering(requestState, { action: 'accept', content: {} }))
  expect(said).toContain('agent_isolated')
})

test('R001: a handshake-era client is asked on its stream for what a server needs', async () => {
  const agent = governed.client('asked', 'work')
  const clientInfo = { name: 'test', version: '1' }
  await agent.rpc('initialize', { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo }, { era: 'legacy' })
  let asked: string | undefined
  const running = call('asked', 'asks', {
    era: 'legacy',
    onText: (words) => (asked = /"id":"([^"]+)","method":"elicitation\/create"/.exec(words)?.[1] ?? asked),
  })
  await expect.poll(() => asked, { timeout: 5_000 }).toBeDefined()
  await agent.raw(JSON.stringify({ jsonrpc: '2.0', id: asked ?? '', result: { action: 'accept', content: { year: 2026 } } }))
  expect((await running).said).toContain('2026')
})
