import type { FormatList } from '../../text-format.ts'

const OUT = { direction: 'out', stage: 'own-words', channel: 'arguments', streaming: ['json'] } as const

/** What an agent says of an act it asks about reaches nobody: no tool is called, and the answer is in the gateway's words. */
export const authzen = {
  pairings: ['authzen-1.0'],
  formats: [
    { ...OUT, id: 'evaluation-argument' },
    { ...OUT, id: 'evaluation-context' },
    { ...OUT, id: 'evaluation-property' },
  ],
} as const satisfies FormatList
