import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  encodeBundle,
  GatewayError,
  parseProof,
  formatProof,
  proveEntry,
  verifyLog,
  verifyProof,
  type LogReport,
} from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileLog, QUEUE_BYTES_MAX, type FileLog, type FileLogOptions, type LogHead } from './file-log.ts'
import { admin, decision, ORIGIN, outcome, SIGNER } from './fixtures/sample.ts'
import { diskFolder, type LogFolder } from './log-folder.ts'
import { logReader, logSize } from './log-reader.ts'
import { answerRequests, directWriter } from './writer-link.ts'
import { sha256Native } from './writer.ts'

let dir = ''
let nowMs = 0
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-log-'))
  nowMs = Date.UTC(2026, 10, 21)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const open = (options: Partial<FileLogOptions> = {}): Promise<FileLog> =>
  openFileLog({ dir: join(dir, 'log'), origin: ORIGIN, signer: SIGNER, checkpointMs: 60_000, nowMs: () => nowMs++, ...options })
const fill = (log: FileLog, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => log.append(admin(`v${i}`))))
const check = (log: FileLog): Promise<LogReport> =>
  verifyLog(logReader(join(dir, 'log')), { origin: ORIGIN, keys: [log.key], sha: sha256Native })

test('R115 R116: 10,000 concurrent appends make one chain, in the order of the calls', async () => {
  const log = await open()
  expect(await fill(log, 10_000)).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
  expect(log.size()).toBe(10_000)
  await log.close()
  expect(await check(log)).toMatchObject({ ok: true, size: 10_000, checkpointed: 10_000 })
  const read = await log.read(5_000, 5_003)
  expect(read.map((entry) => [entry.index, entry.type === 'admin' && entry.verb])).toEqual([
    [5_000, 'v5000'],
    [5_001, 'v5001'],
    [5_002, 'v5002'],
  ])
})

test.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 129, 255, 256, 257, 511, 512, 513])(
  'R116: a log stopped at %i entries goes on as one chain',
  async (size) => {
    const log = await open({ writer: directWriter() })
    await fill(log, size)
    await log.close()
    const again = await open({ writer: directWriter(), knownHead: log.head() })
    expect(again.size()).toBe(size)
    expect(await again.append(admin('next'))).toBe(size)
    await again.close()
    expect(await check(again)).toMatchObject({ ok: true, size: size + 1 })
  },
)

test('R116: a log of more than one level of tiles restarts, verifies and proves any entry', { timeout: 60_000 }, async () => {
  const log = await open()
  await fill(log, 66_000)
  await log.close()
  const again = await open({ knownHead: log.head() })
  await again.append(admin('next'))
  await again.close()
  expect(await check(again)).toMatchObject({ ok: true, size: 66_001 })
  for (const index of [0, 65_535, 65_536, 66_000]) {
    const proof = parseProof(formatProof(await proveEntry(again.files, index)))
    expect(proof && verifyProof(proof, { origin: ORIGIN, keys: [again.key] })).toMatchObject({ ok: true, entry: { index } })
  }
})

test('R116: the folder is a C2SP tile log that nobody else can read, and partial tiles go when the full one is there', async () => {
  const log = await open()
  await fill(log, 200)
  await log.checkpoint()
  const names = (): string[] => readdirSync(join(dir, 'log'), { recursive: true }).map(String).sort()
  expect(names()).toEqual(expect.arrayContaining(['checkpoint', 'tile/0/000.p/200', 'tile/entries/000.p/200']))
  await fill(log, 100)
  await log.close()
  expect(names()).toEqual(
    expect.arrayContaining(['tile/0/000', 'tile/0/001.p/44', 'tile/1/000.p/1', 'tile/entries/000', 'tile/entries/001.p/44']),
  )
  expect(names().filter((name) => name.includes('000.p/200') || name.endsWith('.tmp'))).toEqual([])
  expect(statSync(join(dir, 'log')).mode & 0o777).toBe(0o700)
  expect(statSync(join(dir, 'log', 'checkpoint')).mode & 0o777).toBe(0o600)
})

test('R115: an allowed decision whose outcome never came gets an unknown entry at the next start, once', async () => {
  const log = await open()
  const lost = await log.append(decision('lost'))
  const done = await log.append(decision('done'))
  await log.append(decision('denied', 'deny'))
  await log.append(outcome('done', done))
  await log.close()
  const again = await open()
  expect(await again.read(4, 10)).toMatchObject([{ type: 'unknown', act: 'lost', decision: lost, index: 4 }])
  expect((await check(again)).open.count).toBe(0)
  await again.close()
  const third = await open()
  expect(third.size()).toBe(5)
  await third.close()
})

test('R115: a lost hint of settled acts costs nothing but time', async () => {
  const log = await open()
  await log.append(decision('lost'))
  await fill(log, 600)
  await log.close()
  rmSync(join(dir, 'log', 'settled'))
  const again = await open()
  expect(await again.read(601, 610)).toMatchObject([{ type: 'unknown', act: 'lost', decision: 0 }])
  await again.close()
})

test('R118: time does not run backwards within the log, not even across a restart', async () => {
  const log = await open()
  await log.append(admin('a'))
  await log.close()
  const before = (await log.read(0, 1))[0]?.time ?? ''
  nowMs -= 3_600_000
  const again = await open()
  await again.append(admin('b'))
  expect((await again.read(1, 2))[0]?.time).toBe(before)
  await again.close()
  expect((await check(again)).ok).toBe(true)
})

test('R117: checkpoints come by themselves while there is something new, and are told in order', async () => {
  const heads: LogHead[] = []
  const log = await open({ checkpointMs: 10, onCheckpoint: (_, head) => void heads.push(head) })
  await fill(log, 3)
  await expect.poll(() => heads.at(-1)?.size).toBe(3)
  const note = await log.checkpoint()
  expect(note).toBe(log.head().note)
  expect(readFileSync(join(dir, 'log', 'checkpoint'), 'utf8')).toBe(note)
  const count = heads.length
  await fill(log, 2)
  await expect.poll(() => heads.at(-1)?.size).toBe(5)
  expect(heads.length).toBe(count + 1)
  await log.close()
})

test('R115: budgets can be rebuilt from the newest entries back to a time', async () => {
  const log = await open()
  await fill(log, 600)
  const [from] = await log.read(300, 301)
  const indexes: number[] = []
  for await (const { index } of log.readBack(Date.parse(from?.time ?? ''))) indexes.push(index)
  expect(indexes).toEqual(Array.from({ length: 300 }, (_, i) => 599 - i))
  expect(await logSize(log.files)).toBe(600)
  await log.close()
})

test('R116: an incomplete last record, never acknowledged, is cut off at the next start', async () => {
  const log = await open()
  await fill(log, 10)
  await log.close()
  const path = join(dir, 'log', 'open', '0')
  for (const rest of [Uint8Array.of(0), Uint8Array.of(0, 9, 1, 2), new Uint8Array(4_096)]) {
    appendFileSync(path, rest)
    const again = await open({ knownHead: log.head() })
    expect(again.size()).toBe(10)
    await again.close()
    expect(await check(again)).toMatchObject({ ok: true, torn: false })
  }
})

/** What is done to the folder of a log of 700 entries between two starts. */
const DAMAGE: readonly (readonly [string, (log: string) => void])[] = [
  ['the newest entries cut off', (log) => truncateSync(join(log, 'open/2'), 1_000)],
  ['the open bundle removed', (log) => rmSync(join(log, 'open/2'))],
  ['a byte changed in the open bundle', (log) => spoil(join(log, 'open/2'))],
  ['a byte changed in a recent full bundle', (log) => spoil(join(log, 'tile/entries/001'))],
  ['a full bundle removed', (log) => rmSync(join(log, 'tile/entries/000'))],
  ['a hash tile removed', (log) => rmSync(join(log, 'tile/0/001'))],
  ['a hash tile changed', (log) => spoil(join(log, 'tile/0/000'))],
  ['the checkpoint removed', (log) => rmSync(join(log, 'checkpoint'))],
  ['the checkpoint damaged', (log) => spoil(join(log, 'checkpoint'))],
  ['garbage in the open bundle', (log) => appendFileSync(join(log, 'open/2'), Uint8Array.of(0, 2, 1, 1))],
  ['an open bundle out of sequence', (log) => renameSync(join(log, 'open/2'), join(log, 'open/3'))],
]

test.each(DAMAGE)('R116 R117: a log with %s is not opened', async (_, damage) => {
  const log = await open()
  await fill(log, 700)
  await log.close()
  damage(join(dir, 'log'))
  await expect(open()).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
})

test('R117: a log rolled back to an older copy of itself, emptied or rewritten is not opened when its head is remembered', async () => {
  const log = await open()
  await fill(log, 300)
  await log.checkpoint()
  const older = log.head()
  cpSync(join(dir, 'log'), join(dir, 'copy'), { recursive: true })
  await fill(log, 100)
  await log.close()
  rmSync(join(dir, 'log'), { recursive: true })
  await expect(open({ knownHead: log.head() })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  cpSync(join(dir, 'copy'), join(dir, 'log'), { recursive: true })
  await expect(open({ knownHead: log.head() })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  await expect(open({ knownHead: { ...older, size: 0 } })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  await expect(open({ knownHead: { ...older, rootHex: '0'.repeat(64) } })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  await (await open({ knownHead: older })).close()
})

test('R117: a log whose checkpoint alone was put back is not opened when a newer one is remembered', async () => {
  const log = await open()
  await fill(log, 300)
  await log.checkpoint()
  const older = log.head()
  await fill(log, 100)
  await log.close()
  writeFileSync(join(dir, 'log', 'checkpoint'), older.note)
  await expect(open({ knownHead: log.head() })).rejects.toMatchObject({
    code: 'AUDIT_INVALID',
    message: expect.stringContaining('rolled back'),
  })
})

test('R117: a log of another origin or key is not opened', async () => {
  await (await open()).close()
  await expect(open({ origin: 'sallyport.local/other' })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
})

test('R115: an entry that cannot be recorded is refused and takes no number', async () => {
  const log = await open()
  await expect(log.append(admin('x'.repeat(70_000)))).rejects.toMatchObject({ code: 'AUDIT_ENTRY_TOO_LARGE' })
  await expect(log.append(admin('\ud800'))).rejects.toThrow(TypeError)
  expect(await log.append(admin('next'))).toBe(0)
  await log.close()
  await expect(log.append(admin('late'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
})

test('R115: when more waits to be written than the bound, appends are refused and the log goes on', async () => {
  const log = await open()
  const results = await Promise.allSettled(
    Array.from({ length: QUEUE_BYTES_MAX / 60_000 + 50 }, () => log.append(admin('x'.repeat(60_000)))),
  )
  const refused = results.filter((result) => result.status === 'rejected')
  expect(refused.length).toBeGreaterThan(0)
  for (const { reason } of refused) expect(reason).toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  expect(await log.append(admin('after'))).toBe(results.length - refused.length)
  await log.close()
  expect((await check(log)).ok).toBe(true)
})

test('R115: no entry is acknowledged before the file it lies in, and the name of that file, are synced', async () => {
  const unsynced = new Set<string>()
  const paths = new Map<number, string>()
  const folder: LogFolder = {
    ...diskFolder,
    open: (path, mode) => {
      const file = diskFolder.open(path, mode)
      paths.set(file, path)
      if (path.includes('/open/')) unsynced.add('the folder of the bundles')
      return file
    },
    write: (file, bytes) => (unsynced.add(paths.get(file) ?? ''), diskFolder.write(file, bytes)),
    sync: (file) => (unsynced.delete(paths.get(file) ?? ''), diskFolder.sync(file)),
    syncFolder: (path) => (path.endsWith('/open') && unsynced.delete('the folder of the bundles'), diskFolder.syncFolder(path)),
  }
  const atReply: string[][] = []
  const answer = answerRequests(folder, () => void atReply.push([...unsynced]))
  const key = { name: ORIGIN, publicKey: new Uint8Array(32) }
  await answer({ verb: 'open', options: { dir: join(dir, 'log'), origin: ORIGIN, key } })
  for (const count of [1, 200, 400, 55, 1]) {
    const group = encodeBundle(Array.from({ length: count }, () => Uint8Array.of(1)))
    await answer({ verb: 'append', group: new Uint8Array(group) })
  }
  expect(atReply).toEqual([[], [], [], [], [], []])
})

test('R115: when the writer is gone everything is refused', async () => {
  const writer = directWriter()
  const broken = {
    ...writer,
    call: (request: Parameters<typeof writer.call>[0]) =>
      request.verb === 'append' ? Promise.reject(new GatewayError('AUDIT_UNAVAILABLE', 'gone')) : writer.call(request),
  }
  const log = await open({ writer: broken })
  const results = await Promise.allSettled([log.append(admin('a')), log.append(admin('b'))])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await expect(log.append(admin('c'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  await expect(log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  expect(log.size()).toBe(0)
  await log.close()
})

function spoil(path: string): void {
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
