import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../model/bytes.ts'
import { consistencyProof, inclusionProof, rootAt, type Nodes } from './tree-proof.ts'
import { verifyConsistency, verifyInclusion } from './tree-verify.ts'
import { leafHash, rootOf } from './tree.ts'

const LEAVES_MAX = 70
const leaves = Array.from({ length: LEAVES_MAX }, (_, i) => leafHash(Uint8Array.of(i)))
const roots = Array.from({ length: LEAVES_MAX + 1 }, (_, size) => rootOf(leaves.slice(0, size)))
const root = (size: number): Uint8Array => roots[size] ?? new Uint8Array()
const leaf = (index: number): Uint8Array => leaves[index] ?? new Uint8Array()
const nodes: Nodes = { read: (level, index) => Promise.resolve(rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))) }

test('R116: every leaf of every tree has an inclusion proof that verifies, and equals the definition in RFC 6962', async () => {
  const mth = (data: Uint8Array[]): Uint8Array => {
    if (data.length === 1) return data[0] ?? new Uint8Array()
    const k = 2 ** Math.floor(Math.log2(data.length - 1))
    return createHash('sha256')
      .update(Uint8Array.of(1))
      .update(mth(data.slice(0, k)))
      .update(mth(data.slice(k)))
      .digest()
  }
  const definition = (m: number, data: Uint8Array[]): Uint8Array[] => {
    if (data.length === 1) return []
    const k = 2 ** Math.floor(Math.log2(data.length - 1))
    return m < k
      ? [...definition(m, data.slice(0, k)), mth(data.slice(k))]
      : [...definition(m - k, data.slice(k)), mth(data.slice(0, k))]
  }
  for (let size = 1; size <= LEAVES_MAX; size++) {
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(index, size, nodes)
      expect(proof.map(toHex)).toEqual(definition(index, leaves.slice(0, size)).map(toHex))
      expect(verifyInclusion({ leaf: leaf(index), index, size, root: root(size) }, proof)).toBe(true)
    }
  }
})

test('R116: every tree is consistent with each of its beginnings', async () => {
  for (let size = 0; size <= LEAVES_MAX; size++) {
    expect(toHex(await rootAt(size, nodes))).toBe(toHex(root(size)))
    for (let old = 0; old <= size; old++) {
      const proof = await consistencyProof(old, size, nodes)
      expect(verifyConsistency({ old: { size: old, root: root(old) }, next: { size, root: root(size) } }, proof)).toBe(true)
    }
  }
})

const sizes = fc
  .integer({ min: 1, max: LEAVES_MAX })
  .chain((size) => fc.tuple(fc.constant(size), fc.nat(size - 1), fc.nat(), fc.nat(255)))

test('R116: an inclusion proof with any bit flipped, of another leaf, index or size, or with a hash more or less, fails', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async ([size, index, at, bit]) => {
      const proof = await inclusionProof(index, size, nodes)
      const claim = { leaf: leaf(index), index, size, root: root(size) }
      if (proof.length > 0) expect(verifyInclusion(claim, flip(proof, at, bit))).toBe(false)
      expect(verifyInclusion({ ...claim, leaf: flip([claim.leaf], 0, bit)[0] ?? leaf(0) }, proof)).toBe(false)
      expect(verifyInclusion({ ...claim, root: flip([claim.root], 0, bit)[0] ?? leaf(0) }, proof)).toBe(false)
      expect(verifyInclusion({ ...claim, index: (index + 1) % size }, proof)).toBe(size === 1)
      expect(verifyInclusion({ ...claim, index: size }, proof)).toBe(false)
      expect(verifyInclusion(claim, [...proof, leaf(0)])).toBe(false)
      if (proof.length > 0) expect(verifyInclusion(claim, proof.slice(1))).toBe(false)
    }),
  )
})

test('R116: a consistency proof with any bit flipped, or between other trees, fails', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async ([size, old, at, bit]) => {
      if (old === 0) return
      const proof = await consistencyProof(old, size, nodes)
      const from = { size: old, root: root(old) }
      const to = { size, root: root(size) }
      expect(verifyConsistency({ old: from, next: to }, flip(proof, at, bit))).toBe(false)
      expect(verifyConsistency({ old: { ...from, root: flip([from.root], 0, bit)[0] ?? leaf(0) }, next: to }, proof)).toBe(false)
      expect(verifyConsistency({ old: from, next: { ...to, root: flip([to.root], 0, bit)[0] ?? leaf(0) } }, proof)).toBe(false)
      expect(verifyConsistency({ old: to, next: from }, proof)).toBe(false)
      expect(verifyConsistency({ old: from, next: to }, [...proof, leaf(0)])).toBe(false)
    }),
  )
})

test('a proof of a leaf or tree that does not exist is refused', async () => {
  await expect(inclusionProof(5, 5, nodes)).rejects.toThrow(RangeError)
  await expect(inclusionProof(-1, 5, nodes)).rejects.toThrow(RangeError)
  await expect(consistencyProof(6, 5, nodes)).rejects.toThrow(RangeError)
})

function flip(hashes: readonly Uint8Array[], at: number, bit: number): Uint8Array[] {
  return hashes.map((hash, i) => {
    if (i !== at % hashes.length) return hash
    const copy = hash.slice()
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    return copy
  })
}
