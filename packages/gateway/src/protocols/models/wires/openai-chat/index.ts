import { GatewayError, type Json, type JsonObject, type Place, type TokenUsage } from '@sallyport/core'
import { openaiDialect } from '../../dialect.ts'
import {
  boundIn,
  countIn,
  countOf,
  distinct,
  memberOf,
  modelName,
  objects,
  objectsIn,
  paramsOf,
  textOf,
  tokensOf,
  unknownMembers,
  wholeUsage,
} from '../../read-members.ts'
import { type Delta, defineWire, type EventReading, type ModelCall, type Said, type Turn } from '../../wire.ts'

const KNOWN: ReadonlySet<string> = new Set(
  `messages model audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata
  modalities n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_retention reasoning_effort
  response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs
  top_p user verbosity web_search_options top_k min_p repetition_penalty`.split(/\s+/),
)
const PARAMS = ['temperature', 'top_p', 'max_tokens', 'max_completion_tokens', 'n', 'seed', 'reasoning_effort', 'stream']
const CHANNEL = { system: 'arguments', user: 'user', assistant: 'output', tool: 'tool' } as const

/** OpenAI Chat Completions, and whoever speaks it: vLLM, Ollama, gateways. */
export const openaiChat = defineWire({
  id: 'openai-chat',
  kind: 'model.call',
  path: '/v1/chat/completions',
  upstreamPath: '/chat/completions',
  dialect: openaiDialect,
  decode(body) {
    const messages = objects(body['messages'], 'messages')
    const turns = messages.map(turnOf)
    const places = turns.map(({ role }, i): Place => ({ at: ['messages', i, 'content'], channel: CHANNEL[role] }))
    return {
      model: modelName(body),
      streams: body['stream'] === true,
      turns,
      places: places.filter((_, i) => (messages[i]?.['content'] ?? null) !== null),
      features: distinct([...unknownMembers(body, KNOWN), ...hostedTools(body), ...messages.flatMap(partsBeyondText)]),
      bound: { answers: Math.max(1, countIn(body['n']) ?? 1), ...boundIn(body['max_completion_tokens'], body['max_tokens']) },
      params: paramsOf(body, PARAMS),
    }
  },
  said,
  read,
  withSystem: (body, text) => ({ ...body, messages: [{ role: 'system', content: text }, ...objectsIn(body['messages'])] }),
  demoted: (body) => ({
    ...body,
    messages: objectsIn(body['messages']).map((message) => (isSystem(message) ? { ...message, role: 'user' } : message)),
  }),
})

function turnOf(message: JsonObject): Turn {
  const { role } = message
  const text = contentText(message['content'])
  if (isSystem(message)) return { role: 'system', text, calls: [] }
  switch (role) {
    case 'user':
      return { role, text, calls: [] }
    case 'assistant':
      return { role, text, calls: callsOf(message) }
    case 'tool':
    case 'function':
      return { role: 'tool', text, calls: [], ...callIdOf(message) }
    default:
      throw new GatewayError('REQUEST_PARAMS', 'a message has a role this gateway does not know')
  }
}

function isSystem({ role }: JsonObject): boolean {
  return role === 'system' || role === 'developer'
}

function callIdOf(message: JsonObject): { callId?: string } {
  const id = textOf(message['tool_call_id'])
  return id === '' ? {} : { callId: id }
}

function contentText(content: Json | undefined): string {
  if (typeof content === 'string') return content
  return objectsIn(content)
    .map((part) => textOf(part['text']) + textOf(part['refusal']))
    .join('')
}

function callsOf(message: JsonObject): readonly ModelCall[] {
  return objectsIn(message['tool_calls']).map((call) => {
    const body = call['function'] ?? call['custom']
    return {
      id: textOf(call['id']),
      name: textOf(memberOf(body, 'name')),
      args: textOf(memberOf(body, 'arguments') ?? memberOf(body, 'input')),
    }
  })
}

/** Tools of types that are not the agent's own, and switches that stand for one. */
function hostedTools(body: JsonObject): readonly string[] {
  const types = objects(body['tools'], 'tools').map(({ type }) => (typeof type === 'string' ? type : 'untyped_tool'))
  const modalities = Array.isArray(body['modalities']) ? (body['modalities'] as readonly Json[]) : []
  return [
    ...types.filter((type) => type !== 'function' && type !== 'custom'),
    ...((body['web_search_options'] ?? null) === null ? [] : ['web_search']),
    ...((body['audio'] ?? null) !== null || modalities.some((each) => each !== 'text') ? ['attachments'] : []),
  ]
}

function partsBeyondText({ content, audio }: JsonObject): readonly string[] {
  const types = Array.isArray(content) ? objects(content, 'content').map(({ type }) => textOf(type)) : []
  const beyond = types.filter((type) => type !== 'text' && type !== 'refusal')
  const attached = beyond.map((type) => (/^(?:image_url|input_audio|file)$/.test(type) ? 'attachments' : `part:${type}`))
  return (audio ?? null) === null ? attached : [...attached, 'attachments']
}

function said(answer: JsonObject): Said {
  const messages = objectsIn(answer['choices']).map(({ message }) => message)
  const stop = textOf(objectsIn(answer['choices'])[0]?.['finish_reason'])
  return {
    text: messages.map((message) => contentText(memberOf(message, 'content')) + textOf(memberOf(message, 'refusal'))).join('\n'),
    calls: messages.flatMap((message) => (message === undefined ? [] : callsOf(message as JsonObject))),
    ...(messages.some((message) => reasoningOf(message) !== '') && { reasoning: messages.map(reasoningOf).join('\n') }),
    ...(typeof answer['model'] === 'string' ? { model: answer['model'] } : {}),
    ...(stop === '' ? {} : { stop }),
    ...wholeUsage(usageOf(answer['usage'])),
  }
}

/** Servers of open models give their reasoning under either name. */
function reasoningOf(message: Json | undefined): string {
  return textOf(memberOf(message, 'reasoning_content')) + textOf(memberOf(message, 'reasoning'))
}

function usageOf(usage: Json | undefined): Partial<TokenUsage> {
  return tokensOf({
    input: memberOf(usage, 'prompt_tokens'),
    output: memberOf(usage, 'completion_tokens'),
    cached: memberOf(memberOf(usage, 'prompt_tokens_details'), 'cached_tokens'),
    written: undefined,
  })
}

const TEXTS = { content: 'text', refusal: 'text', reasoning_content: 'reasoning', reasoning: 'reasoning' } as const
/** Members of a delta that carry no words of the model. */
const WORDLESS: ReadonlySet<string> = new Set(['role', 'tool_calls', 'obfuscation', ...Object.keys(TEXTS)])

function read(_event: string | undefined, value: JsonObject): EventReading {
  if ((value['error'] ?? null) !== null) return { deltas: [], isTail: true, isFailure: true }
  const choices = objectsIn(value['choices'])
  const deltas: Delta[] = []
  const begins: { channel: string; id: string; name: string }[] = []
  let isTail = choices.length === 0
  choices.forEach((choice, c) => {
    const { delta, finish_reason: finish } = choice
    const index = countOf(choice['index'])
    if ((finish ?? null) !== null) isTail = true
    for (const [name, kind] of Object.entries(TEXTS)) {
      const text = textOf(memberOf(delta, name))
      if (text !== '') deltas.push({ channel: `${index}/${name}`, kind, at: ['choices', c, 'delta', name], text })
    }
    objectsIn(memberOf(delta, 'tool_calls')).forEach((call, t) => {
      const channel = `${index}/call/${countOf(call['index'])}`
      const form = call['custom'] === undefined ? 'function' : 'custom'
      const member = form === 'custom' ? 'input' : 'arguments'
      const text = textOf(memberOf(call[form], member))
      if (typeof call['id'] === 'string') begins.push({ channel, id: call['id'], name: textOf(memberOf(call[form], 'name')) })
      deltas.push({ channel, kind: 'call', at: ['choices', c, 'delta', 'tool_calls', t, form, member], text })
    })
    // What is not understood waits until the whole answer has been looked at.
    if (Object.entries((delta ?? {}) as JsonObject).some(([name, each]) => !WORDLESS.has(name) && (each ?? null) !== null))
      isTail = true
  })
  const stop = choices.map((choice) => textOf(choice['finish_reason'])).find((each) => each !== '')
  return {
    deltas,
    begins,
    isTail,
    isEnd: stop !== undefined,
    ...(typeof value['model'] === 'string' ? { model: value['model'] } : {}),
    ...(stop === undefined ? {} : { stop }),
    usage: usageOf(value['usage']),
  }
}
