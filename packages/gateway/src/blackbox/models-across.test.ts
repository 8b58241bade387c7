import Anthropic from '@anthropic-ai/sdk'
import type { JsonObject } from '@sallyport/core'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Said } from '../../../../conformance/providers/script.ts'
import { type ScriptedProvider, startProvider } from '../../../../conformance/providers/start-provider.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, providerConfig } from '../fixtures/model-client.ts'

const approved = { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } }
const KINDS = ['openai', 'azure-openai', 'anthropic', 'gemini', 'bedrock'] as const
/** Not every model promises arguments that fit; Azure wants its version. */
const MORE: Readonly<Record<string, JsonObject>> = {
  'azure-openai': { apiVersion: '2026-01-01' },
  anthropic: { leaveOut: ['strict'] },
  // A generation that wants its own signatures back with every call it made.
  gemini: { leaveOut: ['strict'], models: { gemini: { ...approved, model: 'gemini-3-pro-preview' } } },
  bedrock: { leaveOut: ['strict'] },
}
const SECRET = 'sk-upstream-secret'
const QUESTION = 'What is the weather in Paris and Rome?'
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const PARIS = { name: 'weather', args: { city: 'Paris' }, id: 'call_paris' }
const ROME = { name: 'weather', args: { city: 'Rome' }, id: 'call_rome' }

let provider: ScriptedProvider
let spare: ScriptedProvider
let governed: Governed
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  provider = await startProvider()
  spare = await startProvider()
  const of = (kind: string, more: JsonObject = {}): JsonObject => {
    const path = kind === 'gemini' ? '/v1beta' : kind === 'bedrock' ? '' : '/v1'
    return providerConfig(provider.url, { kind, url: provider.url + path, models: { [kind]: approved }, ...more })
  }
  const models = { strict: approved }
  governed = await govern({
    servers: {},
    config: {
      providers: {
        ...Object.fromEntries(KINDS.map((kind) => [kind, of(kind, MORE[kind])])),
        lenient: of('gemini', { models: { lenient: approved }, leaveOut: ['user', 'cache_control'] }),
        quick: of('gemini', { models: { quick: approved }, timeoutMs: 500, idleMs: 500 }),
        signed: of('bedrock', { models: { signed: approved }, credential: 'AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI' }),
        'strict-main': of('gemini', { models }),
        'strict-spare': providerConfig(spare.url, { kind: 'openai', models, tier: 'consumer' }),
      },
    },
    agents: {
      clerk: {
        tasks: {
          work: {
            models: [...KINDS, 'lenient', 'signed', 'strict', 'quick'],
            modelPolicy: { systemPrompt: 'allow', features: ['attachments'], loop: { repeatsMax: 1_000 } },
          },
          private: { models: ['strict'], modelPolicy: { classes: ['phi'] } },
        },
        keys: { k: 'work', p: 'private' },
      },
    },
  })
  const key = governed.secret('clerk', 'k')
  openai = new OpenAI({ apiKey: key, baseURL: `${governed.url()}/a/clerk/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: key, baseURL: `${governed.url()}/a/clerk`, maxRetries: 0 })
})
afterAll(async () => {
  await governed.close()
  await provider.close()
  await spare.close()
})
beforeEach(() => {
  provider.requests.length = 0
  spare.requests.length = 0
  answers({ text: ['It is ', 'sunny.'], usage: { input: 21, output: 5 } })
})

const answers = (...said: readonly Said[]): void => {
  let at = 0
  provider.script = () => said[Math.min(at++, said.length - 1)] as Said
}

/** What each client made of an answer, in one form. */
interface Heard {
  readonly text: string
  readonly calls: readonly (readonly [string, unknown])[]
  readonly usage?: readonly [number, number]
}
type Turn =
  | { readonly text: string }
  | {
      readonly said: string
      readonly results: readonly (readonly [id: string, text: string])[]
      readonly asked: readonly (typeof PARIS)[]
    }
type Client = (model: string, turns: readonly Turn[], stream: boolean) => Promise<Heard>

const CLIENTS: Readonly<Record<string, Client>> = {
  async chat(model, turns, stream) {
    const messages = turns.flatMap((turn): OpenAI.ChatCompletionMessageParam[] =>
      'text' in turn
        ? [{ role: 'user', content: turn.text }]
        : [
            {
              role: 'assistant',
              content: turn.said,
              tool_calls: turn.asked.map(({ id, name, args }) => ({
                id,
                type: 'function',
                function: { name, arguments: JSON.stringify(args) },
              })),
            },
            ...turn.results.map(([id, content]) => ({ role: 'tool' as const, tool_call_id: id, content })),
          ],
    )
    const asked = {
      model,
      messages: [{ role: 'system' as const, content: 'Be brief.' }, ...messages],
      max_tokens: 100,
      tools: [{ type: 'function' as const, function: { name: 'weather', parameters: SCHEMA } }],
    }
    const answer = stream
      ? await openai.chat.completions.stream({ ...asked, stream_options: { include_usage: true } }).finalChatCompletion()
      : await openai.chat.completions.create(asked)
    const message = answer.choices[0]?.message
    const calls = (message?.tool_calls ?? []).map((call) => ('function' in call ? call.function : { name: '', arguments: '{}' }))
    return {
      text: message?.content ?? '',
      calls: calls.map(({ name, arguments: args }) => [name, JSON.parse(args)] as const),
      ...(answer.usage ? { usage: [answer.usage.prompt_tokens, answer.usage.completion_tokens] as const } : {}),
    }
  },
  async responses(model, turns, stream) {
    const input = turns.flatMap((turn): OpenAI.Responses.ResponseInputItem[] =>
      'text' in turn
        ? [{ role: 'user', content: turn.text }]
        : [
            { role: 'assistant' as const, content: turn.said },
            ...turn.asked.map(({ id, name, args }) => ({
              type: 'function_call' as const,
              call_id: id,
              name,
              arguments: JSON.stringify(args),
            })),
            ...turn.results.map(([id, output]) => ({ type: 'function_call_output' as const, call_id: id, output })),
          ],
    )
    const asked = {
      model,
      input,
      instructions: 'Be brief.',
      max_output_tokens: 100,
      tools: [{ type: 'function' as const, name: 'weather', parameters: SCHEMA, strict: true }],
    }
    const answer = stream ? await openai.responses.stream(asked).finalResponse() : await openai.responses.create(asked)
    const calls = answer.output.flatMap((item) => (item.type === 'function_call' ? [item] : []))
    return {
      text: answer.output_text,
      calls: calls.map((call) => [call.name, JSON.parse(call.arguments)] as const),
      ...(answer.usage ? { usage: [answer.usage.input_tokens, answer.usage.output_tokens] as const } : {}),
    }
  },
  async messages(model, turns, stream) {
    const messages = turns.flatMap((turn): Anthropic.MessageParam[] =>
      'text' in turn
        ? [{ role: 'user', content: turn.text }]
        : [
            {
              role: 'assistant',
              content: [
                { type: 'text' as const, text: turn.said },
                ...turn.asked.map(({ id, name, args }) => ({ type: 'tool_use' as const, id, name, input: args })),
              ],
            },
            {
              role: 'user',
              content: turn.results.map(([id, content]) => ({ type: 'tool_result' as const, tool_use_id: id, content })),
            },
          ],
    )
    const asked = {
      model,
      max_tokens: 100,
      system: 'Be brief.',
      messages,
      tools: [{ name: 'weather', input_schema: { ...SCHEMA, type: 'object' as const } }],
    }
    const answer = stream ? await anthropic.messages.stream(asked).finalMessage() : await anthropic.messages.create(asked)
    return {
      text: answer.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
      calls: answer.content.flatMap((block) => (block.type === 'tool_use' ? [[block.name, block.input] as const] : [])),
      usage: [answer.usage.input_tokens, answer.usage.output_tokens],
    }
  },
}

const cells = KINDS.flatMap((kind) => Object.keys(CLIENTS).map((client) => [client, kind] as const))

describe.each(cells)('R012: a client of %s and a provider of the kind %s', (client, kind) => {
  const call = CLIENTS[client] as Client
  test.each([false, true])('chat, streamed: %s', async (stream) => {
    expect(await call(kind, [{ text: `${QUESTION} ${stream}` }], stream)).toEqual({
      text: 'It is sunny.',
      calls: [],
      usage: [21, 5],
    })
    const [request] = provider.requests
    expect(JSON.stringify(request?.headers)).toContain(SECRET)
    expect(JSON.stringify(request?.headers)).not.toContain(governed.secret('clerk', 'k'))
    expect(request?.bytes.toString()).toContain('Be brief.')
    if (kind === 'azure-openai') expect([request?.headers['api-key'], request?.headers.authorization]).toEqual([SECRET, undefined])
    if (kind === 'azure-openai') expect(request?.path).toContain('?api-version=2026-01-01')
    const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
    expect(outcome).toMatchObject({ status: 'success', model: { provider: kind, usage: { input: 21, output: 5 } } })
  })
  test.each([false, true])('two calls at once and their results, streamed: %s', async (stream) => {
    const [paris, rome] = [PARIS, ROME].map((one) => ({ ...one, id: `${one.id}_${client}_${kind}_${stream}`.replaceAll('-', '_') }))
    if (!paris || !rome) return
    answers({ text: ['Let me see.'], calls: [paris, rome] }, { text: ['Both are ', 'sunny.'] })
    const question = { text: `${QUESTION} ${client} ${kind} ${stream}` }
    const first = await call(kind, [question], stream)
    expect(first).toMatchObject({
      text: 'Let me see.',
      calls: [
        ['weather', { city: 'Paris' }],
        ['weather', { city: 'Rome' }],
      ],
    })
    const results = [
      [paris.id, '21 degrees'],
      [rome.id, '28 degrees'],
    ] as const
    const second = await call(kind, [question, { said: 'Let me see.', asked: [paris, rome], results }], stream)
    expect(second.text).toBe('Both are sunny.')
    expect(provider.requests.at(-1)?.bytes.toString()).toMatch(/21 degrees.*28 degrees/s)
  })
})

describe('what cannot be said', () => {
  const ask = (body: JsonObject, path = '/v1/chat/completions') =>
    modelClient(governed, 'clerk', 'k')(path, { messages: [{ role: 'user', content: 'Hello.' }], ...body })
  test.each<[string, JsonObject]>([
    ['logit_bias', { model: 'gemini', logit_bias: { 50256: -100 } }],
    ['user', { model: 'gemini', user: 'somebody' }],
    ['n', { model: 'anthropic', n: 2 }],
    [
      'messages.0.content.0.image_url',
      {
        model: 'gemini',
        messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://evil.example/x.png' } }] }],
      },
    ],
    ['messages.0.name', { model: 'bedrock', messages: [{ role: 'user', content: 'Hello.', name: 'ada' }] }],
  ])('R012: %s is refused by name, and nothing is sent', async (name, body) => {
    const reply = await ask(body)
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(`${name} cannot be said in the wire of this provider`)
    expect(provider.requests).toEqual([])
  })
  test('R012: what the provider’s package would leave out is refused too', async () => {
    const reply = await ask({ model: 'anthropic', seed: 7 })
    expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('seed cannot be said')])
  })
  test('R012: what the operator lets go is let go', async () => {
    const reply = await ask({ model: 'lenient', user: 'somebody' })
    expect(reply.status).toBe(200)
    expect(provider.requests[0]?.bytes.toString()).not.toContain('somebody')
  })
  test('an attached image goes along', async () => {
    const url = 'data:image/png;base64,iVBORw0KGgo='
    const reply = await ask({ model: 'gemini', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] })
    expect([reply.status, provider.requests[0]?.bytes.toString()]).toEqual([200, expect.stringContaining('iVBORw0KGgo=')])
  })
  test('Bedrock takes keys of AWS', async () => {
    expect((await ask({ model: 'signed' })).status).toBe(200)
    expect(provider.requests[0]?.headers.authorization).toContain('AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/')
  })
})

describe.each(['anthropic', 'gemini', 'bedrock'])('R013: failures of a provider of the kind %s', (kind) => {
  const TRACE = 'at secret_function (/srv/provider/internal.py:17)'
  const said: Said = { text: ['It is ', 'sunny ', 'and ', 'warm.'] }
  const ask = (stream: boolean) =>
    modelClient(
      governed,
      'clerk',
      'k',
    )('/v1/chat/completions', {
      model: kind,
      stream,
      messages: [{ role: 'user', content: 'Hello.' }],
    })
  test.each([false, true])('status 500 with a stack trace, streamed: %s', async (stream) => {
    provider.script = () => ({ fault: 'status', status: 500, message: TRACE })
    const reply = await ask(stream)
    expect([reply.status, reply.text.includes('secret_function')]).toEqual([502, false])
  })
  test.each(['half', 'malformed', 'gives-up', 'short'] as const)('%s of a stream', async (fault) => {
    provider.script = () => (fault === 'half' || fault === 'short' ? { fault, said } : { fault, said, message: TRACE })
    const reply = await ask(true)
    expect(reply.text).not.toContain('secret_function')
    expect(reply.text).not.toContain('[DONE]')
    expect(reply.text).toMatch(/"code":"UPSTREAM_(?:MALFORMED|UNAVAILABLE)"/)
  })
  test.each(['half', 'malformed'] as const)('%s of an answer', async (fault) => {
    provider.script = () => (fault === 'half' ? { fault, said } : { fault, said, message: TRACE })
    const reply = await ask(false)
    expect([reply.status, reply.text.includes('secret_function')]).toEqual([502, false])
  })
})

describe('R013: a provider of another wire that is slow, and a client that goes', () => {
  const ask = (stream: boolean, signal?: AbortSignal) =>
    modelClient(governed, 'clerk', 'k')(
      '/v1/chat/completions',
      { model: 'quick', stream, messages: [{ role: 'user', content: 'Hello.' }] },
      signal && { signal },
    )
  test('that never answers is left after its time', async () => {
    provider.script = () => ({ fault: 'hang' })
    expect(await ask(false)).toMatchObject({ status: 504, value: { error: { code: 'UPSTREAM_TIMEOUT' } } })
  })
  test('that falls silent in the middle ends the stream with an error', async () => {
    provider.script = () => ({ fault: 'stall', said: { text: ['It is ', 'sunny ', 'and ', 'warm.'] } })
    const { text } = await ask(true)
    expect([text.includes('[DONE]'), text]).toEqual([false, expect.stringContaining('UPSTREAM_TIMEOUT')])
  })
  test('what nobody waits for is not asked on', async () => {
    provider.script = () => ({ text: Array.from({ length: 200 }, () => 'and so on '), pauseMs: 20 })
    const abort = new AbortController()
    const asked = ask(true, abort.signal).catch(() => undefined)
    while (provider.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    abort.abort()
    await asked
    expect(await provider.requests[0]?.isCut).toBe(true)
  })
})

describe('R202: a provider of another wire stands in only where it may', () => {
  test('an outage sends classified data to nobody else', async () => {
    provider.script = () => ({ fault: 'status', status: 503, message: 'down' })
    const reply = await modelClient(
      governed,
      'clerk',
      'p',
    )('/v1/chat/completions', { model: 'strict', messages: [{ role: 'user', content: 'Hello.' }] })
    expect([reply.status, spare.requests.length]).toEqual([502, 0])
  })
  test('who speaks the wire is asked first, and another stands in', async () => {
    const ask = () =>
      modelClient(
        governed,
        'clerk',
        'k',
      )('/v1/chat/completions', { model: 'strict', messages: [{ role: 'user', content: 'Hello.' }] })
    expect([(await ask()).status, spare.requests.length, provider.requests.length]).toEqual([200, 1, 0])
    spare.script = () => ({ fault: 'status', status: 503, message: 'down' })
    const reply = await ask()
    expect([reply.status, reply.headers['x-sallyport-degraded'], provider.requests.length]).toEqual([200, 'fallback', 1])
  })
})
