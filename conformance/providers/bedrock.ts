import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import { newId, pieces, type Said, type WireForm } from './script.ts'

const codec = new EventStreamCodec(toUtf8, fromUtf8)

/** Amazon Bedrock `converse` and `converse-stream`, whose events are binary frames of AWS. */
export const bedrock: WireForm = {
  whole: (said) => ({
    output: { message: { role: 'assistant', content: contentOf(said) } },
    stopReason: stopOf(said),
    usage: usageOf(said),
    metrics: { latencyMs: 1 },
  }),
  events(said) {
    const { reasoning, text, calls = [] } = said
    let index = -1
    const block = (deltas: readonly object[], start?: object): readonly Buffer[] => {
      index += 1
      const contentBlockIndex = index
      return [
        ...(start ? [frame('contentBlockStart', { contentBlockIndex, start })] : []),
        ...deltas.map((delta) => frame('contentBlockDelta', { contentBlockIndex, delta })),
        frame('contentBlockStop', { contentBlockIndex }),
      ]
    }
    return [
      frame('messageStart', { role: 'assistant' }),
      ...(reasoning === undefined ? [] : block(pieces(reasoning).map((piece) => ({ reasoningContent: { text: piece } })))),
      ...(text ? block(text.map((piece) => ({ text: piece }))) : []),
      ...calls.flatMap(({ name, args, id }) =>
        block(
          pieces(JSON.stringify(args)).map((input) => ({ toolUse: { input } })),
          { toolUse: { toolUseId: id ?? newId('tooluse_'), name } },
        ),
      ),
      frame('messageStop', { stopReason: stopOf(said) }),
      frame('metadata', { usage: usageOf(said), metrics: { latencyMs: 1 } }),
    ]
  },
  problem: (_, message) => ({ message }),
  failure: (message) => frame('internalServerException', { message }, 'exception'),
}

function frame(name: string, value: object, kind: 'event' | 'exception' = 'event'): Buffer {
  const text = (of: string) => ({ type: 'string' as const, value: of })
  const headers = {
    ':message-type': text(kind),
    [`:${kind}-type`]: text(name),
    ':content-type': text('application/json'),
  }
  return Buffer.from(codec.encode({ headers, body: Buffer.from(JSON.stringify(value)) }))
}

function contentOf({ reasoning, text, calls = [] }: Said): readonly object[] {
  return [
    ...(reasoning === undefined ? [] : [{ reasoningContent: { reasoningText: { text: reasoning, signature: 'c2NyaXB0ZWQ=' } } }]),
    ...(text ? [{ text: text.join('') }] : []),
    ...calls.map(({ name, args, id }) => ({ toolUse: { toolUseId: id ?? newId('tooluse_'), name, input: args } })),
  ]
}

function stopOf({ stop, calls = [] }: Said): string {
  if (stop === 'length') return 'max_tokens'
  return calls.length > 0 ? 'tool_use' : 'end_turn'
}

function usageOf({ usage = { input: 9, output: 4 } }: Said): object {
  return { inputTokens: usage.input, outputTokens: usage.output, totalTokens: usage.input + usage.output }
}
