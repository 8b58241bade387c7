import { sha256 } from '../model/bytes.ts'
import { rangeHash, split, type Nodes } from './tree-proof.ts'
import { HASH_BYTES, nodeHash, rootOf, type Sha256 } from './tree.ts'

/** Leaves `from` (inclusive) to `to` (exclusive) of the tree of `size` leaves. */
export interface LeafRange {
  readonly from: number
  readonly to: number
  readonly size: number
}

/** Most hashes besides the leaves: two per level. */
export const RANGE_HASHES_MAX = 106

/**
 * The hashes that, with the leaf hashes of a range, give the root: those of the largest subtrees outside it, from left to
 * right. Shows that a range is whole: no leaf can be left out, added or moved without another root.
 * @throws RangeError unless `from < to ≤ size`.
 */
export async function proveRange(range: LeafRange, nodes: Nodes): Promise<Uint8Array[]> {
  requireRange(range)
  const hashes: Uint8Array[] = []
  for (const part of partsOutside(range)) hashes.push(await rangeHash(part.start, part.end, nodes))
  return hashes
}

/**
 * Root of the tree that has these leaf hashes in this range; `undefined` when counts do not fit.
 * @param proof As `proveRange` gave it.
 */
export function rangeRoot(
  range: LeafRange,
  leaves: readonly Uint8Array[],
  { proof, sha = sha256 }: { readonly proof: readonly Uint8Array[]; readonly sha?: Sha256 },
): Uint8Array | undefined {
  const { from, to, size } = range
  if (!isRange(range) || leaves.length !== to - from || proof.length > RANGE_HASHES_MAX) return undefined
  if (![...leaves, ...proof].every((hash) => hash.length === HASH_BYTES)) return undefined
  if (proof.length !== partsOutside(range).length) return undefined
  let used = 0
  const rootBetween = (start: number, end: number): Uint8Array => {
    if (end <= from || start >= to) return proof[used++] as Uint8Array
    if (start >= from && end <= to) return rootOf(leaves.slice(start - from, end - from), sha)
    const middle = start + split(end - start)
    const left = rootBetween(start, middle)
    return nodeHash(left, rootBetween(middle, end), sha)
  }
  return rootBetween(0, size)
}

/** Largest subtrees that hold no leaf of the range, left to right. */
function partsOutside({ from, to, size }: LeafRange): { start: number; end: number }[] {
  const parts: { start: number; end: number }[] = []
  const visit = (start: number, end: number): void => {
    if (end <= from || start >= to) return void parts.push({ start, end })
    if (start >= from && end <= to) return
    const middle = start + split(end - start)
    visit(start, middle)
    visit(middle, end)
  }
  visit(0, size)
  return parts
}

function isRange({ from, to, size }: LeafRange): boolean {
  return [from, to, size].every((value) => Number.isSafeInteger(value)) && from >= 0 && from < to && to <= size
}

function requireRange(range: LeafRange): void {
  if (!isRange(range)) throw new RangeError('no such range of leaves')
}
