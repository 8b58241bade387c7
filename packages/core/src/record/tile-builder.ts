import { sha256 } from '../model/bytes.ts'
import { encodeHashes, TILE_WIDTH, type TileName } from './tiles.ts'
import { rootOf, Tree, type Sha256 } from './tree.ts'

/** A hash tile with its bytes. */
export interface HashTile extends TileName {
  readonly level: number
  readonly bytes: Uint8Array
}

/** A tree to continue. */
export interface TreeStart {
  readonly size: number
  /** Per level from 0, the hashes of its rightmost partial tile. */
  readonly levels: readonly (readonly Uint8Array[])[]
  /** Roots of its perfect subtrees, largest first; made from the levels when absent. */
  readonly subtrees?: readonly Uint8Array[]
}

/** Grows a tree and cuts its hash tiles. Keeps at most 256 hashes per level. */
export class TileBuilder {
  readonly #levels: { hashes: Uint8Array[]; n: number }[] = []
  readonly #tree: Tree
  readonly #sha: Sha256
  #full: HashTile[] = []

  /**
   * @param start Continue a tree instead of beginning one.
   */
  constructor(sha: Sha256 = sha256, start: TreeStart = { size: 0, levels: [] }) {
    this.#sha = sha
    start.levels.forEach((hashes, level) => {
      this.#levels.push({ hashes: [...hashes], n: Math.floor(start.size / TILE_WIDTH ** (level + 1)) })
    })
    const subtrees =
      start.subtrees ??
      start.levels
        .map((hashes) => perfectSubtrees(hashes, sha))
        .toReversed()
        .flat()
    this.#tree = new Tree({ sha, size: start.size, subtrees, onNode: (level, hash) => this.#node(level, hash) })
  }

  get size(): number {
    return this.#tree.size
  }

  root(): Uint8Array {
    return this.#tree.root()
  }

  /** Another builder at the same place: what is appended to one does not touch the other. */
  copy(): TileBuilder {
    const levels = this.#levels.map(({ hashes }) => hashes)
    return new TileBuilder(this.#sha, { size: this.size, levels, subtrees: this.#tree.subtrees() })
  }

  /** Adds a leaf hash and returns the tiles it completed, lowest level first. */
  append(leaf: Uint8Array): readonly HashTile[] {
    this.#full = []
    this.#tree.append(leaf)
    return this.#full
  }

  /** The partial tiles of the tree as it stands, lowest level first. */
  partials(): HashTile[] {
    return this.#levels.flatMap(({ hashes, n }, level) =>
      hashes.length === 0 ? [] : [{ level, n, width: hashes.length, bytes: encodeHashes(hashes) }],
    )
  }

  #node(height: number, hash: Uint8Array): void {
    if (height % 8 !== 0) return
    const level = height / 8
    const open = (this.#levels[level] ??= { hashes: [], n: 0 })
    open.hashes.push(hash)
    if (open.hashes.length < TILE_WIDTH) return
    this.#full.push({ level, n: open.n, width: TILE_WIDTH, bytes: encodeHashes(open.hashes) })
    this.#levels[level] = { hashes: [], n: open.n + 1 }
  }
}

/** Roots of the perfect subtrees over a partial tile's hashes, largest first. */
function perfectSubtrees(hashes: readonly Uint8Array[], sha: Sha256): Uint8Array[] {
  const roots: Uint8Array[] = []
  let start = 0
  for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
    if (hashes.length - start < width) continue
    roots.push(rootOf(hashes.slice(start, start + width), sha))
    start += width
  }
  return roots
}
