import { dirname, join } from 'node:path'
import {
  CHECKPOINT_PATH,
  leafHash,
  openBundlePath,
  parseBundle,
  TILE_WIDTH,
  TileBuilder,
  tilePath,
  type HashTile,
  type TreeHead,
} from '@sallyport/core/record'
import { sha256Native } from '../../sha256-native.ts'
import type { LogFolder } from './log-folder.ts'

/**
 * Path of a hint below the log's folder: every allowed act before this index has its outcome. Only saves reading at start; a
 * lost or old one costs time, nothing else.
 */
export const SETTLED_PATH = 'settled'

/**
 * The only thing that writes to a log's folder. Entries are appended to `open/<n>`, which holds the very bytes of the entry
 * bundle it becomes: a group of entries is durable, and may be acknowledged, after one write and one `fdatasync` there. A
 * bundle of 256 is closed and renamed to `tile/entries/…`; its hash tile is written beside it. A crash at any point leaves
 * either the old name or the new one, and at worst an incomplete record at the end of the newest file, which was never
 * acknowledged. Hash tiles and partial tiles follow from the entries and are written again if a crash lost them.
 * After any failure the writer refuses everything: what the disk holds is then only known by reading it again.
 */
export class LogWriter {
  readonly #dir: string
  readonly #folder: LogFolder
  readonly #tree: TileBuilder
  /** Leaves appended since the last `settle`. */
  #unhashed: Uint8Array[] = []
  #size: number
  #file: number | undefined
  readonly #folders = new Set<string>()
  #isBroken = false

  /** @param tree All full bundles the folder holds; `recover` makes it and takes what lies in `open/` over. */
  constructor(dir: string, folder: LogFolder, tree: TileBuilder) {
    this.#dir = dir
    this.#folder = folder
    this.#tree = tree
    this.#size = tree.size
  }

  /** Entries on disk. */
  get size(): number {
    return this.#size
  }

  /** The partial hash tiles of the tree as it stands. */
  partials(): HashTile[] {
    return this.#tree.partials()
  }

  /** Makes a group of entries, in bundle format, durable. */
  append(group: Uint8Array): void {
    this.#guard(() => {
      for (let rest = group; rest.length > 0;) {
        const room = TILE_WIDTH - (this.#size % TILE_WIDTH)
        const { entries, wholeBytes } = parseBundle(rest, room)
        if (entries.length === 0) throw new Error('a group of entries is malformed')
        this.#write(rest.subarray(0, wholeBytes))
        for (const entry of entries) this.#unhashed.push(entry)
        this.#size += entries.length
        if (this.#size % TILE_WIDTH === 0) this.#closeFile()
        rest = rest.subarray(wholeBytes)
      }
    })
  }

  /** Hashes what was appended and moves full bundles into place. Called after the group is acknowledged. */
  settle(): void {
    this.#guard(() => {
      const leaves = this.#unhashed
      this.#unhashed = []
      for (const leaf of leaves) {
        const tiles = this.#tree.append(leafHash(leaf, sha256Native))
        if (tiles.length > 0) this.#roll(tiles)
      }
    })
  }

  /** Writes every tile that a checkpoint over all durable entries needs, and returns what it has to state. */
  prepare(settledIndex: number): TreeHead {
    this.settle()
    return this.#guard(() => {
      const partials = this.#tree.partials()
      for (const tile of partials) this.#replace(tilePath(tile), tile.bytes)
      const n = Math.floor(this.#size / TILE_WIDTH)
      const width = this.#size % TILE_WIDTH
      if (width > 0) {
        const bytes = this.#folder.read(this.#path(openBundlePath(n)))
        if (!bytes) throw new Error('the open bundle is gone')
        this.#replace(tilePath({ level: 'entries', n, width }), bytes)
      }
      this.#replace(SETTLED_PATH, new TextEncoder().encode(`${settledIndex}\n`))
      return { size: this.#size, root: this.#tree.root() }
    })
  }

  /** Makes a signed checkpoint the log's newest. */
  publish(note: string): void {
    this.#guard(() => this.#replace(CHECKPOINT_PATH, new TextEncoder().encode(note)))
  }

  /**
   * Removes full bundles `first` (inclusive) to `end` (exclusive), one after the other, so that a crash never leaves a hole behind
   * a bundle that is still there. Their hash tiles stay.
   */
  remove(first: number, end: number): void {
    this.#guard(() => {
      for (let n = first; n < end; n++) {
        const path = this.#path(tilePath({ level: 'entries', n, width: TILE_WIDTH }))
        this.#folder.remove(path)
        this.#folder.syncFolder(dirname(path))
      }
    })
  }

  close(): void {
    this.#closeFile()
    this.#isBroken = true
  }

  #write(bytes: Uint8Array): void {
    const isNew = this.#size % TILE_WIDTH === 0
    if (isNew) this.#makeFolder(this.#path('open'))
    this.#file ??= this.#folder.open(this.#path(openBundlePath(Math.floor(this.#size / TILE_WIDTH))), 'append')
    this.#folder.write(this.#file, bytes)
    this.#folder.sync(this.#file)
    // A file whose name is not durable is not durable either.
    if (isNew) this.#folder.syncFolder(this.#path('open'))
  }

  #closeFile(): void {
    if (this.#file !== undefined) this.#folder.close(this.#file)
    this.#file = undefined
  }

  /** A level 0 tile is complete, and with it the bundle of the same number. */
  #roll(tiles: readonly HashTile[]): void {
    for (const tile of tiles) this.#replace(tilePath(tile), tile.bytes)
    const n = tiles[0]?.n ?? 0
    const to = this.#path(tilePath({ level: 'entries', n, width: TILE_WIDTH }))
    this.#makeFolder(dirname(to))
    this.#folder.rename(this.#path(openBundlePath(n)), to)
    this.#folder.syncFolder(dirname(to))
    this.#folder.syncFolder(this.#path('open'))
    // C2SP tlog-tiles: partial tiles stay until the full tile is there.
    for (const { level, n: full } of [...tiles, { level: 'entries' as const, n }]) {
      this.#folder.remove(this.#path(`${tilePath({ level, n: full, width: TILE_WIDTH })}.p`))
    }
  }

  /** Takes over what lies in `open/` after a start: entries already durable. */
  adopt(entries: readonly Uint8Array[]): void {
    this.#guard(() => {
      this.#unhashed.push(...entries)
      this.#size += entries.length
    })
    this.settle()
  }

  /** Writes a whole file durably: readers see the old content or the new, never half. */
  #replace(path: string, bytes: Uint8Array): void {
    const to = this.#path(path)
    this.#makeFolder(dirname(to))
    const file = this.#folder.open(`${to}.tmp`, 'replace')
    try {
      this.#folder.write(file, bytes)
      this.#folder.sync(file)
    } finally {
      this.#folder.close(file)
    }
    this.#folder.rename(`${to}.tmp`, to)
    this.#folder.syncFolder(dirname(to))
  }

  /** Makes a folder, and the names of it and of its parents durable. */
  #makeFolder(path: string): void {
    if (path === this.#dir || this.#folders.has(path)) return
    this.#makeFolder(dirname(path))
    this.#folder.makeFolder(path)
    this.#folder.syncFolder(dirname(path))
    this.#folders.add(path)
  }

  #guard<T>(work: () => T): T {
    if (this.#isBroken) throw new Error('the log is closed after an earlier failure')
    try {
      return work()
    } catch (error) {
      this.#isBroken = true
      throw error
    }
  }

  #path(path: string): string {
    return join(this.#dir, path)
  }
}
