import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../model/bytes.ts'
import { leafHash, rootOf, Tree } from './tree.ts'

/** The sample of the Certificate Transparency reference implementations. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test.each(ROOTS.map((root, size) => [size, root] as const))(
  'R116: the root over %i leaves is that of the CT sample',
  (size, root) => {
    const leaves = LEAVES.slice(0, size).map((leaf) => leafHash(fromHex(leaf)))
    expect(toHex(rootOf(leaves))).toBe(root)
  },
)

test('R116: a node never hashes like a leaf, so two hashes cannot pose as an entry', () => {
  const [a, b] = [leafHash(fromHex('00')), leafHash(fromHex('10'))]
  expect(toHex(leafHash(new Uint8Array([...a, ...b])))).not.toBe(toHex(rootOf([a, b])))
})

test('a tree continued from its subtrees has the root of one grown whole, at every size', () => {
  const leaves = Array.from({ length: 70 }, (_, i) => leafHash(Uint8Array.of(i)))
  for (let size = 0; size < leaves.length; size++) {
    const subtrees: Uint8Array[] = []
    let at = 0
    for (let width = 64; width >= 1; width /= 2) {
      if ((size & width) === 0) continue
      subtrees.push(rootOf(leaves.slice(at, at + width)))
      at += width
    }
    const tree = new Tree({ size, subtrees })
    for (const leaf of leaves.slice(size)) tree.append(leaf)
    expect(toHex(tree.root())).toBe(toHex(rootOf(leaves)))
  }
})

test('the root equals the recursive definition of RFC 6962, with another SHA-256', () => {
  const sha = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  const definition = (data: Uint8Array[]): Buffer => {
    if (data.length === 0) return sha()
    if (data.length === 1) return sha(Uint8Array.of(0), data[0] ?? new Uint8Array())
    const k = 2 ** Math.floor(Math.log2(data.length - 1))
    return sha(Uint8Array.of(1), definition(data.slice(0, k)), definition(data.slice(k)))
  }
  for (const size of [0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 300]) {
    const data = Array.from({ length: size }, (_, i) => Uint8Array.of(i & 255, i >> 8))
    expect(toHex(rootOf(data.map((leaf) => leafHash(leaf))))).toBe(definition(data).toString('hex'))
  }
})
