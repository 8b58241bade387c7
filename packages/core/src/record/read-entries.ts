import { GatewayError } from '../errors.ts'
import type { Entry } from '../model/entry.ts'
import { firstKept } from './kept-range.ts'
import { readBundle, type ReadFile } from './log-files.ts'
import { fromUtf8 } from './text.ts'
import { TILE_WIDTH } from './tiles.ts'

type ToText = (bytes: Uint8Array) => string | undefined

/** An entry with the exact bytes of its leaf. */
export interface StoredEntry {
  readonly index: number
  readonly bytes: Uint8Array
  readonly entry: Entry
}

/**
 * Entries `from` (inclusive) to `to` (exclusive, default: to the end), oldest first, one bundle in memory at a time. Reads; does
 * not verify: `verifyLog` does. In a pruned log they start at the first entry that was kept.
 * @throws GatewayError `AUDIT_INVALID` when an entry is not JSON.
 */
export async function* readEntries(
  read: ReadFile,
  from: number = 0,
  to: number = Number.MAX_SAFE_INTEGER,
): AsyncGenerator<StoredEntry> {
  for await (const { index, bytes } of readLeaves(read, from, to)) yield { index, bytes, entry: decodeEntry(bytes) }
}

/** The same without looking into them. */
export async function* readLeaves(read: ReadFile, from: number, to: number): AsyncGenerator<Pick<StoredEntry, 'index' | 'bytes'>> {
  const first = Math.floor(from / TILE_WIDTH)
  for (let n = first; n * TILE_WIDTH < to; n++) {
    const bundle = await readBundle(read, n)
    if (!bundle) {
      const kept = n === first ? (await firstKept(read)) / TILE_WIDTH : 0
      if (kept <= n) return
      n = kept - 1
      continue
    }
    for (const [i, bytes] of bundle.entries.slice(0, TILE_WIDTH).entries()) {
      const index = n * TILE_WIDTH + i
      if (index >= from && index < to) yield { index, bytes }
    }
    if (bundle.entries.length < TILE_WIDTH) return
  }
}

/**
 * Entries from `to` (exclusive) backwards, newest first, as far as the log was not pruned.
 * @param toText Strict UTF-8 to text; where there is a native one it is several times as fast.
 */
export async function* readEntriesBack(read: ReadFile, to: number, toText: ToText = fromUtf8): AsyncGenerator<StoredEntry> {
  for (let n = Math.floor((to - 1) / TILE_WIDTH); n >= 0; n--) {
    const entries = (await readBundle(read, n))?.entries.slice(0, TILE_WIDTH)
    if (!entries) return
    for (const [i, bytes] of [...entries.entries()].toReversed()) {
      const index = n * TILE_WIDTH + i
      if (index < to) yield { index, bytes, entry: decodeEntry(bytes, toText) }
    }
  }
}

/** Number of entries in the files, counted from `known`, a size the log had at some time. Cheap: looks at the end only. */
export async function countEntries(read: ReadFile, known: number = 0): Promise<number> {
  for (let n = Math.floor(known / TILE_WIDTH); ; n++) {
    const bundle = await readBundle(read, n)
    const count = Math.min(TILE_WIDTH, bundle?.entries.length ?? 0)
    if (count < TILE_WIDTH) return n * TILE_WIDTH + count
  }
}

/** @throws GatewayError `AUDIT_INVALID` when it is not JSON. */
export function decodeEntry(bytes: Uint8Array, toText: ToText = fromUtf8): Entry {
  const text = toText(bytes)
  try {
    if (text !== undefined) return JSON.parse(text) as Entry
  } catch {
    // Falls through to the one error below.
  }
  throw new GatewayError('AUDIT_INVALID', 'an entry of the log is not readable')
}
