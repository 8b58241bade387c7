import { GatewayError, type Json, type JsonObject, type Place } from '@sallyport/core'
import { anthropicDialect } from '../../dialect.ts'
import {
  boundIn,
  distinct,
  modelName,
  objects,
  objectsIn,
  paramsOf,
  textOf,
  tokensOf,
  unknownMembers,
  wholeUsage,
} from '../../read-members.ts'
import { type Ask, defineWire, type ModelCall, type Said, type Turn, type Wire } from '../../wire.ts'
import { readEvent, usageOf } from './events.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `model messages max_tokens system stream temperature top_k top_p stop_sequences metadata tools tool_choice thinking service_tier
  context_management output_config output_format cache_control mcp_servers container`.split(/\s+/),
)
const PARAMS = ['temperature', 'top_p', 'top_k', 'max_tokens', 'stream']
const TEXTUAL: ReadonlySet<string> = new Set(['text', 'tool_use', 'tool_result', 'thinking', 'redacted_thinking'])
const ATTACHED: ReadonlySet<string> = new Set(['image', 'document', 'file', 'search_result'])

const shared: Pick<Wire, 'dialect' | 'decode' | 'withSystem' | 'demoted'> = {
  dialect: anthropicDialect,
  decode,
  withSystem: (body, text) => ({ ...body, system: text }),
  demoted(body) {
    const { system, ...rest } = body
    return { ...rest, messages: [{ role: 'user', content: systemText(system) }, ...objectsIn(body['messages'])] }
  },
}

/** Anthropic Messages. */
export const anthropicMessages = defineWire({
  ...shared,
  id: 'anthropic-messages',
  kind: 'model.call',
  path: '/v1/messages',
  upstreamPath: '/messages',
  said,
  read: readEvent,
})

/** Counts tokens of a request: the same prompt leaves, a number comes back. */
export const anthropicCount = defineWire({
  ...shared,
  id: 'anthropic-count',
  kind: 'model.count',
  path: '/v1/messages/count_tokens',
  upstreamPath: '/messages/count_tokens',
  said: (answer) => ({
    text: '',
    calls: [],
    ...wholeUsage(tokensOf({ input: answer['input_tokens'], output: 0, cached: undefined, written: undefined })),
  }),
})

function decode(body: JsonObject): Ask {
  const messages = objects(body['messages'], 'messages')
  const system = systemText(body['system'])
  return {
    model: modelName(body),
    streams: body['stream'] === true,
    turns: [...(system === '' ? [] : [{ role: 'system' as const, text: system, calls: [] }]), ...messages.flatMap(turnsOf)],
    places: messages.flatMap(placesOf),
    features: distinct([...unknownMembers(body, KNOWN), ...hosted(body), ...messages.flatMap(beyondText)]),
    bound: { answers: 1, ...boundIn(body['max_tokens']) },
    params: paramsOf(body, PARAMS),
  }
}

function systemText(system: Json | undefined): string {
  if (typeof system === 'string') return system
  return objectsIn(system)
    .map((block) => textOf(block['text']))
    .join('')
}

/** A user's message is one turn for its words and one for each tool result in it. */
function turnsOf({ role, content }: JsonObject): readonly Turn[] {
  if (role !== 'user' && role !== 'assistant')
    throw new GatewayError('REQUEST_PARAMS', 'a message has a role this gateway does not know')
  if (typeof content === 'string') return [{ role, text: content, calls: [] }]
  const blocks = objects(content, 'content')
  if (role === 'assistant') return [{ role, text: textIn(blocks), calls: callsIn(blocks) }]
  const results: readonly Turn[] = blocks
    .filter(({ type }) => type === 'tool_result')
    .map((block) => ({ role: 'tool', text: resultText(block['content']), calls: [], callId: textOf(block['tool_use_id']) }))
  const words = textIn(blocks)
  return [...results, ...(words === '' && results.length > 0 ? [] : [{ role: 'user' as const, text: words, calls: [] }])]
}

function resultText(content: Json | undefined): string {
  return typeof content === 'string' ? content : textIn(objectsIn(content))
}

function textIn(blocks: readonly JsonObject[]): string {
  return blocks
    .filter(({ type }) => type === 'text')
    .map((block) => textOf(block['text']))
    .join('')
}

function callsIn(blocks: readonly JsonObject[]): readonly ModelCall[] {
  return blocks
    .filter(({ type }) => type === 'tool_use')
    .map((block) => ({ id: textOf(block['id']), name: textOf(block['name']), args: JSON.stringify(block['input'] ?? {}) }))
}

function placesOf({ role, content }: JsonObject, i: number): readonly Place[] {
  const own = role === 'assistant' ? 'output' : 'user'
  if (typeof content === 'string') return [{ at: ['messages', i, 'content'], channel: own }]
  return objectsIn(content).map(({ type }, j) => ({
    at: ['messages', i, 'content', j],
    channel: own === 'user' && type !== 'text' ? 'tool' : own,
  }))
}

/** Tools that run at the provider, by their type. */
function hosted(body: JsonObject): readonly string[] {
  const types = objects(body['tools'], 'tools').map(({ type }) => (type === undefined || type === null ? 'custom' : textOf(type)))
  const servers = objectsIn(body['mcp_servers'])
  return [
    ...types.filter((type) => type !== 'custom'),
    ...(servers.length > 0 ? ['mcp'] : []),
    ...((body['container'] ?? null) === null ? [] : ['container']),
  ]
}

function beyondText({ content }: JsonObject): readonly string[] {
  return objectsIn(content).flatMap((block) => {
    const type = textOf(block['type'])
    if (type === 'tool_result')
      return objectsIn(block['content']).flatMap((part) => (part['type'] === 'text' ? [] : ['attachments']))
    if (TEXTUAL.has(type)) return []
    if (ATTACHED.has(type)) return ['attachments']
    // What a hosted tool did earlier belongs to that tool.
    if (type === 'server_tool_use' || type === 'mcp_tool_use') return [type === 'mcp_tool_use' ? 'mcp' : textOf(block['name'])]
    return [type.replace(/_tool_result$/, '')]
  })
}

function reasoningIn(blocks: readonly JsonObject[]): Pick<Said, 'reasoning'> {
  const found = blocks.filter(({ type }) => type === 'thinking' || type === 'redacted_thinking')
  return found.length === 0
    ? {}
    : {
        reasoning: found
          .map((block) => textOf(block['thinking']))
          .join('\n')
          .trim(),
      }
}

function said(answer: JsonObject): Said {
  const blocks = objectsIn(answer['content'])
  const { model, stop_reason: stop } = answer
  return {
    text: textIn(blocks),
    calls: callsIn(blocks),
    ...reasoningIn(blocks),
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof stop === 'string' ? { stop } : {}),
    ...wholeUsage(usageOf(answer['usage'])),
  }
}
