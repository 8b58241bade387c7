import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseReasoningItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses'
import { openaiChat } from './openai-chat.ts'
import { modelOf, newId, pieces, type Said, sse, type ToolCall, type Usage, type WireForm } from './script.ts'

const CREATED = 1_790_000_000
/** An event before it has its number. */
type Unnumbered = ResponseStreamEvent extends infer E
  ? E extends { sequence_number: number }
    ? Omit<E, 'sequence_number'>
    : never
  : never
/** What the wire carries; `output_text` and `access_programs` are the SDK's and the account's. */
type WireResponse = Omit<Response, 'output_text' | 'access_programs'>

/** OpenAI Responses: items one after another, each announced, filled by deltas, repeated when done; then the whole. */
export const openaiResponses: WireForm = {
  whole: (said, model) => responseOf(said, { id: newId('resp_'), model, output: itemsOf(said) }),
  events(said, request) {
    const items = itemsOf(said)
    const at = { id: newId('resp_'), model: modelOf(request) }
    const started = { ...responseOf(said, { ...at, output: [] }), status: 'in_progress', usage: null, incomplete_details: null }
    const done = responseOf(said, { ...at, output: items })
    const events: Unnumbered[] = [
      { type: 'response.created', response: started as unknown as Response },
      { type: 'response.in_progress', response: started as unknown as Response },
      ...items.flatMap((item, index) => itemEvents(item, index, said)),
      { type: said.stop === 'length' ? 'response.incomplete' : 'response.completed', response: done as Response },
    ]
    return events.map((event, i) => sse({ ...event, sequence_number: i }, event.type))
  },
  problem: openaiChat.problem,
  failure(message) {
    const failed = responseOf({}, { id: newId('resp_'), model: 'unknown', output: [] })
    const response = { ...failed, status: 'failed', error: { code: 'server_error', message }, usage: null } as unknown as Response
    const event: ResponseStreamEvent = { type: 'response.failed', response, sequence_number: 99 }
    return sse(event, event.type)
  },
}

function itemsOf({ reasoning, text, calls = [], stop }: Said): readonly ResponseOutputItem[] {
  const status = stop === 'length' ? 'incomplete' : 'completed'
  const thought: ResponseReasoningItem = {
    id: newId('rs_'),
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: reasoning ?? '' }],
    encrypted_content: null,
  }
  const message: ResponseOutputMessage = {
    id: newId('msg_'),
    type: 'message',
    role: 'assistant',
    status,
    content: [{ type: 'output_text', text: text?.join('') ?? '', annotations: [], logprobs: [] }],
  }
  return [...(reasoning === undefined ? [] : [thought]), ...(text ? [message] : []), ...calls.map(callItem)]
}

function callItem({ name, args, id }: ToolCall): ResponseFunctionToolCall {
  return {
    id: newId('fc_'),
    type: 'function_call',
    status: 'completed',
    call_id: id ?? newId('call_'),
    name,
    arguments: JSON.stringify(args),
  }
}

function itemEvents(item: ResponseOutputItem, index: number, said: Said): readonly Unnumbered[] {
  const at = { output_index: index, item_id: item.id ?? '' }
  const done: Unnumbered = { type: 'response.output_item.done', output_index: index, item }
  const added = (empty: ResponseOutputItem): Unnumbered => ({
    type: 'response.output_item.added',
    output_index: index,
    item: empty,
  })
  switch (item.type) {
    case 'reasoning': {
      const where = { ...at, summary_index: 0 }
      const text = said.reasoning ?? ''
      return [
        added({ ...item, summary: [] }),
        { type: 'response.reasoning_summary_part.added', ...where, part: { type: 'summary_text', text: '' } },
        ...pieces(text).map((delta): Unnumbered => ({ type: 'response.reasoning_summary_text.delta', ...where, delta })),
        { type: 'response.reasoning_summary_text.done', ...where, text },
        { type: 'response.reasoning_summary_part.done', ...where, part: { type: 'summary_text', text } },
        done,
      ]
    }
    case 'message': {
      const where = { ...at, content_index: 0 }
      const text = said.text?.join('') ?? ''
      const part = (whole: string) => ({ type: 'output_text' as const, text: whole, annotations: [], logprobs: [] })
      return [
        added({ ...item, status: 'in_progress', content: [] }),
        { type: 'response.content_part.added', ...where, part: part('') },
        ...(said.text ?? []).map((delta): Unnumbered => ({ type: 'response.output_text.delta', ...where, delta, logprobs: [] })),
        { type: 'response.output_text.done', ...where, text, logprobs: [] },
        { type: 'response.content_part.done', ...where, part: part(text) },
        done,
      ]
    }
    case 'function_call':
      return [
        added({ ...item, status: 'in_progress', arguments: '' }),
        ...pieces(item.arguments).map((delta): Unnumbered => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
        { type: 'response.function_call_arguments.done', ...at, arguments: item.arguments },
        done,
      ]
    default:
      return [done]
  }
}

function responseOf(
  said: Said,
  { id, model, output }: { id: string; model: string; output: readonly ResponseOutputItem[] },
): WireResponse {
  const isCut = said.stop === 'length'
  return {
    id,
    object: 'response',
    created_at: CREATED,
    status: isCut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    instructions: null,
    metadata: {},
    model,
    output: [...output],
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: 'auto',
    tools: [],
    top_p: 1,
    usage: usageOf(said.usage),
  }
}

function usageOf({ input, output, cached = 0, reasoning = 0 }: Usage = { input: 9, output: 4 }): ResponseUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  }
}
