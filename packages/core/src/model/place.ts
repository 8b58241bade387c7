import type { Channel } from './channel.ts'

/** A part of a content, everything below it included, and the channel it came by. */
export interface Place {
  /** Member names and indexes, outermost first. */
  readonly at: readonly (string | number)[]
  readonly channel: Channel
}
