import { mkdtempSync, readdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyLog, type LogReport } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LogStore } from '../../log-store.ts'
import { pruneLog } from '../../prune-log.ts'
import { sha256Native } from '../../sha256-native.ts'
import { openFileLog, type FileLogOptions } from './file-log.ts'
import { faultyFolder } from './fixtures/faulty-folder.ts'
import { admin, ORIGIN, SIGNER } from './fixtures/sample.ts'
import { logReader } from './log-reader.ts'
import { directWriter } from './writer-link.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-log-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const open = (options: Partial<FileLogOptions> = {}): Promise<LogStore> =>
  openFileLog({ dir, origin: ORIGIN, signer: SIGNER, checkpointMs: 60_000, nowMs: Date.now, writer: directWriter(), ...options })
const fill = async (log: LogStore, count: number): Promise<void> => {
  await Promise.all(Array.from({ length: count }, (_, i) => log.append(admin(`v${i}`))))
  await log.checkpoint()
}
const check = (log: LogStore): Promise<LogReport> =>
  verifyLog(logReader(dir), { origin: ORIGIN, keys: [log.key], sha: sha256Native })
const bundles = (): string[] => readdirSync(join(dir, 'tile', 'entries')).filter((name) => !name.endsWith('.p'))
const REQUEST = { policy: 'p', authority: 'test' }

test('R132 R116: a log is pruned, verifies, restarts, goes on and is pruned again', async () => {
  const log = await open()
  await fill(log, 2_000)
  expect(await pruneLog(log, { to: 1_024, ...REQUEST })).toBe(2_000)
  expect(bundles()).toEqual(['004', '005', '006'])
  expect(await check(log)).toMatchObject({ ok: true, size: 2_001, prunedTo: 1_024 })
  await log.close()
  const again = await open({ knownHead: log.head() })
  await fill(again, 500)
  expect(await pruneLog(again, { to: 1_024, ...REQUEST })).toBeUndefined()
  expect(await pruneLog(again, { to: 2_304, ...REQUEST })).toBe(2_501)
  expect((await again.read(0, 5_000))[0]?.index).toBe(2_304)
  await again.close()
  expect(await check(again)).toMatchObject({ ok: true, size: 2_502, prunedTo: 2_304, counts: { admin: 198 } })
})

test('R116: bundles that somebody removed without an entry keep the log from opening', async () => {
  const log = await open()
  await fill(log, 2_000)
  await log.close()
  for (const name of ['000', '001']) unlinkSync(join(dir, 'tile', 'entries', name))
  await expect(open()).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
})

test('R116: nothing is removed without an entry that says so and a checkpoint over it', async () => {
  const log = await open()
  await fill(log, 600)
  await expect(log.removeBelow(256, 10)).rejects.toMatchObject({ code: 'CONFLICT' })
  const permit = await pruneLog(log, { to: 256, ...REQUEST })
  await expect(log.removeBelow(512, permit ?? 0)).rejects.toMatchObject({ code: 'CONFLICT' })
  for (const to of [100, 0, -256, 1_024, 256.5])
    await expect(pruneLog(log, { to, ...REQUEST })).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
  expect(bundles()).toEqual(['001'])
  await log.close()
})

test('R116 R132: whichever file operation of a pruning fails, the log verifies and opens again', { timeout: 60_000 }, async () => {
  let survived = false
  for (let failAt = 0; !survived; failAt++) {
    rmSync(dir, { recursive: true, force: true })
    const first = await open()
    await fill(first, 900)
    await first.close()
    // Opening writes nothing when nothing is left to do, so the count starts at the pruning.
    const { folder } = faultyFolder(failAt)
    const log = await open({ writer: directWriter(folder) }).catch(() => undefined)
    if (log) {
      survived = await pruneLog(log, { to: 768, ...REQUEST }).then(
        () => true,
        () => false,
      )
      await log.close().catch(() => undefined)
    }
    expect(await check(first), `operation ${failAt}`).toMatchObject({ ok: true })
    const again = await open()
    await pruneLog(again, { to: 768, ...REQUEST })
    expect(await check(again)).toMatchObject({ ok: true, prunedTo: 768 })
    await again.close()
  }
})
