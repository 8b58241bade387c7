import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { utf8 } from '../model/bytes.ts'
import { bodyAt, entriesOf, KEY, layAll, layEntries, makeLog, ORIGIN, type Files } from './fixtures/memory-log.ts'
import { fromUtf8 } from './text.ts'
import { encodeBundle, TILE_WIDTH } from './tiles.ts'
import { verifyLog, type LogReport } from './verify-log.ts'

const sha = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest()
const check = (files: Files, known: readonly string[] = []): Promise<LogReport> =>
  verifyLog((path) => files.get(path), { origin: ORIGIN, keys: [KEY], known, sha })
const first = async (files: Files, known: readonly string[] = []): Promise<object> => {
  const report = await check(files, known)
  expect(report.ok).toBe(false)
  return report.problems[0] ?? {}
}
const SIZE = 700
const ENTRIES = entriesOf(SIZE)
const at = (index: number): Uint8Array => ENTRIES[index] ?? new Uint8Array()
const without = (index: number, count = 1): Uint8Array[] => [...ENTRIES.slice(0, index), ...ENTRIES.slice(index + count)]
const noteOf = (files: Files): string => fromUtf8(files.get('checkpoint') ?? new Uint8Array()) ?? ''
const changed = (index: number): Uint8Array[] =>
  ENTRIES.map((entry, i) => (i === index ? utf8((fromUtf8(entry) ?? '').replace('agent-a', 'agent-b')) : entry))

test.each([0, 1, 2, 255, 256, 257, 511, 512, 513, SIZE])('R115 R116: an untouched log of %i entries verifies', async (size) => {
  const report = await check(await makeLog(ENTRIES.slice(0, size)))
  expect(report).toMatchObject({ ok: true, size, checkpointed: size, durable: 0, problems: [], torn: false })
  expect(report.counts).toMatchObject({ decision: Math.ceil(size / 2), outcome: Math.floor(size / 2) })
})

/** What is done to the entries; the first bad index; the reason. Each is tried with the hash tiles left alone and rewritten. */
const TAMPERED: readonly (readonly [string, Uint8Array[], object])[] = [
  ['a changed byte in the first entry', changed(0), { reason: 'entry_changed', index: 0 }],
  ['a changed byte in a full bundle', changed(300), { reason: 'entry_changed', index: 300 }],
  ['a changed byte in the newest bundle', changed(SIZE - 1), { reason: 'entry_changed', index: SIZE - 1 }],
  ['a dropped head', ENTRIES.slice(1), { reason: 'entries_missing', where: 'head', index: 0 }],
  ['a dropped first bundle', ENTRIES.slice(TILE_WIDTH), { reason: 'entries_missing', where: 'head', index: 0 }],
  ['a dropped entry in the middle', without(300), { reason: 'entries_missing', where: 'middle', index: 300 }],
  ['dropped entries across bundles', without(200, 200), { reason: 'entries_missing', where: 'middle', index: 200 }],
  ['a dropped tail', ENTRIES.slice(0, -1), { reason: 'entries_missing', where: 'tail', index: SIZE - 1 }],
  ['a dropped tail of bundles', ENTRIES.slice(0, 256), { reason: 'entries_missing', where: 'tail', index: 256 }],
  ['neighbours swapped', [...ENTRIES.slice(0, 40), at(41), at(40), ...ENTRIES.slice(42)], { reason: 'entry_swapped', index: 40 }],
  [
    'entries swapped across bundles',
    ENTRIES.map((entry, i) => (i === 10 ? at(600) : i === 600 ? at(10) : entry)),
    { reason: 'entry_swapped', index: 10 },
  ],
  [
    'three entries rotated',
    ENTRIES.map((entry, i) => (i === 10 ? at(11) : i === 11 ? at(12) : i === 12 ? at(10) : entry)),
    { reason: 'entry_swapped', index: 10 },
  ],
  ['an entry inserted twice', [...ENTRIES.slice(0, 10), at(9), ...ENTRIES.slice(10)], { reason: 'entry_duplicated', index: 10 }],
  [
    'an entry overwritten with an earlier one',
    ENTRIES.map((entry, i) => (i === 300 ? at(3) : entry)),
    { reason: 'entry_duplicated', index: 300 },
  ],
  [
    'an entry overwritten with a later one',
    ENTRIES.map((entry, i) => (i === 3 ? at(300) : entry)),
    { reason: 'entry_duplicated', index: 3 },
  ],
]

test.each(TAMPERED)('R116: %s is found', async (_, entries, problem) => {
  const files = await makeLog(ENTRIES)
  layEntries(files, entries)
  expect(await first(files)).toMatchObject({ ...problem, exact: true })
})

test.each(TAMPERED.filter(([, , problem]) => !JSON.stringify(problem).includes('entry_changed')))(
  'R116 R117: %s is found although every hash tile was rewritten to match',
  async (_, entries, problem) => {
    const files = await makeLog(ENTRIES)
    layAll(files, entries)
    expect(await first(files)).toMatchObject({ ...problem, exact: true })
  },
)

test('R117: a changed entry with every hash tile rewritten is found, from the last checkpoint held elsewhere on', async () => {
  const files = await makeLog(ENTRIES)
  const known = noteOf(await makeLog(ENTRIES.slice(0, 400)))
  layAll(files, changed(500))
  expect(await first(files, [known])).toMatchObject({ reason: 'entry_changed', index: 400, exact: false })
  expect(await first(files)).toMatchObject({ reason: 'entry_changed', index: 0, exact: false })
})

test('R116: an entry that was never written, inserted, is found', async () => {
  const files = await makeLog(ENTRIES)
  const foreign = utf8('{"forged":true}')
  layEntries(files, [...ENTRIES.slice(0, 20), foreign, ...ENTRIES.slice(20)])
  expect(await first(files)).toMatchObject({ reason: 'entry_inserted', index: 20 })
})

test.each(['tile/entries/000', 'tile/entries/001', 'open/2'])('R116: the missing file %s is found', async (path) => {
  const files = await makeLog(ENTRIES)
  for (const name of files.keys()) if (name === path || name.startsWith('tile/entries/002.p')) files.delete(name)
  files.delete(path)
  const where = path.endsWith('000') ? 'head' : path.endsWith('001') ? 'middle' : 'tail'
  expect(await first(files)).toMatchObject({ reason: 'entries_missing', where, index: Number(path.slice(-1)) * TILE_WIDTH })
})

test.each(['tile/entries/001', 'open/2'])('R116: the file %s cut off in the middle of an entry is found', async (path) => {
  const files = await makeLog(ENTRIES)
  const n = Number(path.slice(-1))
  files.set(path, encodeBundle(ENTRIES.slice(n * TILE_WIDTH, (n + 1) * TILE_WIDTH)).subarray(0, -3))
  expect(await first(files)).toMatchObject({ reason: 'file_truncated', index: Math.min(SIZE, (n + 1) * TILE_WIDTH) - 1 })
})

test('R117: a log rolled back with its own older checkpoint is found by one held elsewhere', async () => {
  const older = await makeLog(ENTRIES.slice(0, 500))
  expect((await check(older)).ok).toBe(true)
  expect(await first(older, [noteOf(await makeLog(ENTRIES))])).toMatchObject({ reason: 'rolled_back', index: 500 })
})

test('R117: a log rewritten and signed again with its own key is found by a checkpoint held elsewhere', async () => {
  const rewritten = await makeLog(changed(100))
  expect((await check(rewritten)).ok).toBe(true)
  const known = [noteOf(await makeLog(ENTRIES.slice(0, 64))), noteOf(await makeLog(ENTRIES.slice(0, 256)))]
  expect(await first(rewritten, known)).toMatchObject({ reason: 'rolled_back', index: 64, exact: false })
  const honest = await makeLog(ENTRIES)
  expect((await check(honest, known)).ok).toBe(true)
})

test('R117: a log signed by a foreign key is found', async () => {
  expect(await first(await makeLog(ENTRIES, SIZE, new Uint8Array(32).fill(2)))).toMatchObject({ reason: 'foreign_key' })
})

test('R117: a deleted checkpoint is found, and one held elsewhere then stands in for it', async () => {
  const files = await makeLog(ENTRIES)
  const known = noteOf(files)
  files.delete('checkpoint')
  expect(await first(files)).toMatchObject({ reason: 'checkpoint_missing' })
  layEntries(files, without(300))
  expect((await check(files, [known])).problems[1]).toMatchObject({ reason: 'entries_missing', index: 300 })
  expect((await check(new Map(), [known])).problems.map(({ reason }) => reason)).toContain('entries_missing')
})

test('R117: a damaged checkpoint is found', async () => {
  const files = await makeLog(ENTRIES)
  files.set('checkpoint', utf8(noteOf(files).replace(`\n${SIZE}\n`, '\n600\n')))
  expect(await first(files)).toMatchObject({ reason: 'checkpoint_invalid' })
  files.set('checkpoint', Uint8Array.of(0xff))
  expect(await first(files)).toMatchObject({ reason: 'checkpoint_invalid' })
})

test.each(['tile/0/000', 'tile/0/001', 'tile/0/002.p/188', 'tile/1/000.p/2'])(
  'R116: a changed or missing hash tile %s is found',
  async (path) => {
    const files = await makeLog(ENTRIES)
    const tile = files.get(path)?.slice()
    if (!tile) throw new Error('no such tile')
    tile[40] = (tile[40] ?? 0) ^ 1
    files.set(path, tile)
    expect(await first(files)).toMatchObject({ reason: 'tile_mismatch' })
    files.delete(path)
    expect(await first(files)).toMatchObject({ reason: 'tile_mismatch' })
  },
)

test('R116: a partial bundle that differs from the entries it repeats is found', async () => {
  const files = await makeLog(ENTRIES)
  files.set('tile/entries/002.p/188', encodeBundle(changed(600).slice(512)))
  expect(await first(files)).toMatchObject({ reason: 'tile_mismatch' })
})

test('R116: a plain C2SP copy without the open bundle verifies, and its partial bundle is checked', async () => {
  const files = await makeLog(ENTRIES)
  files.delete('open/2')
  expect((await check(files)).ok).toBe(true)
  files.set('tile/entries/002.p/188', encodeBundle(changed(600).slice(512)))
  expect(await first(files)).toMatchObject({ reason: 'entry_changed', index: 600 })
})

test('R116: entries beyond the checkpoint count as durable, and gaps, damage and doubles among them are found', async () => {
  const files = await makeLog(ENTRIES, 400)
  expect(await check(files)).toMatchObject({ ok: true, checkpointed: 400, durable: 300, size: SIZE })
  layEntries(files, without(500))
  expect(await first(files)).toMatchObject({ reason: 'entries_missing', where: 'middle', index: 500 })
  layEntries(files, [...ENTRIES.slice(0, 500), at(499), ...ENTRIES.slice(500)])
  expect(await first(files)).toMatchObject({ reason: 'entry_duplicated', index: 500 })
  layEntries(
    files,
    ENTRIES.map((entry, i) => (i === 600 ? utf8('{"v":1}') : entry)),
  )
  expect(await first(files)).toMatchObject({ reason: 'entry_invalid', index: 600 })
})

test('a record cut off at the very end of the open bundle is torn, not tampered', async () => {
  const files = await makeLog(ENTRIES, 600)
  files.set('open/2', encodeBundle(ENTRIES.slice(512)).subarray(0, -5))
  expect(await check(files)).toMatchObject({ ok: true, torn: true, size: SIZE - 1 })
})

test.each([
  ['spelled differently', (text: string) => text.replace('{', '{ ')],
  ['with a key twice', (text: string) => text.replace('{', '{"v":1,')],
  ['with an unknown field', (text: string) => text.replace('"v":1', '"v":1,"w":1')],
  ['with another index', (text: string) => text.replace('"index":50', '"index":51')],
  ['dated before the last', (text: string) => text.replace('2026-', '2025-')],
])('R115 R118: an entry %s is invalid even in a log signed with its own key', async (_, spoil) => {
  const spoilt = ENTRIES.map((entry, i) => (i === 50 ? utf8(spoil(fromUtf8(entry) ?? '')) : entry))
  expect(await first(await makeLog(spoilt))).toMatchObject({ reason: 'entry_invalid', index: 50 })
})

test('R115: an outcome without an open decision of its act is found', async () => {
  const orphan = entriesOf(10, (index) => (index === 4 ? bodyAt(1) : bodyAt(index)))
  expect(await first(await makeLog(orphan))).toMatchObject({ reason: 'outcome_without_decision', index: 4 })
})

test('R115: decisions without outcome are reported as open, and unknown closes them', async () => {
  const open = entriesOf(11, (index) =>
    index === 5
      ? { type: 'admin', actor: { type: 'system', id: 'gateway' }, verb: 'start', outcome: 'done', detail: {} }
      : bodyAt(index),
  )
  const report = await check(await makeLog(open))
  expect(report).toMatchObject({
    ok: true,
    open: {
      count: 2,
      acts: [
        { index: 4, act: 'act-2' },
        { index: 10, act: 'act-5' },
      ],
    },
  })
  const closed = [
    ...open,
    ...entriesOf(12, (index) => (index === 11 ? { type: 'unknown', act: 'act-2', decision: 4 } : bodyAt(index))).slice(11),
  ]
  expect(await check(await makeLog(closed))).toMatchObject({ ok: true, open: { count: 1 }, counts: { unknown: 1 } })
})
