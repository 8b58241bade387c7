import { toHex } from '../model/bytes.ts'
import { readBundle, readHashes, type FoundBundle, type ReadFile } from './log-files.ts'
import { parseEntry } from './parse-entry.ts'
import { partialWidth, TILE_WIDTH } from './tiles.ts'
import { leafHash, type Sha256 } from './tree.ts'

/** One place in the log: what lies there, and what the hash tiles say should lie there. */
export interface Place {
  readonly index: number
  readonly bytes: Uint8Array | undefined
  /** Hash of `bytes`. */
  readonly hash: Uint8Array | undefined
  /** Leaf hash in the tile; absent beyond the tiles. */
  readonly leaf: Uint8Array | undefined
  /** Gone by retention: only its leaf hash is left. */
  readonly isPruned?: true
}

/** What one bundle's files hold, place by place. */
export interface ScannedBundle {
  readonly n: number
  readonly found: FoundBundle | undefined
  readonly places: readonly Place[]
  /** Bytes after the last whole entry. */
  readonly leftover: number
}

export interface ScanOptions {
  /** Entries that something vouches for. */
  readonly size: number
  /** Index of the first entry that was not pruned. */
  readonly kept: number
  readonly sha: Sha256
}

/** Walks the bundles of a log in order: at least as many as `size` entries need, then on to the end of the files. */
export async function* scanBundles(read: ReadFile, { size, kept, sha }: ScanOptions): AsyncGenerator<ScannedBundle> {
  for (let n = 0; ; n++) {
    if (n * TILE_WIDTH < kept) {
      const leaves = (await readHashes(read, { level: 0, n, width: TILE_WIDTH })) ?? []
      const places = Array.from({ length: TILE_WIDTH }, (_, i): Place => {
        return { index: n * TILE_WIDTH + i, bytes: undefined, hash: leaves[i], leaf: leaves[i], isPruned: true }
      })
      yield { n, found: undefined, places, leftover: 0 }
      continue
    }
    const committed = Math.max(0, Math.min(TILE_WIDTH, size - n * TILE_WIDTH))
    const found = await readBundle(read, n, committed < TILE_WIDTH ? partialWidth('entries', size) : 0)
    if (!found && committed === 0) return
    // Beyond the checkpoint a tile may be there already or not yet.
    const leaves = (await readHashes(read, { level: 0, n, width: committed === 0 ? TILE_WIDTH : committed })) ?? []
    const entries = found?.entries ?? []
    const due = Math.max(entries.length, leaves.length, found?.source === 'full' ? TILE_WIDTH : committed)
    const places = Array.from({ length: due }, (_, i) => {
      const bytes = entries[i]
      return { index: n * TILE_WIDTH + i, bytes, hash: bytes && leafHash(bytes, sha), leaf: leaves[i] }
    })
    const whole = found === undefined || entries.length > TILE_WIDTH
    yield { n, found, places, leftover: whole ? 0 : found.bytes.length - found.wholeBytes }
    if (committed === 0 && entries.length < TILE_WIDTH) return
  }
}

/** The index an entry itself claims; `undefined` when it is not readable. */
export function claimedIndex(bytes: Uint8Array): number | undefined {
  const parsed = parseEntry(bytes)
  return 'entry' in parsed ? parsed.entry.index : undefined
}

/** How entries are told apart: by leaf hash where the tiles are trusted, else by the index each claims. */
export interface Identity {
  readonly of: (place: Place) => string | undefined
  readonly expected: (place: Place) => string | undefined
  /** Whether an entry that poses as `identity` at `place` may belong elsewhere even if no file has room for it there. */
  readonly mayBelongAfter: (identity: string, place: Place) => boolean
}

export const BY_HASH: Identity = {
  of: (place) => place.hash && toHex(place.hash),
  expected: (place) => place.leaf && toHex(place.leaf),
  mayBelongAfter: () => false,
}

export const BY_INDEX: Identity = {
  of: (place) => (place.bytes ? claimedIndex(place.bytes)?.toString() : undefined),
  expected: (place) => place.index.toString(),
  mayBelongAfter: (identity, place) => Number(identity) > place.index,
}
