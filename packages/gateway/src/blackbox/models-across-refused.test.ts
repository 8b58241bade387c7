import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { Said } from '../../../../conformance/providers/script.ts'
import type { ScriptedProvider } from '../../../../conformance/providers/start-provider.ts'
import { type AcrossProviders, openAcross } from '../fixtures/across-providers.ts'
import type { Governed } from '../fixtures/govern.ts'
import { modelClient } from '../fixtures/model-client.ts'

let across: AcrossProviders
let provider: ScriptedProvider
let governed: Governed
let spare: ScriptedProvider

beforeAll(async () => {
  across = await openAcross()
  ;({ provider, spare, governed } = across)
})
afterAll(() => across?.close())
beforeEach(() => across.reset())

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
    ['max_tokens', { model: 'gemini', max_completion_tokens: 10, max_tokens: 20 }],
    ['stream_options.unheard_of', { model: 'gemini', stream: true, stream_options: { unheard_of: true } }],
    [
      'tool_choice.function.unheard_of',
      { model: 'gemini', tool_choice: { type: 'function', function: { name: 'weather', unheard_of: 1 } } },
    ],
    ['messages.0.name', { model: 'bedrock', messages: [{ role: 'user', content: 'Hello.', name: 'ada' }] }],
  ])('R012: %s is refused by name, and nothing is sent', async (name, body) => {
    const reply = await ask(body)
    expect(reply.status).toBe(400)
    expect(reply.text).toContain(`${name} cannot be said in the wire of this provider`)
    expect(provider.requests).toEqual([])
  })
  test.each<[string, string, JsonObject]>([
    ['store', '/v1/responses', { input: 'Hello.', store: true }],
    ['stream_options.unheard_of', '/v1/responses', { input: 'Hello.', stream: true, stream_options: { unheard_of: true } }],
    ['stop_sequences', '/v1/messages', { max_tokens: 10, stop_sequences: ['.', 7] }],
  ])('R012: %s of %s is refused by name, and nothing is sent', async (name, path, body) => {
    const { messages: _, ...rest } = body
    const reply = await ask({ model: 'gemini', ...(path === '/v1/responses' ? { messages: null } : {}), ...rest }, path)
    expect([reply.status, reply.text]).toEqual([400, expect.stringContaining(`${name} cannot be said`)])
    expect(provider.requests).toEqual([])
  })
  test('R012: what says the same twice, or nothing, passes', async () => {
    const twice = { max_completion_tokens: 10, max_tokens: 10, stop: [] }
    expect((await ask({ model: 'gemini', ...twice })).status).toBe(200)
    expect((await ask({ model: 'anthropic', stop: '.', tool_choice: 'none' })).status).toBe(200)
    expect(provider.requests.at(-1)?.body).toMatchObject({ stop_sequences: ['.'] })
  })
  test('R020 R032: an answer that came and could not be used counts against the budget', async () => {
    const paid = () =>
      modelClient(
        governed,
        'clerk',
        'paid',
      )('/v1/chat/completions', {
        model: 'anthropic',
        max_tokens: 20,
        seed: 7,
        messages: [{ role: 'user', content: 'Hello.' }],
      })
    expect(await paid()).toMatchObject({ status: 400, value: { error: { code: 'MODEL_UNTRANSLATABLE' } } })
    expect(provider.requests).toHaveLength(1)
    expect((await paid()).refusal).toMatchObject({ reasons: ['budget_exhausted'] })
    expect(provider.requests).toHaveLength(1)
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
  test('and none of the environment', async () => {
    vi.stubEnv('AWS_BEARER_TOKEN_BEDROCK', 'of-the-machine')
    vi.stubEnv('AWS_SESSION_TOKEN', 'of-the-machine')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect((await ask({ model: 'signed' })).status).toBe(200)
    expect((await ask({ model: 'bedrock' })).status).toBe(200)
    expect(provider.requests.map(({ headers }) => headers.authorization?.split(' ')[0])).toEqual(['AWS4-HMAC-SHA256', 'Bearer'])
    expect(JSON.stringify(provider.requests.map(({ headers }) => headers))).not.toContain('of-the-machine')
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
