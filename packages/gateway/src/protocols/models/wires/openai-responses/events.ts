import type { Json, JsonObject, TokenUsage } from '@sallyport/core'
import { countOf, memberOf, objectsIn, textOf, tokensOf } from '../../read-members.ts'
import type { Delta, EventReading } from '../../wire.ts'

/** Pieces of text, by the type of their event: which channel of their item they are, and what. */
const DELTAS: Readonly<Record<string, readonly [index: string, prefix: string, kind: Delta['kind']]>> = {
  'response.output_text': ['content_index', 'text', 'text'],
  'response.refusal': ['content_index', 'text', 'text'],
  'response.reasoning_text': ['content_index', 'reasoning', 'reasoning'],
  'response.reasoning_summary_text': ['summary_index', 'summary', 'reasoning'],
  'response.function_call_arguments': ['', 'call', 'call'],
  'response.custom_tool_call_input': ['', 'call', 'call'],
}
/** Members that repeat a whole text once it is done. */
const WHOLE = ['text', 'refusal', 'arguments', 'input'] as const
const WORDLESS: ReadonlySet<unknown> = new Set([
  'response.created',
  'response.in_progress',
  'response.queued',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
  'response.reasoning_summary_part.done',
  'response.content_part.done',
])

/** One streamed event of OpenAI Responses. What an event repeats must be what was streamed; otherwise it waits for the end. */
export function readEvent(event: string | undefined, value: JsonObject): EventReading {
  const type = textOf(value['type']) || (event ?? '')
  const [, name = '', phase = ''] = /^(.*)\.(delta|done)$/.exec(type) ?? []
  const known = Object.hasOwn(DELTAS, name) ? DELTAS[name] : undefined
  if (known) {
    const [index, prefix, kind] = known
    const channel = channelOf(value, prefix, index === '' ? 0 : countOf(value[index]))
    if (phase === 'delta') return { deltas: [{ channel, kind, at: ['delta'], text: textOf(value['delta']) }], isTail: false }
    const whole = WHOLE.map((member) => value[member]).find((text) => typeof text === 'string')
    return { deltas: [], ends: [{ channel, text: textOf(whole) }], isTail: false }
  }
  switch (type) {
    case 'response.output_item.added':
      return itemAdded(value)
    case 'response.output_item.done':
      return itemDone(value)
    case 'response.completed':
    case 'response.incomplete':
      return { ...summary(value['response'] as JsonObject), deltas: [], isTail: true, isEnd: true }
    case 'response.failed':
    case 'error':
      return { deltas: [], isTail: true, isFailure: true }
    default:
      if (/^response\.(?:content|reasoning_summary)_part\.done$/.test(type)) return partDone(value)
      return { deltas: [], isTail: !WORDLESS.has(type) }
  }
}

function channelOf(value: JsonObject, prefix: string, index: number): string {
  return `${countOf(value['output_index'])}/${prefix}/${index}`
}

function partDone(value: JsonObject): EventReading {
  const text = textOf(memberOf(value['part'], 'text')) + textOf(memberOf(value['part'], 'refusal'))
  const isSummary = value['summary_index'] !== undefined
  const prefix = isSummary ? 'summary' : memberOf(value['part'], 'type') === 'reasoning_text' ? 'reasoning' : 'text'
  const channel = channelOf(value, prefix, countOf(value[isSummary ? 'summary_index' : 'content_index']))
  return { deltas: [], ends: [{ channel, text }], isTail: false }
}

function itemAdded(value: JsonObject): EventReading {
  const { item } = value
  switch (memberOf(item, 'type')) {
    case 'message':
    case 'reasoning':
      return { deltas: [], isTail: false }
    case 'function_call':
    case 'custom_tool_call': {
      const begins = [
        { channel: channelOf(value, 'call', 0), id: textOf(memberOf(item, 'call_id')), name: textOf(memberOf(item, 'name')) },
      ]
      return { deltas: [], begins, isTail: false }
    }
    default:
      return { deltas: [], isTail: true }
  }
}

function itemDone(value: JsonObject): EventReading {
  const { item } = value
  const parts = (member: string, prefix: string) =>
    objectsIn(memberOf(item, member)).map((part, i) => ({
      channel: channelOf(value, prefix, i),
      text: textOf(part['text']) + textOf(part['refusal']),
    }))
  switch (memberOf(item, 'type')) {
    case 'message':
      return { deltas: [], ends: parts('content', 'text'), isTail: false }
    case 'reasoning':
      return { deltas: [], ends: [...parts('summary', 'summary'), ...parts('content', 'reasoning')], isTail: false }
    default:
      return { deltas: [], isTail: true }
  }
}

function summary(response: JsonObject | undefined): Pick<EventReading, 'model' | 'stop' | 'usage'> {
  return { model: textOf(response?.['model']), stop: textOf(response?.['status']), usage: usageOf(response?.['usage']) }
}

export function usageOf(usage: Json | undefined): Partial<TokenUsage> {
  return tokensOf({
    input: memberOf(usage, 'input_tokens'),
    output: memberOf(usage, 'output_tokens'),
    cached: memberOf(memberOf(usage, 'input_tokens_details'), 'cached_tokens'),
    written: undefined,
  })
}
