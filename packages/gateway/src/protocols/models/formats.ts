import type { FormatList } from '../../text-format.ts'

const TALKING = ['openai-chat', 'openai-responses', 'openai-responses-socket', 'anthropic-messages'] as const
const OUT = { direction: 'out', stage: 'arguments', streaming: ['json'], pairings: TALKING } as const
const IN = { direction: 'in', stage: 'result', channel: 'output', streaming: ['json', 'sse'], pairings: TALKING } as const

/**
 * Every place of the model wires where text of an agent reaches a provider, or a model's text an agent. A member that a wire passes on
 * belongs in here.
 */
export const models = {
  pairings: [...TALKING, 'openai-embeddings'],
  formats: [
    { ...OUT, id: 'prompt-user', channel: 'user' },
    { ...OUT, id: 'prompt-system', channel: 'arguments' },
    { ...OUT, id: 'prompt-assistant', channel: 'output' },
    { ...OUT, id: 'prompt-tool', channel: 'tool' },
    { ...OUT, id: 'prompt-definition', channel: 'arguments' },
    { ...OUT, id: 'prompt-parameter', channel: 'arguments' },
    { ...OUT, id: 'embedding-input', channel: 'user', pairings: ['openai-embeddings'] },
    { ...IN, id: 'answer-text' },
    { ...IN, id: 'answer-split', streaming: ['sse'] },
    { ...IN, id: 'answer-call' },
    // What a provider says of a failure stays here.
    { ...IN, id: 'provider-error', stage: 'own-words', streaming: ['json'] },
  ],
} as const satisfies FormatList
