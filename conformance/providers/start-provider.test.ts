import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Fault, Said } from './script.ts'
import { type ScriptedProvider, startProvider } from './start-provider.ts'

const CITIES = [
  { name: 'weather', args: { city: 'Paris' }, id: 'call_1' },
  { name: 'weather', args: { city: 'Århus', note: '"\\\u{1F327}' }, id: 'call_2' },
]
const FULL: Said = {
  reasoning: 'France, so its capital.',
  text: ['It is ', 'Paris, ', 'of course: Århus is not \u{1F327}.'],
  calls: CITIES,
  usage: { input: 12, output: 34, cached: 5, reasoning: 6 },
}
const TEXT = (FULL.text ?? []).join('')
const CALLED = CITIES.map(({ id, name, args }) => [id, name, args])

let provider: ScriptedProvider
let openai: OpenAI
let anthropic: Anthropic
beforeAll(async () => {
  provider = await startProvider()
  openai = new OpenAI({ apiKey: 'sk-1', baseURL: `${provider.url}/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: 'sk-ant-1', baseURL: provider.url, maxRetries: 0 })
})
afterAll(() => provider.close())
beforeEach(() => {
  provider.requests.length = 0
  provider.script = () => FULL
})

const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }]
const chat = { model: 'model-1', messages }
const message = { model: 'claude-1', max_tokens: 100, messages }
const response = { model: 'model-1', input: 'What is the capital of France?' }

/** What the SDK made of an answer: text, reasoning, calls, tokens in and out, and why it stopped. */
type Made = readonly [text: string, reasoning: string, calls: unknown, tokens: readonly (number | undefined)[], stop: unknown]

function ofChat({ choices, usage }: OpenAI.ChatCompletion): Made {
  const [choice] = choices
  const calls = choice?.message.tool_calls ?? []
  return [
    choice?.message.content ?? '',
    (choice?.message as { reasoning_content?: string } | undefined)?.reasoning_content ?? '',
    calls.map((call) => call.type === 'function' && [call.id, call.function.name, JSON.parse(call.function.arguments)]),
    [usage?.prompt_tokens, usage?.completion_tokens],
    choice?.finish_reason,
  ]
}

function ofResponse({ output, output_text: text, usage, status }: OpenAI.Responses.Response): Made {
  return [
    text,
    output.flatMap((item) => (item.type === 'reasoning' ? item.summary.map((part) => part.text) : [])).join(''),
    output.flatMap((item) => (item.type === 'function_call' ? [[item.call_id, item.name, JSON.parse(item.arguments)]] : [])),
    [usage?.input_tokens, usage?.output_tokens],
    status,
  ]
}

function ofMessage({ content, usage, stop_reason: stop }: Anthropic.Message): Made {
  return [
    content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
    content.flatMap((block) => (block.type === 'thinking' ? [block.thinking] : [])).join(''),
    content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.name, block.input]] : [])),
    [usage.input_tokens, usage.output_tokens],
    stop,
  ]
}

/** Each wire through its own SDK, whole and streamed. */
const WAYS: Readonly<Record<string, () => Promise<Made>>> = {
  chat: async () => ofChat(await openai.chat.completions.create(chat)),
  'chat streamed': async () =>
    ofChat(await openai.chat.completions.stream({ ...chat, stream_options: { include_usage: true } }).finalChatCompletion()),
  responses: async () => ofResponse(await openai.responses.create(response)),
  'responses streamed': async () => ofResponse(await openai.responses.stream(response).finalResponse()),
  messages: async () => ofMessage(await anthropic.messages.create(message)),
  'messages streamed': async () => ofMessage(await anthropic.messages.stream(message).finalMessage()),
}
const STOPS: Readonly<Record<string, readonly [done: string, length: string]>> = {
  chat: ['tool_calls', 'length'],
  responses: ['completed', 'incomplete'],
  messages: ['tool_use', 'max_tokens'],
}
const ways = Object.entries(WAYS)

describe('what the script says is what the real SDK reads', () => {
  test.each(ways)('%s: text, reasoning, parallel calls, usage', async (name, ask) => {
    const [text, reasoning, calls, tokens, stop] = await ask()
    expect(text).toBe(TEXT)
    // The SDK's accumulator keeps only what its types know.
    if (name !== 'chat streamed') expect(reasoning).toBe(FULL.reasoning)
    expect(calls).toEqual(CALLED)
    expect(tokens).toEqual([12, 34])
    expect(stop).toBe(STOPS[name.split(' ')[0] ?? '']?.[0])
  })
  test.each(ways)('%s: an answer without room for more', async (name, ask) => {
    provider.script = () => ({ text: ['It is '], stop: 'length' })
    // The helper of the SDK throws what it cannot finish.
    const stop = await ask().then(
      (made) => made[4],
      (error: unknown) => String(error),
    )
    expect(stop).toMatch(name === 'chat streamed' ? /length/ : (STOPS[name.split(' ')[0] ?? '']?.[1] ?? ''))
  })
  test.each(ways.filter(([name]) => name.endsWith('streamed')))('%s: cut at any byte', async (_, ask) => {
    for (const cutBytes of [1, 3, 1_000]) {
      provider.script = () => ({ ...FULL, cutBytes })
      const [text, , calls] = await ask()
      expect([text, calls]).toEqual([TEXT, CALLED])
    }
  })
  test('embeddings, token counts and lists of models, for both families', async () => {
    provider.script = () => ({ usage: { input: 7, output: 0 } })
    const { data } = await openai.embeddings.create({ model: 'model-1', input: ['a', 'b'] })
    expect(data.map(({ embedding }) => embedding)).toEqual([
      [0.25, -0.5, 1],
      [0.25, -0.5, 1],
    ])
    expect(await anthropic.messages.countTokens({ model: 'claude-1', messages })).toEqual({ input_tokens: 7 })
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['model-1', 'model-2'])
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(['model-1', 'model-2'])
  })
})

describe('what goes wrong', () => {
  const SECRET = 'Error: boom\n    at query (/srv/model/db.js:12:7)'
  test.each(ways)('%s: a status, with the provider’s own words', async (_, ask) => {
    provider.script = () => ({ fault: 'status', status: 500, message: SECRET })
    await expect(ask()).rejects.toMatchObject({ status: 500, message: expect.stringContaining('/srv/model/db.js') })
  })
  test.each(ways)('%s: a limit says when to come back', async (_, ask) => {
    provider.script = () => ({ fault: 'status', status: 429, message: 'slow down', headers: { 'retry-after': '3' } })
    await expect(ask()).rejects.toMatchObject({ status: 429 })
  })
  test.each(ways.flatMap(([name, ask]) => faultsOf(name).map((fault) => [name, fault.fault, fault, ask] as const)))(
    '%s: %s is no answer',
    async (_, __, fault, ask) => {
      provider.script = () => fault
      await expect(ask()).rejects.toThrow()
    },
  )
  test('a hang lasts until the client gives up, and the provider sees that', async () => {
    provider.script = () => ({ fault: 'hang' })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 50)
    await expect(openai.chat.completions.create(chat, { signal: abort.signal })).rejects.toThrow(/abort/i)
    expect(await provider.requests[0]?.isCut).toBe(true)
  })
  test('a stream that stalls is cut off by the client', async () => {
    provider.script = () => ({ fault: 'stall', said: FULL })
    const run = await openai.chat.completions.create({ ...chat, stream: true })
    for await (const _ of run) run.controller.abort()
    expect(await provider.requests[0]?.isCut).toBe(true)
  })

  /** What no client may take for an answer: a clean early end is told apart only where the helper waits for the last event. */
  function faultsOf(name: string): readonly Fault[] {
    const said = FULL
    const all: readonly Fault[] = [
      { fault: 'reset' },
      { fault: 'half', said },
      { fault: 'malformed', said, message: SECRET },
      { fault: 'gives-up', said, message: SECRET },
    ]
    return name.endsWith('streamed') ? all : [...all, { fault: 'short', said }]
  }
})

test('a request is kept byte for byte, with its headers', async () => {
  const body = '{ "model":"model-1", "messages":[],"temperature":0.20 }'
  await fetch(`${provider.url}/v1/chat/completions`, { method: 'POST', headers: { 'x-one': '1' }, body })
  const [request] = provider.requests
  expect(request).toMatchObject({
    operation: 'openai-chat',
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'x-one': '1' },
  })
  expect(request?.bytes.toString('utf8')).toBe(body)
  expect(await request?.isCut).toBe(false)
})
