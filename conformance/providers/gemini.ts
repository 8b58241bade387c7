import { modelOf, newId, type Said, sse, type ToolCall, type WireForm } from './script.ts'

/** Gemini `generateContent` and `streamGenerateContent?alt=sse`: every event is an answer of its own, with some of the parts. */
export const gemini: WireForm = {
  whole: (said) => answerOf(partsOf(said), said, true),
  events(said, request) {
    const { reasoning, text = [], calls = [] } = said
    const groups = [
      ...(reasoning === undefined ? [] : [[{ text: reasoning, thought: true }]]),
      ...text.map((piece) => [{ text: piece }]),
      ...calls.map((call) => [callPart(call)]),
    ]
    const model = modelOf(request)
    return groups.map((parts, i) => sse({ ...answerOf(parts, said, i === groups.length - 1), modelVersion: model }))
  },
  problem: (status, message) => ({ error: { code: status, message, status: 'INTERNAL' } }),
  failure: (message) => sse({ error: { code: 500, message, status: 'INTERNAL' } }),
}

function partsOf({ reasoning, text, calls = [] }: Said): readonly object[] {
  return [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text ? [{ text: text.join('') }] : []),
    ...calls.map(callPart),
  ]
}

function callPart({ name, args, id }: ToolCall): object {
  return { functionCall: { id: id ?? newId('fc'), name, args } }
}

function answerOf(parts: readonly object[], { stop, usage = { input: 9, output: 4 } }: Said, isLast: boolean): object {
  const finishReason = stop === 'length' ? 'MAX_TOKENS' : 'STOP'
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(isLast ? { finishReason } : {}) }],
    usageMetadata: {
      promptTokenCount: usage.input,
      candidatesTokenCount: usage.output,
      totalTokenCount: usage.input + usage.output,
    },
  }
}
