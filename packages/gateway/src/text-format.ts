import type { Channel } from '@sallyport/core'

/** Where in an exchange the guard meets a text. `own-words`: nowhere, since nothing of it is passed on. */
export type FormatStage = 'arguments' | 'answer' | 'result' | 'list' | 'notice' | 'question' | 'definition' | 'own-words'

/** How an answer of a server arrives: whole, or as a stream of events. */
export const STREAMINGS = ['json', 'sse'] as const
export type Streaming = (typeof STREAMINGS)[number]

/**
 * One place where text enters (`in`, towards the agent) or leaves (`out`, towards a tool) through a protocol. Every protocol
 * exports the list of its places as `formats` in its `formats.ts`; the coverage evaluation puts something through each of them.
 */
export interface TextFormat {
  readonly id: string
  readonly direction: 'in' | 'out'
  readonly stage: FormatStage
  /** The channel by which it counts as coming; by the profile of the source where there is none. */
  readonly channel?: Channel
  /** The way the server answers makes no difference where it is not asked for an answer, or only one way can carry it. */
  readonly streaming: readonly Streaming[]
  /** Revisions it exists in, client's first (`modern`, or `legacy>modern` where client and server differ); all unless set. */
  readonly pairings?: readonly string[]
}

/** What a protocol's `formats.ts` exports. */
export interface FormatList {
  /** Revisions that a client and a server may speak with the gateway between them. */
  readonly pairings: readonly string[]
  readonly formats: readonly TextFormat[]
}
