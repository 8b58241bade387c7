import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../model/bytes.ts'
import { proveRange, rangeRoot, type LeafRange } from './range-proof.ts'
import { rangeHash, type Nodes } from './tree-proof.ts'
import { leafHash, rootOf } from './tree.ts'

const leaves = Array.from({ length: 700 }, (_, i) => leafHash(Uint8Array.of(i & 255, i >> 8)))
const nodes: Nodes = { read: (level, index) => Promise.resolve(rootOf(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level))) }
const ranges = fc.tuple(fc.integer({ min: 1, max: 700 }), fc.nat(), fc.nat()).map(([size, a, b]): LeafRange => {
  const from = a % size
  return { from, to: from + 1 + (b % (size - from)), size }
})

test('R253: a range of leaf hashes and its proof give the root of the tree, whatever the range', async () => {
  await fc.assert(
    fc.asyncProperty(ranges, async (range) => {
      const proof = await proveRange(range, nodes)
      const root = rangeRoot(range, leaves.slice(range.from, range.to), { proof })
      expect(root && toHex(root)).toBe(toHex(rootOf(leaves.slice(0, range.size))))
    }),
  )
})

// The size comes from the signed checkpoint, so it is not among what is changed alone.
test('R253: no leaf of a range can be left out, added, moved or changed, and no range widened', async () => {
  await fc.assert(
    fc.asyncProperty(ranges, fc.nat(), async (range, at) => {
      const proof = await proveRange(range, nodes)
      const own = leaves.slice(range.from, range.to)
      const root = toHex(rootOf(leaves.slice(0, range.size)))
      const i = at % own.length
      const foreign = leafHash(Uint8Array.of(9, 9, 9))
      const changed: [LeafRange, Uint8Array[]][] = [
        [{ ...range, to: range.to - 1 }, own.toSpliced(i, 1)],
        [range, own.toSpliced(i, 1)],
        [{ ...range, to: range.to + 1, size: range.size + 1 }, own.toSpliced(i, 0, foreign)],
        [range, own.with(i, foreign)],
        [{ ...range, from: range.from + 1 }, own.slice(1)],
      ]
      if (own.length > 1) changed.push([range, own.toReversed()])
      for (const [other, hashes] of changed) {
        const found = rangeRoot(other, hashes, { proof })
        expect(found === undefined || toHex(found) !== root, JSON.stringify(other)).toBe(true)
      }
    }),
  )
})

test.each([
  [{ from: 3, to: 3, size: 5 }],
  [{ from: -1, to: 3, size: 5 }],
  [{ from: 0, to: 6, size: 5 }],
  [{ from: 0.5, to: 1, size: 5 }],
])('no range: %j', async (range) => {
  await expect(proveRange(range, nodes)).rejects.toThrow(RangeError)
  expect(rangeRoot(range, [], { proof: [] })).toBeUndefined()
})

test('a hash outside a proof is refused', () => {
  const range = { from: 0, to: 1, size: 2 }
  expect(rangeRoot(range, leaves.slice(0, 1), { proof: [new Uint8Array(31)] })).toBeUndefined()
  expect(rangeRoot(range, leaves.slice(0, 1), { proof: [] })).toBeUndefined()
  expect(rangeRoot(range, [new Uint8Array(33)], { proof: leaves.slice(1, 2) })).toBeUndefined()
})

test('subtrees of other widths are read as the tree splits them', async () => {
  expect(toHex(await rangeHash(512, 700, nodes))).toBe(toHex(rootOf(leaves.slice(512, 700))))
})
