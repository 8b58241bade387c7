import { toHex } from '../model/bytes.ts'
import type { Entry } from '../model/entry.ts'
import { CHECKPOINT_PATH, parseCheckpoint } from './checkpoint.ts'
import { readBundle, type ReadFile } from './log-files.ts'
import { parseNote } from './note.ts'
import { fromUtf8 } from './text.ts'
import { tileNodes } from './tile-nodes.ts'
import { TILE_WIDTH } from './tiles.ts'
import { rootAt } from './tree-proof.ts'
import type { Sha256 } from './tree.ts'

/** Verb of the entry that must stand in the kept part before anything is pruned. */
export const PRUNED_VERB = 'log.pruned'

/** What a `log.pruned` entry states. */
export interface Pruned {
  /** Entries before this index may be gone. A multiple of 256. */
  readonly to: number
  /** Root of the tree of `to` leaves, hex. */
  readonly root: string
}

/**
 * Index of the first entry whose bundle is still there: 0 unless the log was pruned, which only ever takes bundles from the
 * front. Looks at a few bundles; says nothing about whether somebody was entitled to remove the rest: `verifyLog` does.
 */
export async function firstKept(read: ReadFile): Promise<number> {
  const isThere = async (n: number): Promise<boolean> => (await readBundle(read, n)) !== undefined
  if (await isThere(0)) return 0
  const note = fromUtf8((await read(CHECKPOINT_PATH)) ?? new Uint8Array()) ?? ''
  const size = parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0
  let gone = 0
  let there = Math.floor(size / TILE_WIDTH)
  if (there === 0) return 0
  while (there - gone > 1) {
    const middle = Math.floor((gone + there) / 2)
    if (await isThere(middle)) there = middle
    else gone = middle
  }
  return there * TILE_WIDTH
}

/** What an entry of the log says was pruned; `undefined` for every other entry, and for one that cannot be right. */
export function parsePruned(entry: Entry): Pruned | undefined {
  if (entry.type !== 'admin' || entry.verb !== PRUNED_VERB || entry.outcome !== 'done') return undefined
  const { to, root } = entry.detail
  if (typeof to !== 'number' || !Number.isSafeInteger(to) || to <= 0 || to % TILE_WIDTH !== 0) return undefined
  return typeof root === 'string' && to <= entry.index ? { to, root } : undefined
}

/** Whether the root that a `log.pruned` entry states is the one the kept hash tiles of a tree of `size` leaves have. */
export async function prunedRootHolds(read: ReadFile, pruned: Pruned, tree: { size: number; sha: Sha256 }): Promise<boolean> {
  if (pruned.to > tree.size) return false
  try {
    return toHex(await rootAt(pruned.to, tileNodes(read, tree.size, tree.sha))) === pruned.root
  } catch {
    return false
  }
}
