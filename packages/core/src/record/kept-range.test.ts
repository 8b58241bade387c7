import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { toHex } from '../model/bytes.ts'
import type { EntryBody } from '../model/entry.ts'
import { exportLog } from './export-log.ts'
import { bodyAt, entriesOf, KEY, layEntries, makeLog, ORIGIN, type Files } from './fixtures/memory-log.ts'
import { firstKept, PRUNED_VERB } from './kept-range.ts'
import { formatProof, parseProof, proveEntry, verifyProof } from './proof.ts'
import { readEntries, readEntriesBack } from './read-entries.ts'
import { TILE_WIDTH, tilePath } from './tiles.ts'
import { leafHash, rootOf } from './tree.ts'
import { verifyLog, type LogReport } from './verify-log.ts'

const sha = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const SIZE = 1_500
const PLAIN = entriesOf(SIZE)
const rootOfFirst = (to: number): string =>
  toHex(
    rootOf(
      PLAIN.slice(0, to).map((leaf) => leafHash(leaf, sha)),
      sha,
    ),
  )
const prunedBody = (detail: Record<string, string | number>): EntryBody => {
  return { type: 'admin', actor: { type: 'system', id: 'sallyport' }, verb: PRUNED_VERB, outcome: 'done', detail }
}
/** Entry 1,490 says that entries before `to` may be gone. */
const prunedLog = (to: number, root: string = rootOfFirst(to)): Promise<Files> =>
  makeLog(entriesOf(SIZE, (index) => (index === 1_490 ? prunedBody({ to, root }) : bodyAt(index === 1_491 ? 1_492 : index))))
const remove = (files: Files, to: number): Files => {
  for (let n = 0; n < to / TILE_WIDTH; n++) files.delete(tilePath({ level: 'entries', n, width: TILE_WIDTH }))
  return files
}
const check = (files: Files, known: readonly string[] = []): Promise<LogReport> =>
  verifyLog((path) => files.get(path), { origin: ORIGIN, keys: [KEY], known, sha })
async function take<T>(from: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = []
  for await (const one of from) taken.push(one)
  return taken
}

test('R132 R116: a log pruned below the index that its own entry names verifies, and says so', async () => {
  const files = remove(await prunedLog(768), 768)
  expect(await check(files)).toMatchObject({ ok: true, size: SIZE, prunedTo: 768, problems: [] })
})

test('R132: a pruning that a crash stopped half way verifies', async () => {
  expect(await check(remove(await prunedLog(768), 256))).toMatchObject({ ok: true, prunedTo: 256 })
  expect(await check(remove(await prunedLog(768), 0))).toMatchObject({ ok: true, prunedTo: 0 })
})

test('R116: a missing head that no entry allows is entries_missing', async () => {
  const files = remove(await makeLog(PLAIN), 768)
  expect(await check(files)).toMatchObject({
    ok: false,
    prunedTo: 0,
    problems: [{ reason: 'entries_missing', where: 'head', index: 0 }],
  })
})

test('R116: more missing than the entry allows, or a hole behind it, is entries_missing', async () => {
  expect((await check(remove(await prunedLog(512), 768))).problems[0]).toMatchObject({
    reason: 'entries_missing',
    where: 'head',
    index: 512,
  })
  const holed = remove(await prunedLog(512), 512)
  holed.delete(tilePath({ level: 'entries', n: 4, width: TILE_WIDTH }))
  expect((await check(holed)).problems[0]).toMatchObject({ reason: 'entries_missing', index: 1_024 })
})

test('R116: an entry that names another root, or that no checkpoint covers, allows nothing', async () => {
  const lying = remove(await prunedLog(512, 'ab'.repeat(32)), 512)
  expect((await check(lying)).problems[0]).toMatchObject({ reason: 'entries_missing', index: 0 })
  const bodies = entriesOf(SIZE, (index) =>
    index === 1_490 ? prunedBody({ to: 512, root: rootOfFirst(512) }) : bodyAt(index === 1_491 ? 1_492 : index),
  )
  const late = await makeLog(bodies, 1_490)
  layEntries(late, bodies)
  expect((await check(remove(late, 512))).problems[0]).toMatchObject({ reason: 'entries_missing', index: 0 })
})

test('R116: a changed hash tile of the pruned part is found', async () => {
  const files = remove(await prunedLog(768), 768)
  const path = tilePath({ level: 0, n: 1, width: TILE_WIDTH })
  files.set(
    path,
    (files.get(path) ?? new Uint8Array()).map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  )
  expect((await check(files)).ok).toBe(false)
})

test('R116 R132: proofs made before the pruning and proofs of kept entries verify; a pruned entry has none', async () => {
  const files = await prunedLog(768)
  const read = (path: string): Uint8Array | undefined => files.get(path)
  const old = formatProof(await proveEntry(read, 100, sha))
  remove(files, 768)
  const kept = formatProof(await proveEntry(read, 800, sha))
  for (const text of [old, kept]) {
    const proof = parseProof(text)
    expect(proof && verifyProof(proof, { origin: ORIGIN, keys: [KEY] })).toMatchObject({ ok: true })
  }
  await expect(proveEntry(read, 100, sha)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('R132: a pruned log is read, forwards and backwards, as far as it goes, and exported', async () => {
  const files = remove(await prunedLog(768), 768)
  const read = (path: string): Uint8Array | undefined => files.get(path)
  const all = await take(readEntries(read))
  expect([all.length, all[0]?.index]).toEqual([SIZE - 768, 768])
  expect((await take(readEntries(read, 100, 800))).map(({ index }) => index)).toEqual(Array.from({ length: 32 }, (_, i) => 768 + i))
  expect((await take(readEntriesBack(read, SIZE))).at(-1)?.index).toBe(768)
  const copy: Files = new Map()
  for await (const { path, bytes } of exportLog(read)) copy.set(path, bytes)
  expect(await check(copy)).toMatchObject({ ok: true, size: SIZE, prunedTo: 768 })
})

test.each([0, 256, 512, 768, 1_024, 1_280])('the first kept entry of a log pruned to %i is found', async (to) => {
  const files = remove(await makeLog(PLAIN), to)
  expect(await firstKept((path) => files.get(path))).toBe(to)
})
