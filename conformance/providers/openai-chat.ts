import type { ChatCompletion, ChatCompletionChunk, CompletionUsage } from 'openai/resources'
import { modelOf, newId, pieces, type ProviderRequest, type Said, sse, type ToolCall, type Usage, type WireForm } from './script.ts'

/** Seconds; answers of a scripted model are all as old. */
const CREATED = 1_790_000_000
/** Not in the SDK's types: how vLLM and others show reasoning. */
interface Reasoning {
  readonly reasoning_content?: string
}
type Delta = ChatCompletionChunk.Choice.Delta & Reasoning

/** OpenAI Chat Completions: deltas of one choice, calls by index, usage in a last chunk of its own where it is asked for. */
export const openaiChat: WireForm = {
  whole(said, model): ChatCompletion {
    const calls = said.calls ?? []
    const message: ChatCompletion.Choice['message'] & Reasoning = {
      role: 'assistant',
      content: said.text ? said.text.join('') : null,
      refusal: null,
      annotations: [],
      ...(said.reasoning === undefined ? {} : { reasoning_content: said.reasoning }),
      ...(calls.length > 0
        ? { tool_calls: calls.map((call) => ({ id: idOf(call), type: 'function', function: functionOf(call) })) }
        : {}),
    }
    return {
      id: newId('chatcmpl-'),
      object: 'chat.completion',
      created: CREATED,
      model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(said) }],
      usage: usageOf(said.usage),
      service_tier: 'default',
      system_fingerprint: 'fp_scripted',
    }
  },
  events(said, request) {
    const deltas: Delta[] = [
      { role: 'assistant', content: '', refusal: null },
      ...pieces(said.reasoning ?? '').map((text): Delta => ({ reasoning_content: text })),
      ...(said.text ?? []).map((content): Delta => ({ content })),
      ...(said.calls ?? []).flatMap(callDeltas),
    ]
    const chunk = chunkMaker(request)
    const isCounted = (request.body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true
    return [
      ...deltas.map((delta) => sse(chunk(delta, null))),
      sse(chunk({}, finishOf(said))),
      ...(isCounted ? [sse({ ...chunk({}, null), choices: [], usage: usageOf(said.usage) })] : []),
      'data: [DONE]\n\n',
    ]
  },
  problem: (status, message) => ({ error: { message, type: typeOf(status), param: null, code: null } }),
  failure: (message) => sse({ error: { message, type: 'server_error', param: null, code: null } }),
}

/** OpenAI's form of an error is one on all its wires. */
export function typeOf(status: number): string {
  return status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
}

function chunkMaker(request: ProviderRequest): (delta: Delta, finish: Finish | null) => ChatCompletionChunk {
  const id = newId('chatcmpl-')
  const isCounted = (request.body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true
  return (delta, finish) => ({
    id,
    object: 'chat.completion.chunk',
    created: CREATED,
    model: modelOf(request),
    service_tier: 'default',
    system_fingerprint: 'fp_scripted',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(isCounted ? { usage: null } : {}),
  })
}

type Finish = ChatCompletion.Choice['finish_reason']

function finishOf({ calls = [], stop }: Said): Finish {
  return stop === 'length' ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop'
}

function callDeltas(call: ToolCall, index: number): readonly Delta[] {
  const { name, arguments: text } = functionOf(call)
  return [
    { tool_calls: [{ index, id: idOf(call), type: 'function', function: { name, arguments: '' } }] },
    ...pieces(text).map((piece): Delta => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]
}

function functionOf({ name, args }: ToolCall): { name: string; arguments: string } {
  return { name, arguments: JSON.stringify(args) }
}

function idOf({ id }: ToolCall): string {
  return id ?? newId('call_')
}

function usageOf({ input, output, cached = 0, reasoning = 0 }: Usage = { input: 9, output: 4 }): CompletionUsage {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
