import type { ActLedger } from './act-ledger.ts'
import { parsePruned, type Pruned } from './kept-range.ts'
import type { ReadFile } from './log-files.ts'
import type { LogProblem } from './log-problems.ts'
import { scanBundles, type Place, type ScannedBundle } from './log-scan.ts'
import { parseEntry } from './parse-entry.ts'
import { TileBuilder, type HashTile } from './tile-builder.ts'
import { encodeBundle, partialWidth, TILE_WIDTH, tilePath } from './tiles.ts'
import { sameBytes, Tree, type Sha256 } from './tree.ts'

export interface PassOptions {
  readonly read: ReadFile
  readonly sha: Sha256
  /** Size that the checkpoint vouches for. */
  readonly size: number
  /** Index of the first entry that was not pruned. */
  readonly kept: number
  /** Sizes whose roots are wanted. */
  readonly sizes: ReadonlySet<number>
  readonly acts: ActLedger
}

/** What one walk over the whole log saw; each finding is the first of its kind. Nothing is judged yet. */
export interface Pass {
  /** Entries before the first gap. */
  count: number
  /** Root of the entries, and of the level 0 tiles, at each wanted size they reach. */
  readonly entryRoots: Map<number, Uint8Array>
  readonly tileRoots: Map<number, Uint8Array>
  /** Root of all entries before the first gap. */
  root: Uint8Array
  /** A place whose entry and tile disagree, or that has no entry. */
  mismatch?: Place
  /** A place without entry, or whose entry claims another index. */
  misplaced?: Place
  /** An entry that is not valid where it stands. */
  invalid?: { readonly index: number; readonly fault: string }
  /** Index of an entry that is cut off in a file that must be whole. */
  truncated?: number
  /** The newest record is incomplete: never acknowledged, or being written right now. */
  torn: boolean
  /** The farthest reaching `log.pruned` entry that the checkpoint covers. */
  pruned?: Pruned
  tile?: LogProblem | undefined
  act?: LogProblem | undefined
}

/** Walks the log once, with one bundle in memory. */
export async function passOver(options: PassOptions): Promise<Pass> {
  const { read, sha, size, kept, sizes } = options
  const pass: Pass = { count: 0, entryRoots: new Map(), tileRoots: new Map(), root: sha(new Uint8Array()), torn: false }
  const entries = new TileBuilder(sha)
  const tiles = new Tree({ sha })
  const note = (tree: TileBuilder | Tree, roots: Map<number, Uint8Array>): void => {
    if (sizes.has(tree.size)) roots.set(tree.size, tree.root())
  }
  note(entries, pass.entryRoots)
  note(tiles, pass.tileRoots)
  let last = ''
  for await (const bundle of scanBundles(read, { size, kept, sha })) {
    for (const place of bundle.places) {
      last = look(place, last, { pass, acts: options.acts, size })
      if (place.leaf && tiles.size === place.index) tiles.append(place.leaf)
      note(tiles, pass.tileRoots)
      if (!place.hash || entries.size !== place.index) continue
      for (const tile of entries.append(place.hash)) pass.tile ??= await compareTile(read, tile, size)
      note(entries, pass.entryRoots)
      if (entries.size === size) for (const tile of entries.partials()) pass.tile ??= await compareTile(read, tile, size)
    }
    await lookAtFile(bundle, pass, options)
  }
  pass.count = entries.size
  pass.root = entries.root()
  return pass
}

/** Notes what is wrong with one place; returns the time of the entry, which the next must not precede. */
function look(place: Place, last: string, seen: { pass: Pass; acts: ActLedger; size: number }): string {
  const { pass, acts, size } = seen
  if (!place.hash || (place.leaf && !sameBytes(place.hash, place.leaf))) pass.mismatch ??= place
  if (place.isPruned) return last
  const parsed = place.bytes && parseEntry(place.bytes)
  if (!parsed) {
    pass.misplaced ??= place
    return last
  }
  if ('fault' in parsed) {
    pass.invalid ??= { index: place.index, fault: parsed.fault }
    return last
  }
  const { entry } = parsed
  if (entry.index !== place.index) pass.misplaced ??= place
  if (entry.time < last) pass.invalid ??= { index: place.index, fault: 'dated before its predecessor' }
  pass.act ??= acts.add(entry)
  const pruned = place.index < size ? parsePruned(entry) : undefined
  if (pruned && pruned.to > (pass.pruned?.to ?? 0)) pass.pruned = pruned
  return entry.time
}

/** Notes a cut-off record, and a partial bundle that disagrees with the bundle it is the beginning of. */
async function lookAtFile(bundle: ScannedBundle, pass: Pass, { read, size }: PassOptions): Promise<void> {
  const { n, found, leftover } = bundle
  if (!found) return
  const cutAt = n * TILE_WIDTH + found.entries.length
  if (leftover > 0) {
    if (found.source === 'open' && cutAt >= size) pass.torn = true
    else pass.truncated ??= cutAt
  }
  const width = n === Math.floor(size / TILE_WIDTH) ? partialWidth('entries', size) : 0
  if (width === 0 || found.source === 'partial') return
  const partial = await read(tilePath({ level: 'entries', n, width }))
  if (partial && !sameBytes(partial, encodeBundle(found.entries.slice(0, width)))) {
    pass.tile ??= { reason: 'tile_mismatch', index: n * TILE_WIDTH, exact: false, detail: tilePath({ level: 'entries', n, width }) }
  }
}

/** Compares a tile made from the entries with the one in the log. Beyond the checkpoint it may not be there yet. */
async function compareTile(read: ReadFile, tile: HashTile, size: number): Promise<LogProblem | undefined> {
  const span = TILE_WIDTH ** tile.level
  const first = tile.n * TILE_WIDTH * span
  const isDue = first + tile.width * span <= size
  const path = tilePath(tile)
  const full = tilePath({ ...tile, width: TILE_WIDTH })
  const stored = (await read(path)) ?? (await read(full))?.subarray(0, tile.bytes.length)
  if (stored ? sameBytes(stored, tile.bytes) : !isDue) return undefined
  return { reason: 'tile_mismatch', index: first, exact: false, detail: path }
}
