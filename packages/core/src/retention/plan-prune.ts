import type { Entry } from '../model/entry.ts'
import { firstKept } from '../record/kept-range.ts'
import type { ReadFile } from '../record/log-files.ts'
import { readEntries } from '../record/read-entries.ts'
import { TILE_WIDTH } from '../record/tiles.ts'

/** What may become of an entry now. `set_aside`: gone from the log once a copy with its proof lies elsewhere. */
export type Fate = 'delete' | 'set_aside' | 'keep'

export interface PrunePlan {
  /** Index of the first entry that is still there. */
  readonly from: number
  /** Entries before this index can go. A multiple of 256, at least `from`. */
  readonly to: number
  /** Of those, the ones to be copied with their proofs first. */
  readonly setAside: readonly number[]
  /** The first entry that must stay; absent when the end of the log is the limit. */
  readonly stoppedBy?: number
}

/** Most entries set aside in one run; the rest waits for the next. */
export const SET_ASIDE_MAX = 10_000

/**
 * Finds how far a log can be pruned: only from the front and only by whole bundles, so the first entry that must stay ends it. Reads
 * from the front to there.
 * @param size Entries that a checkpoint covers.
 */
export async function planPrune(read: ReadFile, size: number, fateOf: (entry: Entry) => Fate): Promise<PrunePlan> {
  const from = await firstKept(read)
  const setAside: number[] = []
  let end = from
  let stoppedBy: number | undefined
  for await (const { index, entry } of readEntries(read, from, size)) {
    const fate = fateOf(entry)
    if (fate === 'keep' || (fate === 'set_aside' && setAside.length === SET_ASIDE_MAX)) {
      stoppedBy = index
      break
    }
    if (fate === 'set_aside') setAside.push(index)
    end = index + 1
  }
  const to = Math.max(from, end - (end % TILE_WIDTH))
  return { from, to, setAside: setAside.filter((index) => index < to), ...(stoppedBy !== undefined && { stoppedBy }) }
}
