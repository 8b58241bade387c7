import { sha256 } from '../model/bytes.ts'
import { HASH_BYTES, nodeHash, sameBytes, type Sha256 } from './tree.ts'

/** Most hashes a proof can hold: one per level on both sides. */
export const PROOF_HASHES_MAX = 106

/**
 * Whether `leaf` (a leaf hash) is number `index` of the tree with this size and root.
 * @see RFC 9162, section 2.1.3.2
 */
export function verifyInclusion(
  claim: { readonly leaf: Uint8Array; readonly index: number; readonly size: number; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
  sha: Sha256 = sha256,
): boolean {
  const { leaf, index, size, root } = claim
  if (!isCount(index) || !isCount(size) || index >= size || !wellFormed(proof)) return false
  let fn = index
  let sn = size - 1
  let hash = leaf
  for (const sibling of proof) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash, sha)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else hash = nodeHash(hash, sibling, sha)
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameBytes(hash, root)
}

export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/**
 * Whether the tree `next` starts with the tree `old`.
 * @see RFC 9162, section 2.1.4.2
 */
export function verifyConsistency(
  { old, next }: { readonly old: TreeHead; readonly next: TreeHead },
  proof: readonly Uint8Array[],
  sha: Sha256 = sha256,
): boolean {
  if (!isCount(old.size) || !isCount(next.size) || old.size > next.size || !wellFormed(proof)) return false
  if (old.size === next.size) return proof.length === 0 && sameBytes(old.root, next.root)
  if (old.size === 0) return proof.length === 0 && sameBytes(old.root, sha(new Uint8Array()))
  const path = isPowerOfTwo(old.size) ? [old.root, ...proof] : [...proof]
  const first = path.shift()
  if (!first || proof.length === 0) return false
  let fn = old.size - 1
  let sn = next.size - 1
  while (fn % 2 === 1) {
    fn = half(fn)
    sn = half(sn)
  }
  let oldRoot = first
  let nextRoot = first
  for (const hash of path) {
    if (sn === 0) return false
    if (fn % 2 === 1 || fn === sn) {
      oldRoot = nodeHash(hash, oldRoot, sha)
      nextRoot = nodeHash(hash, nextRoot, sha)
      while (fn % 2 === 0 && fn !== 0) {
        fn = half(fn)
        sn = half(sn)
      }
    } else nextRoot = nodeHash(nextRoot, hash, sha)
    fn = half(fn)
    sn = half(sn)
  }
  return sn === 0 && sameBytes(oldRoot, old.root) && sameBytes(nextRoot, next.root)
}

function wellFormed(proof: readonly Uint8Array[]): boolean {
  return proof.length <= PROOF_HASHES_MAX && proof.every((hash) => hash.length === HASH_BYTES)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** Math.round(Math.log2(value)) === value
}

function half(value: number): number {
  return Math.floor(value / 2)
}
