import type { Entry, Json, JsonObject } from '@sallyport/core'
import { govern, type Governed } from '../../../packages/gateway/src/fixtures/govern.ts'
import { modelClient, type ModelReply, modelSocket, providerConfig } from '../../../packages/gateway/src/fixtures/model-client.ts'
import { type RecordingProvider, startRecordingProvider } from '../../../packages/gateway/src/fixtures/recording-provider.ts'
import { callAnswer, textAnswer } from '../../../packages/gateway/src/fixtures/wire-answers.ts'
import type { models } from '../../../packages/gateway/src/protocols/models/formats.ts'
import type { Cell } from './cells.ts'
import type { Crossed } from './mcp-drivers.ts'
import { BENIGN_OUT, type Payload, PLANTED_OUT } from './payloads.ts'

type FormatId = (typeof models)['formats'][number]['id']

/** A gateway with a scripted provider behind it, for one crossing at a time. */
export interface ModelsWorld {
  cross(cell: Cell, payload: Payload): Promise<Crossed>
  entries(): Promise<readonly Entry[]>
  close(): Promise<void>
}

const PATHS: Readonly<Record<string, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
  'openai-embeddings': '/v1/embeddings',
}

export async function openModelsWorld(): Promise<ModelsWorld> {
  const provider = await startRecordingProvider()
  const approved = (model: string) => ({
    models: { [model]: { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } } },
  })
  const governed = await govern({
    servers: {},
    agents: {
      clerk: {
        tasks: { work: { models: ['default', 'claude'], modelPolicy: { systemPrompt: 'allow', loop: { repeatsMax: 100_000 } } } },
      },
    },
    config: {
      providers: {
        main: providerConfig(provider.url),
        claude: providerConfig(provider.url, { kind: 'anthropic', ...approved('claude') }),
      },
    },
  })
  return {
    cross: (cell, payload) => modelsDrivers[cell.format.id as FormatId]({ cell, payload, provider, governed }),
    entries: () => governed.entries(),
    async close() {
      await governed.close()
      await provider.close()
    },
  }
}

interface Crossing {
  readonly cell: Cell
  readonly payload: Payload
  readonly provider: RecordingProvider
  readonly governed: Governed
}
type Driver = (crossing: Crossing) => Promise<Crossed>
interface Prompt {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
}

let asked = 0
/** A question nobody asked before: another answer to one that was asked would be an altered conversation. */
const question = (): Prompt => ({ role: 'user', text: `What is in report ${(asked += 1)}?` })

export const modelsDrivers: Readonly<Record<FormatId, Driver>> = {
  'prompt-user': prompts((text) => [{ role: 'user', text }]),
  'prompt-system': prompts((text) => [{ role: 'system', text }, question()]),
  'prompt-assistant': prompts((text) => [question(), { role: 'assistant', text }, question()]),
  'prompt-tool': prompts((text) => [question(), { role: 'tool', text }]),
  'prompt-definition': prompts(
    () => [question()],
    (text) => ({ description: text, properties: {} }),
  ),
  'prompt-parameter': prompts(
    () => [question()],
    (text) => ({ description: 'Reads.', properties: { page: { type: 'string', description: text } } }),
  ),
  'embedding-input': async (crossing) => {
    const { provider, payload } = crossing
    provider.script = () => ({ body: { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.5] }], model: 'e' } })
    return atProvider(crossing, await ask(crossing, { model: 'default', input: [payload.text] }))
  },
  'answer-text': answers((text) => [`It says ${text} and nothing else.`]),
  'answer-split': answers((text) => ['It says ', text.slice(0, 5), text.slice(5), ' and nothing else.']),
  'answer-call': answers(
    () => [],
    (text) => ({ note: text }),
  ),
  'provider-error': async (crossing) => {
    const { provider, payload } = crossing
    provider.script = () => ({ status: 500, body: { error: { message: payload.text, type: payload.text } } })
    const reply = await ask(crossing, bodyOf(wireOf(crossing.cell), [question()]))
    return { received: reply.text, parts: [payload.text], entries: [], isAnswered: reply.status === 502 }
  },
}

/** It stands in what the agent asks. */
function prompts(
  make: (text: string) => readonly Prompt[],
  define?: (text: string) => { description: string; properties: JsonObject },
): Driver {
  return async (crossing) => {
    const { cell, payload, provider } = crossing
    provider.script = () => textAnswer(wireOf(cell), ['Done.'], isSocket(cell))
    const tool = define && toolOf(wireOf(cell), define(payload.text))
    return atProvider(
      crossing,
      await ask(crossing, { ...bodyOf(wireOf(cell), make(payload.text)), ...(tool && { tools: [tool] }) }),
    )
  }
}

/** It stands in what the model answers; there too it is data that has to stay. */
function answers(make: (text: string) => readonly string[], args?: (text: string) => JsonObject): Driver {
  return async (crossing) => {
    const { cell, provider } = crossing
    const { text } = crossing.payload.isPlanted ? PLANTED_OUT : BENIGN_OUT
    const isStream = cell.streaming === 'sse' || isSocket(cell)
    const wire = wireOf(cell)
    provider.script = () =>
      args ? callAnswer(wire, [{ name: 'read', args: args(text) }], isStream) : textAnswer(wire, make(text), isStream)
    const reply = await ask(crossing, { ...bodyOf(wire, [question()]), ...(isStream && { stream: true }) })
    const said = isStream ? reply.events.map((event) => wordsOf(event)).join('') : reply.text
    return { received: said, parts: [text], entries: await entriesOf(crossing, reply), isAnswered: reply.refusal === undefined }
  }
}

async function ask({ cell, governed, provider }: Crossing, body: JsonObject): Promise<ModelReply> {
  provider.calls.length = 0
  if (isSocket(cell)) return modelSocket(governed, 'clerk', 'work')(body)
  return modelClient(governed, 'clerk', 'work')(PATHS[cell.pairing] ?? '', body)
}

async function atProvider(crossing: Crossing, reply: ModelReply): Promise<Crossed> {
  const { provider, payload } = crossing
  return {
    received: provider.calls.map(({ text }) => text).join('\n'),
    parts: [payload.text],
    entries: await entriesOf(crossing, reply),
    isAnswered: reply.status === 200,
  }
}

async function entriesOf({ governed }: Crossing, { refusal }: ModelReply): Promise<readonly number[]> {
  if (refusal) return [refusal.entry]
  const decisions = (await governed.entries()).filter(({ type }) => type === 'decision')
  return decisions.slice(-1).map(({ index }) => index)
}

const SOCKET = '-socket'

function isSocket({ pairing }: Cell): boolean {
  return pairing.endsWith(SOCKET)
}

function wireOf({ pairing }: Cell): string {
  return pairing.replace(SOCKET, '')
}

const callId = (): string => `call_${(asked += 1)}`

function bodyOf(wire: string, prompt: readonly Prompt[]): JsonObject {
  if (wire === 'openai-responses') return { model: 'default', input: prompt.flatMap(itemOf) }
  if (wire === 'anthropic-messages') {
    const system = prompt.filter(({ role }) => role === 'system').map(({ text }) => text)
    const messages = prompt.filter(({ role }) => role !== 'system').flatMap(messageOf)
    return { model: 'claude', max_tokens: 50, messages, ...(system.length > 0 && { system: system.join('\n') }) }
  }
  const call = { id: callId(), type: 'function', function: { name: 'read', arguments: '{}' } }
  const messages = prompt.flatMap(({ role, text }): JsonObject[] =>
    role === 'tool'
      ? [
          { role: 'assistant', content: null, tool_calls: [call] },
          { role, tool_call_id: call.id, content: text },
        ]
      : [{ role, content: text }],
  )
  return { model: 'default', messages }
}

function itemOf({ role, text }: Prompt): JsonObject[] {
  if (role !== 'tool') return [{ role, content: text }]
  const id = callId()
  return [
    { type: 'function_call', call_id: id, name: 'read', arguments: '{}' },
    { type: 'function_call_output', call_id: id, output: text },
  ]
}

function messageOf({ role, text }: Prompt): JsonObject[] {
  if (role !== 'tool') return [{ role, content: text }]
  const id = callId()
  return [
    { role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: {} }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: text }] },
  ]
}

function toolOf(wire: string, { description, properties }: { description: string; properties: JsonObject }): JsonObject {
  const schema = { type: 'object', properties }
  if (wire === 'anthropic-messages') return { name: 'read', description, input_schema: schema }
  if (wire === 'openai-responses') return { type: 'function', name: 'read', description, parameters: schema, strict: false }
  return { type: 'function', function: { name: 'read', description, parameters: schema } }
}

/** The words of one event, so that a text cut into pieces is whole again. */
function wordsOf(value: Json | undefined): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return (value as readonly Json[]).map(wordsOf).join('')
  if (typeof value !== 'object' || value === null) return ''
  const {
    delta,
    choices,
    text,
    content,
    partial_json: json,
    function: called,
    tool_calls: calls,
    arguments: args,
  } = value as JsonObject
  return [delta, choices, text, content, json, called, calls, args].map(wordsOf).join('')
}
