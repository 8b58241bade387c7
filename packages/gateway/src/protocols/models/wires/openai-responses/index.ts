import { GatewayError, type Json, type JsonObject, type Place } from '@sallyport/core'
import { openaiDialect } from '../../dialect.ts'
import {
  boundIn,
  distinct,
  modelName,
  objects,
  objectsIn,
  paramsOf,
  textOf,
  unknownMembers,
  wholeUsage,
} from '../../read-members.ts'
import { defineWire, type ModelCall, type Said, type Turn } from '../../wire.ts'
import { readEvent, usageOf } from './events.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `model input instructions stream stream_options tools tool_choice temperature top_p top_logprobs max_output_tokens max_tool_calls
  metadata parallel_tool_calls reasoning text truncation user safety_identifier prompt_cache_key prompt_cache_retention
  service_tier store include context_management previous_response_id conversation background prompt`.split(/\s+/),
)
const PARAMS = ['temperature', 'top_p', 'max_output_tokens', 'stream', 'store', 'truncation']
const CHANNEL = { system: 'arguments', user: 'user', assistant: 'output', tool: 'tool' } as const
const OWN_TOOLS: ReadonlySet<string> = new Set(['function', 'custom'])
const ATTACHED: ReadonlySet<string> = new Set(['input_image', 'input_file', 'input_audio'])

/** OpenAI Responses, over HTTP. What the provider would keep or look up by itself is a feature. */
export const openaiResponses = defineWire({
  id: 'openai-responses',
  kind: 'model.call',
  path: '/v1/responses',
  upstreamPath: '/responses',
  dialect: openaiDialect,
  decode(body) {
    const { input, instructions } = body
    const items = typeof input === 'string' ? [] : objects(input, 'input')
    const turns = items.map(turnOf)
    const system = typeof instructions === 'string' && instructions !== '' ? [said1('system', instructions)] : []
    const places = turns.flatMap((turn, i): Place[] => (turn ? [{ at: ['input', i], channel: CHANNEL[turn.role] }] : []))
    return {
      model: modelName(body),
      streams: body['stream'] === true,
      turns: [
        ...system,
        ...(typeof input === 'string' ? [said1('user', input)] : []),
        ...turns.filter((turn) => turn !== undefined),
      ],
      places: typeof input === 'string' ? [{ at: ['input'], channel: 'user' }] : places,
      features: distinct([...unknownMembers(body, KNOWN), ...stored(body), ...hosted(body), ...items.flatMap(beyondText)]),
      bound: { answers: 1, ...boundIn(body['max_output_tokens']) },
      params: paramsOf(body, PARAMS),
    }
  },
  said,
  read: readEvent,
  withSystem: (body, text) => ({ ...body, instructions: text }),
  demoted(body) {
    const { instructions, input, ...rest } = body
    const items = typeof input === 'string' ? [{ role: 'user', content: input }] : objectsIn(input)
    const first = typeof instructions === 'string' && instructions !== '' ? [{ role: 'user', content: instructions }] : []
    return { ...rest, input: [...first, ...items.map((item) => (isSystem(item) ? { ...item, role: 'user' } : item))] }
  },
})

function said1(role: Turn['role'], text: string): Turn {
  return { role, text, calls: [] }
}

function isSystem({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

/** `undefined` for items without words: they are looked at with everything else that is no message. */
function turnOf(item: JsonObject): Turn | undefined {
  const type = item['type'] ?? 'message'
  switch (type) {
    case 'message': {
      const text = contentText(item['content'])
      if (isSystem(item)) return said1('system', text)
      if (item['role'] === 'user' || item['role'] === 'assistant') return said1(item['role'], text)
      throw new GatewayError('REQUEST_PARAMS', 'a message has a role this gateway does not know')
    }
    case 'function_call':
    case 'custom_tool_call':
      return { role: 'assistant', text: '', calls: [callOf(item)] }
    case 'function_call_output':
    case 'custom_tool_call_output':
      return { role: 'tool', text: contentText(item['output']), calls: [], callId: textOf(item['call_id']) }
    default:
      return undefined
  }
}

function contentText(content: Json | undefined): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map((part) => textOf(part['text']) + textOf(part['refusal']))
    .join('')
}

function callOf(item: JsonObject): ModelCall {
  return { id: textOf(item['call_id']), name: textOf(item['name']), args: textOf(item['arguments'] ?? item['input']) }
}

/** Words that lie at the provider, where the gateway does not see them. */
function stored(body: JsonObject): readonly string[] {
  const has = (name: string): boolean => (body[name] ?? null) !== null
  return [
    ...(has('previous_response_id') || has('conversation') ? ['stored_state'] : []),
    ...(has('prompt') ? ['stored_prompt'] : []),
    ...(body['background'] === true ? ['background'] : []),
  ]
}

function hosted(body: JsonObject): readonly string[] {
  const types = objects(body['tools'], 'tools').map(({ type }) => (typeof type === 'string' ? type : 'untyped_tool'))
  return types.filter((type) => !OWN_TOOLS.has(type))
}

function beyondText(item: JsonObject): readonly string[] {
  const type = textOf(item['type'] ?? 'message')
  const parts = objectsIn(item['content'] ?? item['output']).map((part) => textOf(part['type']))
  switch (type) {
    case 'message':
    case 'function_call':
    case 'custom_tool_call':
    case 'function_call_output':
    case 'custom_tool_call_output':
      return parts.flatMap((part) => (ATTACHED.has(part) ? ['attachments'] : isTextual(part) ? [] : [`part:${part}`]))
    case 'reasoning':
      return []
    case 'item_reference':
      return ['stored_state']
    default:
      return [type.replace(/_call(?:_output)?$/, '')]
  }
}

function isTextual(part: string): boolean {
  return part === 'input_text' || part === 'output_text' || part === 'refusal'
}

/** Summaries, and the text itself of models that give it. */
function reasoningIn(items: readonly JsonObject[]): Pick<Said, 'reasoning'> {
  const found = items.filter(({ type }) => type === 'reasoning')
  const texts = found.flatMap((item) =>
    [...objectsIn(item['summary']), ...objectsIn(item['content'])].map((part) => textOf(part['text'])),
  )
  return found.length === 0 ? {} : { reasoning: texts.join('\n') }
}

function said(answer: JsonObject): Said {
  const items = objectsIn(answer['output'])
  const { model, status, usage } = answer
  return {
    text: items
      .filter(({ type }) => type === 'message')
      .map((item) => contentText(item['content']))
      .join('\n'),
    calls: items.filter(({ type }) => type === 'function_call' || type === 'custom_tool_call').map(callOf),
    ...reasoningIn(items),
    ...(typeof model === 'string' ? { model } : {}),
    ...(typeof status === 'string' ? { stop: status } : {}),
    ...wholeUsage(usageOf(usage)),
  }
}
