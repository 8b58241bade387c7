import { sha256 } from '../model/bytes.ts'
import { nodeHash, type Sha256 } from './tree.ts'

/** A tree whose nodes can be read. */
export interface Nodes {
  /** Root of the perfect subtree number `index` of height `level`, all of whose leaves are in the tree. */
  readonly read: (level: number, index: number) => Promise<Uint8Array>
  readonly sha?: Sha256
}

/**
 * Inclusion proof, from the leaf's sibling up.
 * @throws RangeError when the tree has no such leaf.
 * @see RFC 6962, section 2.1.1
 */
export async function inclusionProof(index: number, size: number, nodes: Nodes): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size)
    throw new RangeError('no such leaf')
  const path: Uint8Array[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + split(end - start)
    path.push(index < middle ? await rangeHash(middle, end, nodes) : await rangeHash(start, middle, nodes))
    if (index < middle) end = middle
    else start = middle
  }
  return path.reverse()
}

/**
 * Proof that the tree of `size` leaves starts with the tree of `oldSize` leaves; empty when one of them is trivial.
 * @throws RangeError when `oldSize` is larger.
 * @see RFC 6962, section 2.1.2
 */
export async function consistencyProof(oldSize: number, size: number, nodes: Nodes): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > size)
    throw new RangeError('no such tree')
  if (oldSize === 0 || oldSize === size) return []
  const proof: Uint8Array[] = []
  let start = 0
  let end = size
  let whole = true
  while (end !== oldSize) {
    const middle = start + split(end - start)
    if (oldSize <= middle) {
      proof.push(await rangeHash(middle, end, nodes))
      end = middle
    } else {
      proof.push(await rangeHash(start, middle, nodes))
      start = middle
      whole = false
    }
  }
  if (!whole) proof.push(await rangeHash(start, end, nodes))
  return proof.reverse()
}

/** Root the tree had when it held `size` leaves. */
export function rootAt(size: number, nodes: Nodes): Promise<Uint8Array> {
  return size === 0 ? Promise.resolve((nodes.sha ?? sha256)(new Uint8Array())) : rangeHash(0, size, nodes)
}

/** Root of leaves `start` to `end`; `start` is a multiple of the power of two that splits the range. */
export async function rangeHash(start: number, end: number, nodes: Nodes): Promise<Uint8Array> {
  const width = end - start
  const level = Math.round(Math.log2(width))
  if (2 ** level === width) return nodes.read(level, start / width)
  const middle = start + split(width)
  return nodeHash(await rangeHash(start, middle, nodes), await rangeHash(middle, end, nodes), nodes.sha)
}

/** Largest power of two below `width`, which is at least 2. */
export function split(width: number): number {
  let power = 1
  while (power * 2 < width) power *= 2
  return power
}
