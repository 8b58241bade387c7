import type { Entry, Json, JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, type ModelReply, providerConfig } from '../fixtures/model-client.ts'
import { createDatabase } from '../fixtures/postgres.ts'
import { chatAnswer, chatStream, type RecordingProvider, startRecordingProvider } from '../fixtures/recording-provider.ts'
import { replicate } from '../fixtures/replicate.ts'

const postgresUrl = inject('postgresUrl')
const approval = { by: 'security', evidence: 'x', expires: '2999-01-01' }
const price = { currency: 'EUR', input: '1000', output: '2000' }
const OUTPUT = 20
const USED = 13
const anyLoop = { repeatsMax: 100_000 }

const body = (text: string, more: JsonObject = {}): JsonObject => ({
  model: 'default',
  max_tokens: OUTPUT,
  messages: [{ role: 'user', content: text }],
  ...more,
})
/** What a call may use at most. */
const bound = (sent: JsonObject): number => Buffer.byteLength(JSON.stringify(sent)) + OUTPUT
const usageChunk = `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } })}\n\n`
/** A stream that says what it used, as clients that ask for it get it. */
const telling = (pieces: readonly string[]): readonly string[] => {
  const stream = chatStream(pieces)
  return [...stream.slice(0, -1), usageChunk, ...stream.slice(-1)]
}

const HELLO = body('Say hello.')
const STREAM = body('Say hello.', { stream: true })
const hour = { per: 'task', window: 'hour' }
const budgets: Readonly<Record<string, readonly JsonObject[]>> = {
  parallel: [{ ...hour, tokens: 3 * bound(STREAM) + 5 }],
  settled: [{ ...hour, tokens: 3 * bound(HELLO) }],
  kept: [{ ...hour, tokens: bound(HELLO) + 2 * USED }],
  silent: [{ ...hour, tokens: 2 * bound(STREAM) + 10 }],
  cut: [{ ...hour, tokens: 2 * bound(STREAM) + 10 }],
  refused: [{ ...hour, tokens: bound(HELLO) }],
  lost: [{ ...hour, tokens: bound(HELLO) }],
  small: [{ ...hour, tokens: 500 }],
  few: [{ ...hour, calls: 2 }],
  output: [{ ...hour, outputTokens: OUTPUT + 4 }],
  euros: [{ ...hour, money: { amount: '1.00', currency: 'EUR' } }],
  dollars: [{ ...hour, money: { amount: '1.00', currency: 'USD' } }],
}

let provider: RecordingProvider
let governed: Governed
const ask = (task: string, sent: JsonObject = HELLO, agent = 'clerk'): Promise<ModelReply> =>
  modelClient(governed, agent, task)('/v1/chat/completions', sent)

const task = (more: JsonObject): Json => ({ models: ['default', 'priced'], modelPolicy: { loop: anyLoop, ...more } })

beforeAll(async () => {
  provider = await startRecordingProvider()
  const models = { default: { approval }, priced: { model: 'model-1', approval, price } }
  governed = await govern({
    servers: {},
    agents: {
      clerk: { tasks: Object.fromEntries(Object.entries(budgets).map(([name, list]) => [name, task({ budgets: list as Json })])) },
      both: {
        tasks: { one: task({}), two: task({}) },
        manifest: {
          defaults: {
            modelBudgets: [
              { per: 'agent', window: 'month', calls: 3 },
              { per: 'task', window: 'day', calls: 2 },
            ],
          },
        },
      },
      circling: {
        tasks: { work: task({ loop: { repeatsMax: 3 } }), usual: { models: ['default'] } },
        keys: { work: 'work', other: 'work', usual: 'usual' },
      },
    },
    config: { providers: { main: providerConfig(provider.url, { models }) } },
  })
})
afterAll(async () => {
  await governed?.close()
  await provider?.close()
})
beforeEach(() => {
  provider.calls.length = 0
  provider.script = () => ({ body: chatAnswer('Hello.') })
})

/** What decision and outcome of an act have on their budgets. */
async function spent(kind: 'decision' | 'outcome'): Promise<readonly number[] | undefined> {
  const found = (await governed.entries()).findLast((entry): entry is Extract<Entry, { type: typeof kind }> => entry.type === kind)
  return found?.spends?.map(({ amount }) => amount)
}

describe('budgets of tokens', () => {
  test('R020 R032: calls at once cannot overdraw: each reserves what it may use before it is sent', async () => {
    provider.script = () => ({ pieces: chatStream(['Hello.']), pauseMs: 50 })
    const replies = await Promise.all(Array.from({ length: 20 }, () => ask('parallel', STREAM)))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(3)
    expect(provider.calls).toHaveLength(3)
    const refused = replies.find(({ status }) => status !== 200)
    expect(refused).toMatchObject({
      status: 429,
      headers: { 'x-should-retry': 'false' },
      refusal: {
        effect: 'deny',
        reasons: ['budget_exhausted'],
        retryAfterMs: expect.any(Number),
        budget: {
          unit: 'tokens',
          per: 'task',
          windowMs: 3_600_000,
          limit: String(3 * bound(STREAM) + 5),
          used: String(3 * bound(STREAM)),
          asked: String(bound(STREAM)),
        },
      },
    })
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(3_500)
  })

  test('what a call did not use is there again: sixteen calls fit where three could reserve', async () => {
    for (let i = 0; i < 16; i++) expect((await ask('settled')).status).toBe(200)
    expect(await spent('decision')).toEqual([bound(HELLO)])
    expect(await spent('outcome')).toEqual([USED])
  })

  test('R020 R032: a restart forgives nothing and holds back nothing: what was used stands in the log', async () => {
    for (const status of [200, 200]) expect((await ask('kept')).status).toBe(status)
    await governed.stop()
    await governed.start()
    expect((await ask('kept')).status).toBe(200)
    const refused = await ask('kept')
    expect(refused.refusal).toMatchObject({ reasons: ['budget_exhausted'], budget: { used: String(3 * USED) } })
    expect((await ask('parallel', STREAM)).refusal).toMatchObject({ budget: { used: String(3 * bound(STREAM)) } })
  })

  test('a stream that says what it used counts that, and one that does not counts all it reserved', async () => {
    provider.script = () => ({ pieces: telling(['Hello.']) })
    expect((await ask('silent', STREAM)).status).toBe(200)
    expect(await spent('outcome')).toEqual([USED])
    provider.script = () => ({ pieces: chatStream(['Hello.']) })
    expect((await ask('silent', STREAM)).status).toBe(200)
    expect(await spent('outcome')).toEqual([bound(STREAM)])
    expect((await ask('silent', STREAM)).refusal).toMatchObject({ budget: { used: String(bound(STREAM) + USED) } })
  })

  test('a stream that breaks off counts all it reserved, whatever it said of its usage before', async () => {
    provider.script = () => ({ pieces: [usageChunk, ...chatStream(['Hello.']).slice(0, 2)], end: 'break' })
    await ask('cut', STREAM)
    expect(await spent('outcome')).toEqual([bound(STREAM)])
  })

  test('usage that is no number is none', async () => {
    const answer = { ...chatAnswer('Hello.'), usage: { prompt_tokens: -9, completion_tokens: '4' } }
    provider.script = () => ({ body: answer as Json })
    expect((await ask('cut', body('Hi.'))).status).toBe(200)
    expect(await spent('outcome')).toEqual([bound(body('Hi.'))])
  })

  test('what the provider does not take uses nothing; what it may have taken uses all', async () => {
    provider.script = () => ({ status: 400, body: {} })
    for (let i = 0; i < 3; i++) expect((await ask('refused')).status).toBe(400)
    expect(await spent('outcome')).toEqual([0])
    provider.script = () => ({ body: '{"half":', end: 'break' })
    expect((await ask('lost')).status).toBe(502)
    expect((await ask('lost')).refusal?.reasons).toEqual(['budget_exhausted'])
  })

  test('a call that names no bound reserves the longest answer of the model, and may be too large for ever', async () => {
    const { max_tokens: _, ...unbounded } = HELLO
    const reply = await ask('small', unbounded as JsonObject)
    expect(reply.refusal).toMatchObject({ reasons: ['budget_exhausted'], budget: { used: '0' } })
    expect(reply.refusal).not.toHaveProperty('retryAfterMs')
    expect((await ask('small')).status).toBe(200)
  })

  test('several answers reserve several times, and output alone can be bounded', async () => {
    expect((await ask('output', body('Hi.', { n: 2 }))).refusal).toMatchObject({ budget: { unit: 'outputTokens', asked: '40' } })
    expect((await ask('output')).status).toBe(200)
    expect((await ask('output')).status).toBe(200)
    expect((await ask('output')).refusal).toMatchObject({ reasons: ['budget_exhausted'], budget: { used: '8' } })
  })
})

describe('budgets of calls', () => {
  test('R020: as many as there are, also at once', async () => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => ask('few')))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(2)
  })
  test('of the agent over all its tasks, and of each task', async () => {
    const said = async (name: string) => (await ask(name, HELLO, 'both')).refusal?.budget?.per
    expect([await said('one'), await said('one'), await said('one'), await said('two'), await said('two')]).toEqual([
      undefined,
      undefined,
      'task',
      undefined,
      'agent',
    ])
  })
})

describe('budgets of money', () => {
  const priced = body('Say hello.', { model: 'priced' })
  test('a model without a price is refused, and so is one priced in another currency', async () => {
    expect(await ask('euros')).toMatchObject({ status: 403, refusal: { reasons: ['model_unpriced'] } })
    expect(await ask('dollars', priced)).toMatchObject({ status: 403, refusal: { reasons: ['model_unpriced'] } })
    expect(provider.calls).toEqual([])
  })
  test('calls at once cannot overdraw, and the record says what each cost, exactly', async () => {
    const most = (Buffer.byteLength(JSON.stringify(priced)) * 1_000 + OUTPUT * 2_000) / 1e6
    const replies = await Promise.all(Array.from({ length: 30 }, () => ask('euros', priced)))
    const paid = replies.filter(({ status }) => status === 200)
    expect(paid.length).toBeGreaterThanOrEqual(Math.floor(1 / most))
    expect(paid.length).toBe(provider.calls.length)
    const outcomes = (await governed.entries()).filter((entry) => entry.type === 'outcome')
    expect(outcomes.at(-1)).toMatchObject({ model: { usage: { input: 9, output: 4 }, cost: { amount: '0.017', currency: 'EUR' } } })
    expect(await spent('outcome')).toEqual([17_000_000])
    for (let left = 60; left > 0 && (await ask('euros', priced)).status === 200; left--);
    const refused = await ask('euros', priced)
    expect(refused.refusal).toMatchObject({ reasons: ['budget_exhausted'], budget: { unit: 'EUR', limit: '1.00' } })
    expect(provider.calls.length * 0.017).toBeLessThanOrEqual(1)
  })
})

describe('an agent that goes in circles', () => {
  const circle = (key: string, sent: JsonObject = HELLO) => ask(key, sent, 'circling')
  const asksFor = (args: string): JsonObject => ({
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'find', arguments: args } }],
  })
  const alerts = async (): Promise<readonly string[]> =>
    (await governed.entries()).flatMap((entry) =>
      entry.type === 'admin' && entry.detail['rule'] === 'agent-loop' ? [String(entry.detail['message'])] : [],
    )

  test('the same request is answered as often as it may be, then refused and told to people', async () => {
    for (let i = 0; i < 3; i++) expect((await circle('work')).status).toBe(200)
    expect(await circle('work')).toMatchObject({ status: 429, refusal: { effect: 'deny', reasons: ['loop_detected'] } })
    expect(provider.calls).toHaveLength(3)
    await expect.poll(alerts, { timeout: 10_000 }).toEqual(['an agent keeps sending the same model call'])
  })
  test('another request, and the same one in another session, are well', async () => {
    expect((await circle('work', body('Say hello again.'))).status).toBe(200)
    expect((await circle('other')).status).toBe(200)
  })
  test('ten times in ten minutes are well unless the manifest says otherwise', async () => {
    const replies = await Promise.all(Array.from({ length: 11 }, () => circle('usual', body('Is it done?'))))
    expect(replies.filter(({ status }) => status === 200)).toHaveLength(10)
  })
  test('asking again because nobody answered is no loop', async () => {
    provider.script = () => ({ status: 400, body: {} })
    for (let i = 0; i < 6; i++) expect((await circle('work', body('Are you there?'))).status).toBe(400)
    provider.script = () => ({ body: chatAnswer('Yes.') })
    expect((await circle('work', body('Are you there?'))).status).toBe(200)
  })
  test.each([false, true])('a model that asks for the same tool call, however it is written (streamed: %s)', async (stream) => {
    const spellings = ['{"a":1,"b":2}', '{ "b":2, "a":1 }', '{"a":1.0,"b":2}', '{"b":2,"a":1}']
    const replies: ModelReply[] = []
    for (const [i, args] of spellings.entries()) {
      const call = { index: 0, ...(asksFor(args.replace('2', stream ? '3' : '2'))['tool_calls'] as JsonObject[])[0] }
      provider.script = () => (stream ? { pieces: chatStream([], [call]) } : { body: chatAnswer(null, { tool_calls: [call] }) })
      replies.push(await circle('other', body(`Step ${i}, streamed: ${stream}.`, { stream })))
    }
    expect(replies.map(({ refusal }) => refusal?.reasons)).toEqual([undefined, undefined, undefined, ['loop_detected']])
    expect(replies.at(-1)?.text).not.toContain('"find"')
    const last = (await governed.entries()).findLast(({ type }) => type === 'outcome')
    expect(last).toMatchObject({ status: 'withheld', reasons: ['loop_detected'] })
  })
})

describe.skipIf(postgresUrl === '')('gateways over one database', () => {
  test('R020 R293: share budgets of tokens, at once and one after the other', async () => {
    const database = await createDatabase(postgresUrl)
    const tasks = {
      work: task({ budgets: [{ ...hour, tokens: 3 * bound(STREAM) }] }),
      calm: task({ budgets: [{ ...hour, tokens: bound(HELLO) + USED }] }),
    }
    const world = await govern({
      servers: {},
      agents: { clerk: { tasks } },
      config: { providers: { main: providerConfig(provider.url) } },
      database,
    })
    const other = await replicate(world)
    try {
      const clients = (key: string) => [
        modelClient(world, 'clerk', key),
        modelClient({ ...world, url: () => other.url }, 'clerk', key),
      ]
      provider.script = () => ({ pieces: chatStream(['Hello.']), pauseMs: 20 })
      const work = clients('work')
      const replies = await Promise.all(Array.from({ length: 12 }, (_, i) => work[i % 2]?.('/v1/chat/completions', STREAM)))
      expect(replies.filter((reply) => reply?.status === 200)).toHaveLength(3)
      provider.script = () => ({ body: chatAnswer('Hello.') })
      const [first, second] = clients('calm')
      expect((await first?.('/v1/chat/completions', HELLO))?.status).toBe(200)
      await expect.poll(async () => (await second?.('/v1/chat/completions', HELLO))?.status).toBe(200)
      const refused = await first?.('/v1/chat/completions', HELLO)
      expect(refused?.refusal).toMatchObject({ reasons: ['budget_exhausted'] })
    } finally {
      await other.close()
      await world.close()
    }
  })
})
