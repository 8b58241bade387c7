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
import { encodeBundle, GatewayError, verifyLog, type LogReport } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogStore } from '../../log-store.ts'
import { sha256Native } from '../../sha256-native.ts'
import { openFileLog, type FileLogOptions } from './file-log.ts'
import { admin, decision, ORIGIN, SIGNER } from './fixtures/sample.ts'
import { diskFolder, type LogFolder } from './log-folder.ts'
import { logReader, logSize } from './log-reader.ts'
import { answerRequests, directWriter } from './writer-link.ts'

let dir = ''
let nowMs = 0
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-log-'))
  nowMs = Date.UTC(2026, 10, 21)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const open = (options: Partial<FileLogOptions> = {}): Promise<LogStore> =>
  openFileLog({ dir: join(dir, 'log'), origin: ORIGIN, signer: SIGNER, checkpointMs: 60_000, nowMs: () => nowMs++, ...options })
const fill = (log: LogStore, count: number): Promise<number[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => log.append(admin(`v${i}`))))
const check = (log: LogStore): Promise<LogReport> =>
  verifyLog(logReader(join(dir, 'log')), { origin: ORIGIN, keys: [log.key], sha: sha256Native })

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
  expect(await logSize(log.files)).toBe(300)
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

test('R116: an incomplete last record, never acknowledged, is cut off at the next start', async () => {
  const log = await open()
  await fill(log, 10)
  await log.close()
  const path = join(dir, 'log', 'open', '0')
  for (const rest of [Uint8Array.of(0), Uint8Array.of(0, 9, 1, 2), new Uint8Array(4_096)]) {
    appendFileSync(path, rest)
    const again = await open({ knownHead: log.head() })
    expect(await again.size()).toBe(10)
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
  expect(await log.size()).toBe(0)
  await log.close()
})

function spoil(path: string): void {
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  writeFileSync(path, bytes)
}
