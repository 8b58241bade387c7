import { type JsonObject, isJsonObject } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, CallOptions } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type Behaviour, type RecordingServer, openEvents, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const QUESTION = {
  method: 'elicitation/create',
  params: { message: 'Which year?', requestedSchema: { type: 'object', properties: {} } },
}
const STATE = 'the-servers-own-state'

/** Asks in the way of the stateless revision: says what it needs, and is called again. */
const asks =
  (question: JsonObject): Behaviour =>
  ({ params }) => {
    if (params['requestState'] === STATE && isJsonObject(params['inputResponses']))
      return text(`answered: ${JSON.stringify(params['inputResponses'])}`)
    return { resultType: 'input_required', inputRequests: { year: question }, requestState: STATE }
  }

/** Asks in the way of the handshake revisions: in the middle of a call that stays open. */
const interrupts =
  (method: string): Behaviour =>
  async ({ message, response }) => {
    const send = openEvents(response)
    const id = `question-${String(message['id'])}`
    send({ jsonrpc: '2.0', id, method, params: method === 'roots/list' ? {} : { message: 'Which year?' } })
    const answer = await expect
      .poll(() => server.answers.find((one) => one['id'] === id), { timeout: 5_000 })
      .toBeDefined()
      .then(() => server.answers.find((one) => one['id'] === id))
    send({
      jsonrpc: '2.0',
      id: message['id'] ?? null,
      result: { resultType: 'complete', ...text(`got ${JSON.stringify(answer?.['result'] ?? answer?.['error'])}`) },
    })
    response.end()
    return undefined
  }

const tools = [
  tool('asks', asks(QUESTION)),
  tool('samples', asks({ method: 'sampling/createMessage', params: { messages: [], maxTokens: 10 } })),
  tool('odd', asks({ method: 'tools/call', params: { name: 'erp__asks' } })),
  tool('other', asks(QUESTION)),
  ...['sampling/createMessage', 'elicitation/create', 'roots/list', 'tools/call', 'unknown'].map((method) =>
    tool(`mid-${method.replace('/', '-')}`, interrupts(method)),
  ),
]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const grants = reads(...tools.map(({ definition }) => `erp.${definition.name}`))
  const asking = { tools: grants, clientFeatures: { elicitation: ['erp'] } }
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      asked: { tasks: { work: asking }, keys: { work: 'work', second: 'work' } },
      rival: { tasks: { work: asking } },
      plain: { tasks: { work: { tools: grants } } },
      unsigned: { tasks: { work: asking }, signedBy: [] },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const capabilities = { elicitation: {}, sampling: {}, roots: {} }
const ask = (agent: string, name: string, options: CallOptions = {}, args: JsonObject = {}): Promise<Answer> =>
  governed.client(agent, 'work').call(`erp__${name}`, args, { capabilities, ...options })
const lastOutcome = async () => (await governed.entries()).findLast((entry) => entry.type === 'outcome')

describe('what a server asks with input_required', () => {
  test.each([
    ['plain', 'asks', 'not granted'],
    ['unsigned', 'asks', 'granted, but not signed'],
    ['asked', 'samples', 'another feature than the granted one'],
    ['asked', 'odd', 'something no server may ask'],
  ])('R001 R035: %s %s: refused (%s), and the client never sees the question', async (agent, name) => {
    const answer = await ask(agent, name)
    expect(answer.refusal?.reasons).toEqual(['feature_not_in_manifest'])
    expect(answer.text).not.toContain('Which year')
    expect(await lastOutcome()).toMatchObject({ status: 'withheld', reasons: ['feature_not_in_manifest'] })
  })

  test('R001: granted but not declared by the client, it is refused too', async () => {
    expect((await ask('asked', 'asks', { capabilities: {} })).refusal?.reasons).toEqual(['feature_not_in_manifest'])
  })

  const opened = async (): Promise<string> => {
    const { result } = await ask('asked', 'asks', {}, { id: 1 })
    expect(result).toMatchObject({ resultType: 'input_required', inputRequests: { year: { method: 'elicitation/create' } } })
    return String(result?.['requestState'])
  }
  const inputResponses = { year: { action: 'accept', content: { year: 2026 } } }

  test('R001: granted, the answer goes back with the server’s own state, which the client never held', async () => {
    const requestState = await opened()
    expect(Buffer.from(requestState, 'base64url').toString('latin1')).not.toContain(STATE)
    expect(requestState).not.toContain(STATE)
    const answer = await ask('asked', 'asks', { params: { requestState, inputResponses } }, { id: 1 })
    expect(answer.said).toContain('2026')
  })

  const flip = (state: string) => `${state.slice(0, 40)}${state[40] === 'A' ? 'B' : 'A'}${state.slice(41)}`
  test.each<[string, (state: string) => Promise<Answer>]>([
    ['changed', (state) => ask('asked', 'asks', { params: { requestState: flip(state), inputResponses } }, { id: 1 })],
    ['cut short', (state) => ask('asked', 'asks', { params: { requestState: state.slice(0, -4), inputResponses } }, { id: 1 })],
    ['the server’s own', () => ask('asked', 'asks', { params: { requestState: STATE, inputResponses } }, { id: 1 })],
    ['for other arguments', (state) => ask('asked', 'asks', { params: { requestState: state, inputResponses } }, { id: 2 })],
    ['for another tool', (state) => ask('asked', 'other', { params: { requestState: state, inputResponses } }, { id: 1 })],
    ['of another agent', (state) => ask('rival', 'asks', { params: { requestState: state, inputResponses } }, { id: 1 })],
    [
      'of another session',
      (state) =>
        governed
          .client('asked', 'second')
          .call('erp__asks', { id: 1 }, { capabilities, params: { requestState: state, inputResponses } }),
    ],
    [
      'used before',
      async (state) => {
        await ask('asked', 'asks', { params: { requestState: state, inputResponses } }, { id: 1 })
        before = server.calls()
        return ask('asked', 'asks', { params: { requestState: state, inputResponses } }, { id: 1 })
      },
    ],
    [
      'used before, spelled differently',
      async (state) => {
        await ask('asked', 'asks', { params: { requestState: state, inputResponses } }, { id: 1 })
        before = server.calls()
        return ask('asked', 'asks', { params: { requestState: `${state}=`, inputResponses } }, { id: 1 })
      },
    ],
  ])('R001: a sealed state that is %s opens nothing', async (_, attempt) => {
    const state = await opened()
    before = server.calls()
    const answer = await attempt(state)
    expect(answer.error, answer.text).toMatchObject({ code: -32_602, data: { code: 'REQUEST_PARAMS' } })
    expect(server.calls()).toBe(before)
    expect(await lastOutcome()).toMatchObject({ status: 'failure', code: 'REQUEST_PARAMS' })
  })
  let before = 0
})

describe('what a server asks in the middle of a call', () => {
  test.each(['mid-sampling-createMessage', 'mid-elicitation-create', 'mid-roots-list', 'mid-tools-call', 'mid-unknown'])(
    'R001: %s is refused unless granted, and the call ends as the server likes',
    async (name) => {
      const answer = await ask('plain', name, { era: 'legacy' })
      expect(answer.said).toContain('"code":-32601')
      expect(answer.messages.filter((message) => message['method'] !== undefined)).toEqual([])
      expect((await lastOutcome())?.reasons).toContain('feature_not_in_manifest')
    },
  )

  test('R001: granted and declared, the client is asked on its own stream; only the same session can answer', async () => {
    const agent = governed.client('asked', 'work')
    await agent.rpc(
      'initialize',
      { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 'test', version: '1' } },
      { era: 'legacy' },
    )
    let asked: string | undefined
    const running = ask('asked', 'mid-elicitation-create', {
      era: 'legacy',
      onText: (words) => (asked = /"id":"([^"]+)","method":"elicitation\/create"/.exec(words)?.[1] ?? asked),
    })
    await expect.poll(() => asked, { timeout: 5_000 }).toBeDefined()
    const answer = (content: string) =>
      JSON.stringify({ jsonrpc: '2.0', id: asked ?? '', result: { action: 'accept', content: { content } } })
    await governed.client('rival', 'work').raw(answer('forged'))
    await governed.client('asked', 'second').raw(answer('forged'))
    expect((await agent.raw(answer('mine'))).status).toBe(202)
    const { said } = await running
    expect(said).toContain('mine')
    expect(said).not.toContain('forged')
  })
})

test('R001: a state sealed before a restart opens nothing after it: whether it was used is no longer known', async () => {
  const { result } = await ask('asked', 'asks', {}, { id: 3 })
  await governed.stop()
  await governed.start()
  const before = server.calls()
  const inputResponses = { year: { action: 'accept', content: { year: 2026 } } }
  const answer = await ask(
    'asked',
    'asks',
    { params: { requestState: String(result?.['requestState']), inputResponses } },
    { id: 3 },
  )
  expect(answer.error).toMatchObject({ code: -32_602, data: { code: 'REQUEST_PARAMS' } })
  expect(server.calls()).toBe(before)
})
