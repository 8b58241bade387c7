import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ScriptedProvider } from '../../../../conformance/providers/start-provider.ts'
import { type AcrossProviders, KINDS, openAcross } from '../fixtures/across-providers.ts'
import type { Governed } from '../fixtures/govern.ts'

const SECRET = 'sk-upstream-secret'
const QUESTION = 'What is the weather in Paris and Rome?'
const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false }
const PARIS = { name: 'weather', args: { city: 'Paris' }, id: 'call_paris' }
const ROME = { name: 'weather', args: { city: 'Rome' }, id: 'call_rome' }

let across: AcrossProviders
let provider: ScriptedProvider
let governed: Governed
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  across = await openAcross()
  ;({ provider, governed } = across)
  const key = governed.secret('clerk', 'k')
  openai = new OpenAI({ apiKey: key, baseURL: `${governed.url()}/a/clerk/v1`, maxRetries: 0 })
  anthropic = new Anthropic({ apiKey: key, baseURL: `${governed.url()}/a/clerk`, maxRetries: 0 })
})
afterAll(() => across?.close())
beforeEach(() => across.reset())

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
    across.answers({ text: ['Let me see.'], calls: [paris, rome] }, { text: ['Both are ', 'sunny.'] })
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
