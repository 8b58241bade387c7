import type { Json, JsonObject, TokenUsage } from '@sallyport/core'
import { countOf, memberOf, textOf, tokensOf } from '../../read-members.ts'
import type { Delta, EventReading } from '../../wire.ts'

/** Texts of a delta, by its type: where the text is and what it is. */
const DELTAS: Readonly<Record<string, { readonly member: string; readonly kind: Delta['kind'] }>> = {
  text_delta: { member: 'text', kind: 'text' },
  input_json_delta: { member: 'partial_json', kind: 'call' },
  thinking_delta: { member: 'thinking', kind: 'reasoning' },
}

/** One streamed event of Anthropic Messages. */
export function readEvent(_event: string | undefined, value: JsonObject): EventReading {
  switch (value['type']) {
    case 'message_start': {
      const message = value['message']
      return { deltas: [], isTail: false, model: textOf(memberOf(message, 'model')), usage: usageOf(memberOf(message, 'usage')) }
    }
    case 'content_block_start':
      return blockStart(value)
    case 'content_block_delta':
      return blockDelta(value)
    case 'content_block_stop':
      return { deltas: [], ends: [{ channel: String(countOf(value['index'])) }], isTail: false }
    case 'ping':
      return { deltas: [], isTail: false }
    case 'message_delta': {
      const stop = textOf(memberOf(value['delta'], 'stop_reason'))
      return { deltas: [], isTail: true, usage: usageOf(value['usage']), ...(stop === '' ? {} : { stop }) }
    }
    case 'message_stop':
      return { deltas: [], isTail: true, isEnd: true }
    case 'error':
      return { deltas: [], isTail: true, isFailure: true }
    default:
      return { deltas: [], isTail: true }
  }
}

function blockStart(value: JsonObject): EventReading {
  const block = value['content_block']
  const channel = String(countOf(value['index']))
  switch (memberOf(block, 'type')) {
    case 'text':
      return { deltas: [delta({ channel, kind: 'text' }, ['content_block', 'text'], memberOf(block, 'text'))], isTail: false }
    case 'thinking':
      return {
        deltas: [delta({ channel, kind: 'reasoning' }, ['content_block', 'thinking'], memberOf(block, 'thinking'))],
        isTail: false,
      }
    case 'tool_use': {
      const begins = [{ channel, id: textOf(memberOf(block, 'id')), name: textOf(memberOf(block, 'name')) }]
      return { deltas: [], begins, isTail: Object.keys(memberOf(block, 'input') ?? {}).length > 0 }
    }
    case 'redacted_thinking':
      return { deltas: [], isTail: false }
    default:
      // Blocks of hosted tools hold whole texts: they wait until the answer has been looked at.
      return { deltas: [], isTail: true }
  }
}

function blockDelta(value: JsonObject): EventReading {
  const type = textOf(memberOf(value['delta'], 'type'))
  const known = DELTAS[type]
  if (!known) return { deltas: [], isTail: type !== 'signature_delta' }
  const text = memberOf(value['delta'], known.member)
  return {
    deltas: [delta({ channel: String(countOf(value['index'])), kind: known.kind }, ['delta', known.member], text)],
    isTail: false,
  }
}

function delta({ channel, kind }: Pick<Delta, 'channel' | 'kind'>, at: Delta['at'], text: Json | undefined): Delta {
  return { channel, kind, at, text: textOf(text) }
}

/** Input counts what was read from and written to a cache as well. */
export function usageOf(usage: Json | undefined): Partial<TokenUsage> {
  const { input, ...rest } = tokensOf({
    input: memberOf(usage, 'input_tokens'),
    output: memberOf(usage, 'output_tokens'),
    cached: memberOf(usage, 'cache_read_input_tokens'),
    written: memberOf(usage, 'cache_creation_input_tokens'),
  })
  if (input === undefined) return rest
  return { ...rest, input: input + (rest.cached ?? 0) + (rest.written ?? 0) }
}
