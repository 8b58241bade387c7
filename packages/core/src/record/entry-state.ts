import { z } from 'zod'

/**
 * How well an entry is held, weakest first: on disk; under a signed checkpoint; under one that enough witnesses cosigned; under one
 * that lies in a store or a time stamp nobody here can change. Only the last two hold against whoever has the log's key.
 */
export const ENTRY_STATES = ['durable', 'checkpointed', 'witnessed', 'anchored'] as const
export const EntryState = z.enum(ENTRY_STATES)
export type EntryState = z.infer<typeof EntryState>

/** How many entries of a log, from the start, have come how far. */
export const LogSizes = z.strictObject({
  durable: z.int().min(0),
  checkpointed: z.int().min(0),
  /** Absent where no witness is configured. */
  witnessed: z.int().min(0).optional(),
  /** Absent where nothing anchors the log. */
  anchored: z.int().min(0).optional(),
})
export type LogSizes = z.infer<typeof LogSizes>

/** The strongest state that the entry of this index has reached. */
export function entryState(index: number, { checkpointed, witnessed = 0, anchored = 0 }: LogSizes): EntryState {
  if (index < anchored) return 'anchored'
  if (index < witnessed) return 'witnessed'
  return index < checkpointed ? 'checkpointed' : 'durable'
}

/**
 * Entries covered by the cosignatures of at least `atLeast` witnesses.
 * @param sizes Size of the newest tree each distinct witness cosigned. All are trees of one log, so a larger one covers a smaller.
 */
export function witnessedSize(sizes: readonly number[], atLeast: number): number {
  return sizes.toSorted((a, b) => b - a)[atLeast - 1] ?? 0
}
