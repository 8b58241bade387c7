import type { IngestionChannel } from '@sallyport/core'
import type { SuiteCategory } from '../guard-desk.ts'
import { ACT_CASES } from './suite-acts.ts'
import { INSTRUCTION_CASES } from './suite-instructions.ts'

/** Where a case comes in: from a source, in a tool definition, or in what an agent sends. */
export type SuiteChannel = IngestionChannel | 'definition' | 'arguments'

/** An attack, and a harmless text on the same matter that must pass: channel, attack, twin. */
export type SuiteRow = readonly [channel: SuiteChannel, attack: string, twin: string]

export interface SuiteCase {
  readonly category: SuiteCategory
  readonly channel: SuiteChannel
  readonly attack: string
  readonly twin: string
}

/** The built-in attack suite. Ours, and none of it was used to train or calibrate a model. */
export const SUITE: readonly SuiteCase[] = Object.entries({ ...INSTRUCTION_CASES, ...ACT_CASES }).flatMap(([category, rows]) =>
  rows.map(([channel, attack, twin]) => ({ category: category as SuiteCategory, channel, attack, twin })),
)
