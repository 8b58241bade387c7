import type { ContentBlock, Message, RawMessageStreamEvent, Usage as MessageUsage } from '@anthropic-ai/sdk/resources/messages'
import { modelOf, newId, pieces, type Said, sse, type ToolCall, type Usage, type WireForm } from './script.ts'

const SIGNATURE = 'c2NyaXB0ZWQ='

/** Anthropic Messages: named events, one content block after another, a ping where the provider sends one. */
export const anthropicMessages: WireForm = {
  whole: (said, model) => messageOf(said, model, blocksOf(said)),
  events(said, request) {
    const started = { ...messageOf(said, modelOf(request), []), stop_reason: null }
    const usage = usageOf(said.usage)
    const events: (RawMessageStreamEvent | { readonly type: 'ping' })[] = [
      { type: 'message_start', message: { ...started, usage: { ...usage, output_tokens: 1 } } },
      ...blocksOf(said).flatMap((block, index): (RawMessageStreamEvent | { readonly type: 'ping' })[] => [
        { type: 'content_block_start', index, content_block: emptied(block) },
        ...(index === 0 ? [{ type: 'ping' } as const] : []),
        ...deltasOf(block, said).map((delta): RawMessageStreamEvent => ({ type: 'content_block_delta', index, delta })),
        { type: 'content_block_stop', index },
      ]),
      {
        type: 'message_delta',
        delta: { stop_reason: stopOf(said), stop_sequence: null, container: null, stop_details: null },
        usage: {
          input_tokens: usage.input_tokens,
          output_tokens: usage.output_tokens,
          cache_creation_input_tokens: usage.cache_creation_input_tokens,
          cache_read_input_tokens: usage.cache_read_input_tokens,
          output_tokens_details: null,
          server_tool_use: null,
        },
      },
      { type: 'message_stop' },
    ]
    return events.map((event) => sse(event, event.type))
  },
  problem: (status, message) => ({ type: 'error', error: { type: typeOf(status), message }, request_id: newId('req_') }),
  failure: (message) => sse({ type: 'error', error: { type: 'api_error', message } }, 'error'),
}

function typeOf(status: number): string {
  if (status === 429) return 'rate_limit_error'
  if (status === 529) return 'overloaded_error'
  return status >= 500 ? 'api_error' : 'invalid_request_error'
}

function blocksOf({ reasoning, text, calls = [] }: Said): readonly ContentBlock[] {
  return [
    ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature: SIGNATURE } as const]),
    ...(text ? [{ type: 'text', text: text.join(''), citations: null } as const] : []),
    ...calls.map(toolUse),
  ]
}

function toolUse({ name, args, id }: ToolCall): ContentBlock {
  return { type: 'tool_use', id: id ?? newId('toolu_'), name, input: args, caller: { type: 'direct' } }
}

function emptied(block: ContentBlock): ContentBlock {
  switch (block.type) {
    case 'thinking':
      return { ...block, thinking: '', signature: '' }
    case 'text':
      return { ...block, text: '' }
    case 'tool_use':
      return { ...block, input: {} }
    default:
      return block
  }
}

type BlockDelta = Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta']

function deltasOf(block: ContentBlock, said: Said): readonly BlockDelta[] {
  switch (block.type) {
    case 'thinking':
      return [
        ...pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking, estimated_tokens: null }) as BlockDelta),
        { type: 'signature_delta', signature: block.signature },
      ]
    case 'text':
      return (said.text ?? []).map((text) => ({ type: 'text_delta', text }))
    case 'tool_use':
      return ['', ...pieces(JSON.stringify(block.input))].map((json) => ({ type: 'input_json_delta', partial_json: json }))
    default:
      return []
  }
}

function stopOf({ calls = [], stop }: Said): NonNullable<Message['stop_reason']> {
  return stop === 'length' ? 'max_tokens' : calls.length > 0 ? 'tool_use' : 'end_turn'
}

function messageOf(said: Said, model: string, content: readonly ContentBlock[]): Message {
  return {
    id: newId('msg_'),
    type: 'message',
    role: 'assistant',
    model,
    content: [...content],
    stop_reason: stopOf(said),
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage: usageOf(said.usage),
  }
}

function usageOf({ input, output, cached = 0 }: Usage = { input: 9, output: 4 }): MessageUsage {
  return {
    input_tokens: input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: 'standard',
    inference_geo: null,
    speed: null,
  }
}
