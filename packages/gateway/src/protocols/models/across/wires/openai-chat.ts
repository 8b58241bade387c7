import { randomUUID } from 'node:crypto'
import type { JsonObject } from '@sallyport/core'
import { memberOf } from '../../read-members.ts'
import { Members, untranslatable } from '../members.ts'
import type { Block, Finish, NeutralCall, NeutralMessage, Speech, Translation } from '../neutral.ts'
import { argumentsOf, dataUrl, nowS, openaiChoice, schemaFormat, stopsOf, streamOptions, toolsOf } from '../shared.ts'

/** OpenAI Chat Completions. */
export const openaiChat: Translation = { ask, speech }

function ask(body: JsonObject, leaveOut: ReadonlySet<string>): NeutralCall {
  const members = new Members(body, '', leaveOut)
  members.take('model')
  members.take('stream')
  streamOptions(members, 'include_usage')
  members.only('n', 1)
  members.only('store', false)
  members.only('logprobs', false)
  members.only('parallel_tool_calls', true)
  members.only('service_tier', 'auto', 'default')
  const maxOutputTokens = members.number('max_completion_tokens') ?? members.number('max_tokens')
  // Two names for one limit: there is no saying which of two values is meant.
  if (maxOutputTokens !== undefined) members.only('max_tokens', maxOutputTokens)
  const tools = members.list('tools').map((tool) => {
    if (tool.take('type') !== 'function') throw untranslatable(tool.at('type'))
    const inner = tool.inner('function')
    if (!inner) throw untranslatable(tool.at('function'))
    tool.end()
    return { of: inner, schema: 'parameters' }
  })
  const call: NeutralCall = {
    prompt: promptOf(members.list('messages')),
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...numbers(members),
    ...stopsOf(members, 'stop'),
    ...(tools.length > 0 && { tools: toolsOf(tools) }),
    ...openaiChoice(members, (named) => nameOf(named.inner('function'))),
    ...formatOf(members.inner('response_format')),
  }
  members.end()
  return call
}

function nameOf(tool: Members | undefined): string | undefined {
  const name = tool?.text('name')
  tool?.end()
  return name
}

const NUMBERS = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  seed: 'seed',
} as const

function numbers(members: Members): Partial<NeutralCall> {
  const found = Object.entries(NUMBERS).map(([name, neutral]) => [neutral, members.number(name)] as const)
  // A penalty of nothing is none.
  return Object.fromEntries(found.filter(([name, value]) => value !== undefined && !(value === 0 && name.endsWith('Penalty'))))
}

function formatOf(format: Members | undefined): Pick<NeutralCall, 'responseFormat'> {
  const type = format?.text('type')
  if (!format || type === 'text') return {}
  const given = type === 'json_schema' ? format.inner('json_schema') : undefined
  format.end()
  if (type === 'json_object') return { responseFormat: { type: 'json' } }
  if (!given) throw untranslatable(format.at('type'))
  return schemaFormat(given)
}

function promptOf(messages: readonly Members[]): NeutralMessage[] {
  const names = new Map<string, string>()
  return messages.map((message): NeutralMessage => {
    const role = message.text('role')
    const read = (): NeutralMessage => {
      switch (role) {
        case 'system':
        case 'developer':
          return { role: 'system', content: textContent(message) }
        case 'user':
          return { role, content: userContent(message) }
        case 'assistant':
          return { role, content: assistantContent(message, names) }
        case 'tool': {
          const toolCallId = message.text('tool_call_id') ?? ''
          const toolName = names.get(toolCallId)
          // Without the call it answers there is no saying what it is a result of.
          if (toolName === undefined) throw untranslatable(message.at('tool_call_id'))
          const output = { type: 'text' as const, value: textContent(message) }
          return { role, content: [{ type: 'tool-result', toolCallId, toolName, output }] }
        }
        default:
          throw untranslatable(message.at('role'))
      }
    }
    const said = read()
    message.end()
    return said
  })
}

function textContent(message: Members): string {
  const content = message.take('content')
  if (content === undefined || typeof content === 'string') return content ?? ''
  return message
    .list('content')
    .map((part) => {
      if (part.take('type') !== 'text') throw untranslatable(part.at('type'))
      const text = part.text('text') ?? ''
      part.end()
      return text
    })
    .join('')
}

type UserPart = Extract<NeutralMessage, { role: 'user' }>['content'][number]

function userContent(message: Members): UserPart[] {
  if (!Array.isArray(message.take('content'))) return [{ type: 'text', text: textContent(message) }]
  return message.list('content').map((part): UserPart => {
    const read = (): UserPart => {
      switch (part.text('type')) {
        case 'text':
          return { type: 'text', text: part.text('text') ?? '' }
        case 'image_url': {
          const image = part.inner('image_url')
          image?.only('detail', 'auto')
          const data = dataUrl(image?.text('url'), part.at('image_url'))
          image?.end()
          return data
        }
        case 'file': {
          const file = part.inner('file')
          const filename = file?.text('filename')
          const data = dataUrl(file?.text('file_data'), part.at('file'))
          file?.end()
          return { ...data, ...(filename !== undefined && { filename }) }
        }
        default:
          throw untranslatable(part.at('type'))
      }
    }
    const said = read()
    part.end()
    return said
  })
}

type AssistantPart = Extract<NeutralMessage, { role: 'assistant' }>['content'][number]

function assistantContent(message: Members, names: Map<string, string>): AssistantPart[] {
  const text = textContent(message)
  const calls = message.list('tool_calls').map((call): AssistantPart => {
    call.only('type', 'function')
    const of = call.inner('function')
    const [toolCallId, toolName] = [call.text('id') ?? '', of?.text('name') ?? '']
    const input = argumentsOf(of?.text('arguments'), call.at('function.arguments'))
    of?.end()
    call.end()
    names.set(toolCallId, toolName)
    return { type: 'tool-call', toolCallId, toolName, input }
  })
  return [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...calls]
}

const REASONS = { stop: 'stop', length: 'length', filter: 'content_filter', calls: 'tool_calls' } as const
const MEMBERS = { text: 'content', reasoning: 'reasoning_content' } as const

function speech(body: JsonObject, model: string): Speech {
  const head = { id: `chatcmpl-${randomUUID()}`, created: nowS(), model }
  const isUsageAsked = memberOf(body['stream_options'], 'include_usage') === true
  const blocks = new Map<number, Block & { readonly call: number; text: string }>()
  let calls = 0
  let end: Finish | undefined
  const event = (more: JsonObject): string => `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...more })}\n\n`
  const chunk = (delta: JsonObject, more: JsonObject = {}): string =>
    event({ choices: [{ index: 0, delta, finish_reason: null }], ...more })
  return {
    say(piece) {
      if (piece.type === 'open') {
        const first = blocks.size === 0 ? chunk({ role: 'assistant', content: '' }) : ''
        const { kind, id, name } = piece.block
        const call = kind === 'call' ? calls++ : 0
        blocks.set(piece.at, { kind, id, name, call, text: '' })
        if (kind !== 'call') return first
        return first + chunk({ tool_calls: [{ index: call, id, type: 'function', function: { name, arguments: '' } }] })
      }
      if (piece.type === 'more') {
        const block = blocks.get(piece.at)
        if (!block) return ''
        block.text += piece.text
        if (block.kind !== 'call') return chunk({ [MEMBERS[block.kind]]: piece.text })
        return chunk({ tool_calls: [{ index: block.call, function: { arguments: piece.text } }] })
      }
      if (piece.type === 'close') return ''
      end = piece.finish
      const usage = usageOf(end)
      const last = { choices: [{ index: 0, delta: {}, finish_reason: REASONS[end.reason] }] }
      // Who did not ask for it hears of it with the last words, as the record does.
      return `${event(isUsageAsked ? last : { ...last, usage })}${isUsageAsked ? event({ choices: [], usage }) : ''}data: [DONE]\n\n`
    },
    whole() {
      const all = [...blocks.values()]
      const texts = (kind: Block['kind']): string => all.flatMap((each) => (each.kind === kind ? [each.text] : [])).join('')
      const asked = all.filter(({ kind }) => kind === 'call')
      const message: JsonObject = {
        role: 'assistant',
        content: texts('text') === '' && asked.length > 0 ? null : texts('text'),
        refusal: null,
        ...(texts('reasoning') === '' ? {} : { reasoning_content: texts('reasoning') }),
        ...(asked.length === 0
          ? {}
          : { tool_calls: asked.map(({ id, name, text }) => ({ id, type: 'function', function: { name, arguments: text } })) }),
      }
      const finish = end ?? { reason: 'stop', input: 0, output: 0 }
      const choice = { index: 0, message, logprobs: null, finish_reason: REASONS[finish.reason] }
      return { ...head, object: 'chat.completion', choices: [choice], usage: usageOf(finish) }
    },
  }
}

function usageOf({ input, output }: Finish): JsonObject {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
}
