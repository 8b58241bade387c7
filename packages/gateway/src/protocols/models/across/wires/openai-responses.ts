import { randomUUID } from 'node:crypto'
import type { JsonObject } from '@sallyport/core'
import { Members, untranslatable } from '../members.ts'
import type { Block, Finish, NeutralCall, NeutralMessage, Speech, Translation } from '../neutral.ts'
import { argumentsOf, dataUrl, nowS, openaiChoice, schemaFormat, streamOptions, toolsOf } from '../shared.ts'

/** OpenAI Responses. Nothing is kept at the provider, so nothing can be referred to. */
export const openaiResponses: Translation = { ask, speech }

function ask(body: JsonObject, leaveOut: ReadonlySet<string>): NeutralCall {
  const members = new Members(body, '', leaveOut)
  members.take('model')
  members.take('stream')
  streamOptions(members)
  // Who asks for it relies on it; who says nothing does not.
  members.only('store', false)
  members.only('parallel_tool_calls', true)
  members.only('truncation', 'disabled')
  members.only('service_tier', 'auto', 'default')
  const include = members.take('include')
  if (Array.isArray(include) && include.length > 0 && !leaveOut.has('include')) throw untranslatable('include')
  const [maxOutputTokens, temperature, topP] = [
    members.number('max_output_tokens'),
    members.number('temperature'),
    members.number('top_p'),
  ]
  const tools = members.list('tools').map((tool) => {
    if (tool.take('type') !== 'function') throw untranslatable(tool.at('type'))
    return { of: tool, schema: 'parameters' }
  })
  const instructions = members.text('instructions') ?? ''
  const call: NeutralCall = {
    prompt: [...(instructions === '' ? [] : [{ role: 'system' as const, content: instructions }]), ...promptOf(members)],
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(tools.length > 0 && { tools: toolsOf(tools) }),
    ...openaiChoice(members, (named) => named.text('name')),
    ...formatOf(members.inner('text')),
  }
  members.end()
  return call
}

function formatOf(text: Members | undefined): Pick<NeutralCall, 'responseFormat'> {
  const format = text?.inner('format')
  text?.end()
  const type = format?.text('type')
  if (!format || type === 'text') return {}
  if (type === 'json_schema') return schemaFormat(format)
  format.end()
  if (type !== 'json_object') throw untranslatable(format.at('type'))
  return { responseFormat: { type: 'json' } }
}

type UserPart = Extract<NeutralMessage, { role: 'user' }>['content'][number]

function promptOf(members: Members): NeutralMessage[] {
  const input = members.take('input')
  if (typeof input === 'string') return [{ role: 'user', content: [{ type: 'text', text: input }] }]
  const names = new Map<string, string>()
  const said = members.list('input').map((item) => {
    const message = itemOf(item, names)
    item.end()
    return message
  })
  return joined(said)
}

function itemOf(item: Members, names: Map<string, string>): NeutralMessage {
  const type = item.text('type') ?? 'message'
  item.take('id')
  item.take('status')
  switch (type) {
    case 'message':
      return messageOf(item)
    case 'function_call': {
      const [toolCallId, toolName] = [item.text('call_id') ?? '', item.text('name') ?? '']
      names.set(toolCallId, toolName)
      const input = argumentsOf(item.text('arguments'), item.at('arguments'))
      return { role: 'assistant', content: [{ type: 'tool-call', toolCallId, toolName, input }] }
    }
    case 'function_call_output': {
      const toolCallId = item.text('call_id') ?? ''
      const toolName = names.get(toolCallId)
      if (toolName === undefined) throw untranslatable(item.at('call_id'))
      const output = { type: 'text' as const, value: textContent(item, 'output') }
      return { role: 'tool', content: [{ type: 'tool-result', toolCallId, toolName, output }] }
    }
    default:
      throw untranslatable(item.at('type'))
  }
}

function messageOf(item: Members): NeutralMessage {
  const role = item.text('role')
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content: textContent(item, 'content') }
    case 'user':
      return { role, content: userContent(item) }
    case 'assistant':
      return { role, content: [{ type: 'text', text: textContent(item, 'content') }] }
    default:
      throw untranslatable(item.at('role'))
  }
}

const TEXTS: ReadonlySet<unknown> = new Set(['input_text', 'output_text', 'text'])

function textContent(item: Members, name: string): string {
  const value = item.take(name)
  if (value === undefined || typeof value === 'string') return value ?? ''
  return item
    .list(name)
    .map((part) => {
      if (!TEXTS.has(part.take('type'))) throw untranslatable(part.at('type'))
      const text = part.text('text') ?? ''
      // Of an answer that is told again: there is nothing in them that a model reads.
      part.take('annotations')
      part.take('logprobs')
      part.end()
      return text
    })
    .join('')
}

function userContent(item: Members): UserPart[] {
  if (!Array.isArray(item.take('content'))) return [{ type: 'text', text: textContent(item, 'content') }]
  return item.list('content').map((part): UserPart => {
    const read = (): UserPart => {
      const type = part.text('type')
      if (type === 'input_text') return { type: 'text', text: part.text('text') ?? '' }
      if (type === 'input_image') {
        part.only('detail', 'auto')
        return dataUrl(part.text('image_url'), part.at('image_url'))
      }
      if (type !== 'input_file') throw untranslatable(part.at('type'))
      const filename = part.text('filename')
      return { ...dataUrl(part.text('file_data'), part.at('file_data')), ...(filename !== undefined && { filename }) }
    }
    const said = read()
    part.end()
    return said
  })
}

/** Items of one turn are one message: providers refuse two of the same side in a row. */
function joined(messages: readonly NeutralMessage[]): NeutralMessage[] {
  const all: NeutralMessage[] = []
  for (const message of messages) {
    const last = all.at(-1)
    if (last?.role === 'assistant' && message.role === 'assistant') last.content.push(...message.content)
    else if (last?.role === 'tool' && message.role === 'tool') last.content.push(...message.content)
    else all.push(message)
  }
  return all
}

type Item = Block & { readonly index: number; readonly item: string; text: string }

function speech(_body: JsonObject, model: string): Speech {
  const head = { id: `resp_${randomUUID().replaceAll('-', '')}`, created_at: nowS() }
  const items = new Map<number, Item>()
  let sequence = 0
  let end: Finish | undefined
  const event = (value: JsonObject & { readonly type: string }): string =>
    `event: ${value.type}\ndata: ${JSON.stringify({ ...value, sequence_number: sequence++ })}\n\n`
  const response = (status: string, finish: Finish | undefined, output: readonly JsonObject[]): JsonObject => ({
    ...head,
    object: 'response',
    status,
    error: null,
    incomplete_details: finish && INCOMPLETE[finish.reason] ? { reason: INCOMPLETE[finish.reason] ?? null } : null,
    instructions: null,
    metadata: {},
    model,
    output: [...output],
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    usage: finish ? usageOf(finish) : null,
  })
  const start = (): string => {
    const begun = response('in_progress', undefined, [])
    return event({ type: 'response.created', response: begun }) + event({ type: 'response.in_progress', response: begun })
  }
  const done = (): JsonObject =>
    response(
      end && INCOMPLETE[end.reason] ? 'incomplete' : 'completed',
      end,
      [...items.values()].map((one) => itemWith(one, 'completed')),
    )
  return {
    say(piece) {
      if (piece.type === 'open') {
        const first = items.size === 0 ? start() : ''
        const { kind } = piece.block
        const item: Item = {
          ...piece.block,
          index: items.size,
          item: `${PREFIX[kind]}_${randomUUID().replaceAll('-', '')}`,
          text: '',
        }
        items.set(piece.at, item)
        return first + opened(item, event)
      }
      if (piece.type === 'finish') {
        end = piece.finish
        const first = items.size === 0 ? start() : ''
        const type = INCOMPLETE[end.reason] ? 'response.incomplete' : 'response.completed'
        return first + event({ type, response: done() })
      }
      const item = items.get(piece.at)
      if (!item) return ''
      if (piece.type === 'close') return closed(item, event)
      item.text += piece.text
      return event({ ...whereOf(item), type: `response.${DELTAS[item.kind]}.delta`, delta: piece.text })
    },
    whole: done,
  }
}

type Emit = (value: JsonObject & { readonly type: string }) => string

const INCOMPLETE: Readonly<Partial<Record<Finish['reason'], string>>> = { length: 'max_output_tokens', filter: 'content_filter' }
const PREFIX = { text: 'msg', reasoning: 'rs', call: 'fc' } as const
const DELTAS = { text: 'output_text', reasoning: 'reasoning_summary_text', call: 'function_call_arguments' } as const

function opened(item: Item, event: Emit): string {
  const added = event({ type: 'response.output_item.added', output_index: item.index, item: itemWith(item, 'in_progress') })
  if (item.kind === 'call') return added
  const type = item.kind === 'text' ? 'response.content_part.added' : 'response.reasoning_summary_part.added'
  return added + event({ ...whereOf(item), type, part: partOf(item) })
}

function closed(item: Item, event: Emit): string {
  const name = item.kind === 'call' ? 'arguments' : 'text'
  const said = event({ ...whereOf(item), type: `response.${DELTAS[item.kind]}.done`, [name]: item.text })
  const type = item.kind === 'text' ? 'response.content_part.done' : 'response.reasoning_summary_part.done'
  const part = item.kind === 'call' ? '' : event({ ...whereOf(item), type, part: partOf(item) })
  return said + part + event({ type: 'response.output_item.done', output_index: item.index, item: itemWith(item, 'completed') })
}

function whereOf({ kind, index, item }: Item): JsonObject {
  const at = { output_index: index, item_id: item }
  if (kind === 'call') return at
  return kind === 'text' ? { ...at, content_index: 0, logprobs: [] } : { ...at, summary_index: 0 }
}

function partOf({ kind, text }: Item): JsonObject {
  return kind === 'text' ? { type: 'output_text', text, annotations: [], logprobs: [] } : { type: 'summary_text', text }
}

function itemWith(item: Item, status: string): JsonObject {
  const { kind, id, name, text } = item
  switch (kind) {
    case 'call':
      return { id: item.item, type: 'function_call', status, call_id: id, name, arguments: text }
    case 'text':
      return { id: item.item, type: 'message', role: 'assistant', status, content: status === 'completed' ? [partOf(item)] : [] }
    case 'reasoning':
      return { id: item.item, type: 'reasoning', summary: status === 'completed' ? [partOf(item)] : [] }
  }
}

function usageOf({ input, output }: Finish): JsonObject {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  }
}
