import { sha256 } from '../model/bytes.ts'

/** SHA-256 as a parameter: `core` brings a portable one, a server passes its native one. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array

/** Bytes of one hash. */
export const HASH_BYTES = 32

/** Hash of a leaf. @see RFC 6962, section 2.1: the prefix byte keeps a node from posing as a leaf. */
export function leafHash(leaf: Uint8Array, sha: Sha256 = sha256): Uint8Array {
  const bytes = new Uint8Array(1 + leaf.length)
  bytes.set(leaf, 1)
  return sha(bytes)
}

/** Hash of an inner node. @see RFC 6962, section 2.1 */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha: Sha256 = sha256): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length)
  bytes[0] = 1
  bytes.set(left, 1)
  bytes.set(right, 1 + left.length)
  return sha(bytes)
}

export interface TreeOptions {
  readonly sha?: Sha256
  /** Told of every perfect subtree as it completes; level 0 is a leaf hash. */
  readonly onNode?: (level: number, hash: Uint8Array) => void
  /** Start from an existing tree instead of the empty one. */
  readonly size?: number
  /** Roots of its perfect subtrees, largest first. */
  readonly subtrees?: readonly Uint8Array[]
}

/** A growing RFC 6962 tree that remembers only the roots of its perfect subtrees: at most 53 hashes. */
export class Tree {
  readonly #sha: Sha256
  readonly #onNode: ((level: number, hash: Uint8Array) => void) | undefined
  readonly #subtrees: Uint8Array[]
  #size: number

  constructor(options: TreeOptions = {}) {
    this.#sha = options.sha ?? sha256
    this.#onNode = options.onNode
    this.#subtrees = [...(options.subtrees ?? [])]
    this.#size = options.size ?? 0
    if (this.#subtrees.length !== ones(this.#size)) throw new RangeError('subtrees do not fit the size')
  }

  get size(): number {
    return this.#size
  }

  /** Adds a leaf by its hash. */
  append(leaf: Uint8Array): void {
    let hash = leaf
    let level = 0
    this.#onNode?.(level, hash)
    for (let left = this.#size; left % 2 === 1; left = (left - 1) / 2) {
      hash = nodeHash(this.#subtrees.pop() ?? hash, hash, this.#sha)
      this.#onNode?.(++level, hash)
    }
    this.#subtrees.push(hash)
    this.#size++
  }

  /** Roots of its perfect subtrees, largest first. */
  subtrees(): readonly Uint8Array[] {
    return this.#subtrees
  }

  root(): Uint8Array {
    return foldRoot(this.#subtrees, this.#sha)
  }
}

/** Root over perfect subtrees, largest first; the hash of nothing for an empty tree. */
export function foldRoot(subtrees: readonly Uint8Array[], sha: Sha256 = sha256): Uint8Array {
  return (
    subtrees.reduceRight<Uint8Array | undefined>((right, left) => (right ? nodeHash(left, right, sha) : left), undefined) ??
    sha(new Uint8Array())
  )
}

/** Root of the tree over these leaf hashes. */
export function rootOf(leaves: readonly Uint8Array[], sha: Sha256 = sha256): Uint8Array {
  const tree = new Tree({ sha })
  for (const leaf of leaves) tree.append(leaf)
  return tree.root()
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function ones(size: number): number {
  let count = 0
  for (let n = size; n > 0; n = Math.floor(n / 2)) count += n % 2
  return count
}
