import { randomUUID } from 'node:crypto'
import type { Json, JsonObject } from '@sallyport/core'
import { Members, untranslatable } from '../members.ts'
import type { Block, Finish, NeutralCall, NeutralMessage, Speech, Translation } from '../neutral.ts'
import { argumentsOf, filePart, schemaFormat, stopsOf, toolsOf } from '../shared.ts'

/** Anthropic Messages. */
export const anthropicMessages: Translation = { ask, speech }

function ask(body: JsonObject, leaveOut: ReadonlySet<string>): NeutralCall {
  const members = new Members(body, '', leaveOut)
  members.take('model')
  members.take('stream')
  members.only('service_tier', 'auto', 'standard_only')
  const thinking = members.inner('thinking')
  thinking?.only('type', 'disabled')
  thinking?.end()
  const tools = members.list('tools').map((tool) => {
    tool.only('type', 'custom')
    return { of: tool, schema: 'input_schema' }
  })
  const [maxOutputTokens, temperature] = [members.number('max_tokens'), members.number('temperature')]
  const [topP, topK] = [members.number('top_p'), members.number('top_k')]
  const system = textContent(members, 'system')
  const config = members.inner('output_config')
  const format = config?.inner('format') ?? members.inner('output_format')
  config?.end()
  format?.only('type', 'json_schema')
  const call: NeutralCall = {
    prompt: [...(system === '' ? [] : [{ role: 'system' as const, content: system }]), ...promptOf(members.list('messages'))],
    ...(maxOutputTokens !== undefined && { maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...stopsOf(members, 'stop_sequences'),
    ...(tools.length > 0 && { tools: toolsOf(tools) }),
    ...choiceOf(members.inner('tool_choice')),
    ...(format && schemaFormat(format)),
  }
  members.end()
  return call
}

const CHOICES: Readonly<Record<string, 'auto' | 'none' | 'required'>> = { auto: 'auto', any: 'required', none: 'none' }

function choiceOf(choice: Members | undefined): Pick<NeutralCall, 'toolChoice'> {
  if (!choice) return {}
  const [type = '', toolName] = [choice.text('type'), choice.text('name')]
  choice.only('disable_parallel_tool_use', false)
  choice.end()
  if (type === 'tool' && toolName !== undefined) return { toolChoice: { type, toolName } }
  const known = CHOICES[type]
  if (!known) throw untranslatable(choice.at('type'))
  return { toolChoice: { type: known } }
}

/** A text, or blocks of text. */
function textContent(of: Members, name: string): string {
  const value = of.take(name)
  if (value === undefined || typeof value === 'string') return value ?? ''
  return of
    .list(name)
    .map((block) => {
      if (block.take('type') !== 'text') throw untranslatable(block.at('type'))
      const text = block.text('text') ?? ''
      block.end()
      return text
    })
    .join('')
}

type UserPart = Extract<NeutralMessage, { role: 'user' }>['content'][number]
type AssistantPart = Extract<NeutralMessage, { role: 'assistant' }>['content'][number]
type ResultPart = Extract<Extract<NeutralMessage, { role: 'tool' }>['content'][number], { type: 'tool-result' }>

function promptOf(messages: readonly Members[]): NeutralMessage[] {
  const names = new Map<string, string>()
  return messages.flatMap((message): NeutralMessage[] => {
    const role = message.text('role')
    if (role !== 'user' && role !== 'assistant') throw untranslatable(message.at('role'))
    const said = role === 'user' ? userMessages(message, names) : [assistantMessage(message, names)]
    message.end()
    return said
  })
}

/** Results of tools are a message of their own, before the words beside them. */
function userMessages(message: Members, names: ReadonlyMap<string, string>): NeutralMessage[] {
  if (!Array.isArray(message.take('content')))
    return [{ role: 'user', content: [{ type: 'text', text: textContent(message, 'content') }] }]
  const results: ResultPart[] = []
  const parts: UserPart[] = []
  for (const block of message.list('content')) {
    const type = block.text('type')
    if (type === 'tool_result') results.push(resultOf(block, names))
    else if (type === 'text') parts.push({ type, text: block.text('text') ?? '' })
    else if (type === 'image' || type === 'document') parts.push(attached(block))
    else throw untranslatable(block.at('type'))
    block.end()
  }
  return [
    ...(results.length > 0 ? [{ role: 'tool' as const, content: results }] : []),
    ...(parts.length > 0 ? [{ role: 'user' as const, content: parts }] : []),
  ]
}

function resultOf(block: Members, names: ReadonlyMap<string, string>): ResultPart {
  const toolCallId = block.text('tool_use_id') ?? ''
  const toolName = names.get(toolCallId)
  if (toolName === undefined) throw untranslatable(block.at('tool_use_id'))
  const type = block.take('is_error') === true ? 'error-text' : 'text'
  return { type: 'tool-result', toolCallId, toolName, output: { type, value: textContent(block, 'content') } }
}

function attached(block: Members): UserPart {
  const source = block.inner('source')
  const [type, mediaType, data] = [source?.text('type'), source?.text('media_type'), source?.text('data')]
  const filename = block.text('title')
  source?.end()
  if (type !== 'base64' || mediaType === undefined || data === undefined) throw untranslatable(block.at('source'))
  return { ...filePart(mediaType, data), ...(filename !== undefined && { filename }) }
}

function assistantMessage(message: Members, names: Map<string, string>): NeutralMessage {
  if (!Array.isArray(message.take('content')))
    return { role: 'assistant', content: [{ type: 'text', text: textContent(message, 'content') }] }
  const content = message.list('content').map((block): AssistantPart => {
    const read = (): AssistantPart => {
      const type = block.text('type')
      if (type === 'text') return { type, text: block.text('text') ?? '' }
      if (type !== 'tool_use') throw untranslatable(block.at('type'))
      const [toolCallId, toolName] = [block.text('id') ?? '', block.text('name') ?? '']
      names.set(toolCallId, toolName)
      return { type: 'tool-call', toolCallId, toolName, input: block.take('input') ?? {} }
    }
    const said = read()
    block.end()
    return said
  })
  return { role: 'assistant', content }
}

const REASONS = { stop: 'end_turn', length: 'max_tokens', filter: 'refusal', calls: 'tool_use' } as const

function speech(_body: JsonObject, model: string): Speech {
  const id = `msg_${randomUUID().replaceAll('-', '')}`
  const blocks = new Map<number, Block & { readonly index: number; text: string }>()
  let end: Finish | undefined
  const event = (value: JsonObject & { readonly type: string }): string =>
    `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`
  const message = (finish: Finish | undefined, content: readonly Json[]): JsonObject => ({
    id,
    type: 'message',
    role: 'assistant',
    model,
    content: [...content],
    stop_reason: finish ? REASONS[finish.reason] : null,
    stop_sequence: null,
    usage: usageOf(finish),
  })
  const start = (): string => event({ type: 'message_start', message: message(undefined, []) })
  return {
    say(piece) {
      if (piece.type === 'open') {
        const first = blocks.size === 0 ? start() : ''
        const block = { ...piece.block, index: blocks.size, text: '' }
        blocks.set(piece.at, block)
        return first + event({ type: 'content_block_start', index: block.index, content_block: emptyBlock(block) })
      }
      if (piece.type === 'finish') {
        end = piece.finish
        const delta = { stop_reason: REASONS[end.reason], stop_sequence: null }
        const first = blocks.size === 0 ? start() : ''
        return first + event({ type: 'message_delta', delta, usage: usageOf(end) }) + event({ type: 'message_stop' })
      }
      const block = blocks.get(piece.at)
      if (!block) return ''
      if (piece.type === 'close') return event({ type: 'content_block_stop', index: block.index })
      block.text += piece.text
      return event({ type: 'content_block_delta', index: block.index, delta: deltaOf(block.kind, piece.text) })
    },
    whole: () => message(end, [...blocks.values()].map(wholeBlock)),
  }
}

function emptyBlock({ kind, id, name }: Block): JsonObject {
  if (kind === 'call') return { type: 'tool_use', id, name, input: {} }
  return kind === 'text' ? { type: 'text', text: '' } : { type: 'thinking', thinking: '', signature: '' }
}

function deltaOf(kind: Block['kind'], text: string): JsonObject {
  if (kind === 'call') return { type: 'input_json_delta', partial_json: text }
  return kind === 'text' ? { type: 'text_delta', text } : { type: 'thinking_delta', thinking: text }
}

function wholeBlock({ kind, id, name, text }: Block & { readonly text: string }): JsonObject {
  if (kind === 'call') return { type: 'tool_use', id, name, input: argumentsOf(text, name) }
  return kind === 'text' ? { type: 'text', text } : { type: 'thinking', thinking: text, signature: '' }
}

function usageOf(finish: Finish | undefined): JsonObject {
  return { input_tokens: finish?.input ?? 0, output_tokens: finish?.output ?? 0 }
}
