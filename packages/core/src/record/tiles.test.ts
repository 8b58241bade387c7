import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toHex } from '../model/bytes.ts'
import { TileBuilder, type HashTile } from './tile-builder.ts'
import { encodeBundle, encodeHashes, parseBundle, parseHashes, parseTilePath, partialWidth, tilePath } from './tiles.ts'
import { leafHash, rootOf } from './tree.ts'

test.each([
  [{ level: 0, n: 0, width: 256 }, 'tile/0/000'],
  [{ level: 1, n: 1_234_067, width: 256 }, 'tile/1/x001/x234/067'],
  [{ level: 0, n: 273, width: 112 }, 'tile/0/273.p/112'],
  [{ level: 'entries', n: 1_067, width: 256 }, 'tile/entries/x001/067'],
] as const)('path %#: %j is %s', (tile, path) => {
  expect(tilePath(tile)).toBe(path)
  expect(parseTilePath(path)).toEqual(tile)
})

test.each([
  'tile/0/1',
  'tile/00/001',
  'tile/64/001',
  'tile/0/x000/001',
  'tile/0/001.p/0',
  'tile/0/001.p/256',
  'tile/0/001.p/01',
  'tile/0/001/002',
  'tile/0/../001',
  'tile/x/001',
])('path %s is refused', (path) => {
  expect(parseTilePath(path)).toBeUndefined()
})

test('partial widths are those of the example in C2SP tlog-tiles', () => {
  expect([0, 1, 2].map((level) => partialWidth(level, 70_000))).toEqual([112, 17, 1])
  expect([0, 1].map((level) => partialWidth(level, 256))).toEqual([0, 1])
})

test('R116: bundles and hash tiles read back what was written, and their parsers take any bytes', () => {
  const entries = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 256 })
  fc.assert(
    fc.property(entries, fc.nat(), (written, cut) => {
      const bytes = encodeBundle(written)
      expect(parseBundle(bytes).entries.map(toHex)).toEqual(written.map(toHex))
      const short = bytes.subarray(0, cut % (bytes.length + 1))
      const { entries: whole, wholeBytes } = parseBundle(short)
      expect(toHex(encodeBundle(whole))).toBe(toHex(short.subarray(0, wholeBytes)))
      expect(whole.length === written.length).toBe(short.length === bytes.length)
    }),
  )
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => void [parseBundle(bytes), parseHashes(bytes, 8)]))
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { minLength: 1, maxLength: 20 }), (hashes) => {
      expect(parseHashes(encodeHashes(hashes), hashes.length)?.map(toHex)).toEqual(hashes.map(toHex))
      expect(parseHashes(encodeHashes(hashes).subarray(1), hashes.length)).toBeUndefined()
    }),
  )
})

test('an entry over 16 bits of length, or an empty record, has no place in a bundle', () => {
  expect(() => encodeBundle([new Uint8Array(65_536)])).toThrow(RangeError)
  expect(parseBundle(new Uint8Array(4))).toEqual({ entries: [], wholeBytes: 0 })
})

test('R116: tiles cut while growing hold the subtree roots of their level, and a continued builder cuts the same', () => {
  const leaves = Array.from({ length: 66_000 }, (_, i) => leafHash(Uint8Array.of(i & 255, (i >> 8) & 255, i >> 16)))
  const builder = new TileBuilder()
  const tiles: HashTile[] = []
  for (const leaf of leaves) tiles.push(...builder.append(leaf))
  expect(tiles.filter(({ level }) => level === 0)).toHaveLength(257)
  const [upper] = tiles.filter(({ level }) => level === 1)
  expect(upper && toHex(upper.bytes.subarray(32, 64))).toBe(toHex(rootOf(leaves.slice(256, 512))))
  expect(builder.partials().map(({ level, n, width }) => ({ level, n, width }))).toEqual([
    { level: 0, n: 257, width: 208 },
    { level: 1, n: 1, width: 1 },
    { level: 2, n: 0, width: 1 },
  ])
  const levels = [0, 1, 2].map(
    (level) => parseHashes(builder.partials()[level]?.bytes ?? new Uint8Array(), builder.partials()[level]?.width ?? 0) ?? [],
  )
  const continued = new TileBuilder(undefined, { size: builder.size, levels })
  expect(toHex(continued.root())).toBe(toHex(builder.root()))
  for (let i = 0; i < 100; i++) {
    const leaf = leafHash(Uint8Array.of(1, i))
    expect(continued.append(leaf).map((tile) => [tile.level, tile.n, toHex(tile.bytes)])).toEqual(
      builder.append(leaf).map((tile) => [tile.level, tile.n, toHex(tile.bytes)]),
    )
  }
  expect(toHex(continued.root())).toBe(toHex(builder.root()))
})

test('a copied builder and its original grow apart', () => {
  const leaf = (i: number): Uint8Array => leafHash(Uint8Array.of(i & 255, i >> 8))
  const original = new TileBuilder()
  for (let i = 0; i < 500; i++) original.append(leaf(i))
  const copy = original.copy()
  for (let i = 600; i < 900; i++) copy.append(leaf(i))
  const tiles = Array.from({ length: 100 }, (_, i) => original.append(leaf(500 + i))).flat()
  expect(toHex(original.root())).toBe(toHex(rootOf(Array.from({ length: 600 }, (_, i) => leaf(i)))))
  expect(tiles.map(({ level, n, width }) => ({ level, n, width }))).toEqual([{ level: 0, n: 1, width: 256 }])
  expect(copy.size).toBe(800)
})
