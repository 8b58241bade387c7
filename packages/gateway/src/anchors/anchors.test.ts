import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { verifyLog, type JsonObject } from '@sallyport/core'
import { afterEach, expect, test } from 'vitest'
import type { Anchor, AnchorTarget } from '../anchor.ts'
import { govern, type Governed } from '../fixtures/govern.ts'
import { fixedClock, tempFolder } from '../fixtures/world.ts'
import { auditKeyOf } from '../log-inspector.ts'
import type { LogHead, CheckpointListener } from '../log-store.ts'
import { embeddedLeases } from '../stores/embedded-leases.ts'
import { logReader } from '../stores/files/log-reader.ts'
import type { SystemAct } from '../system-entries.ts'
import { followAnchors, type Anchoring } from './follow-anchors.ts'
import { startTsa } from './rfc3161/fixtures/openssl-tsa.ts'
import { startBucketServer } from './s3/fixtures/bucket-server.ts'

const closing: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of closing.splice(0).toReversed()) await one.close()
})

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not come to that')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** An anchor that keeps what it was given, over a log whose head can be moved. */
function world(more: { fail?: () => Error | undefined } = {}) {
  const given: AnchorTarget[] = []
  const recorded: SystemAct[] = []
  const cursors = new Map<string, number>()
  const listeners = new Set<CheckpointListener>()
  const clock = fixedClock()
  let head: LogHead & { note: string } = { size: 0, rootHex: '', note: 'n0' }
  const anchor: Anchor = {
    id: 'shelf',
    async anchor(target) {
      const failure = more.fail?.()
      if (failure) throw failure
      given.push(target)
    },
    close: () => Promise.resolve(),
  }
  const start = (): Anchoring => {
    const anchoring = followAnchors({
      log: {
        head: () => head,
        files: () => undefined,
        onCheckpoint: (listener) => (listeners.add(listener), () => listeners.delete(listener)),
      },
      anchors: [{ anchor, everyMs: 1_000 }],
      leases: embeddedLeases,
      cursors: { get: async (name) => cursors.get(name) ?? 0, set: async (name, next) => void cursors.set(name, next) },
      record: (act) => recorded.push(act),
      report: () => undefined,
      nowMs: clock.nowMs,
      retryMs: 20,
    })
    closing.push(anchoring)
    return anchoring
  }
  return {
    given,
    recorded,
    clock,
    start,
    grow(size: number) {
      head = { size, rootHex: '', note: `n${size}` }
      for (const listener of listeners) void listener(head.note, head)
    },
  }
}

test('R117: an anchor gets the newest checkpoint, not each, and goes on after a restart where it was', async () => {
  const { given, start, grow, clock } = world()
  const first = start()
  await until(() => first.size() === 0)
  for (const size of [10, 20, 30]) grow(size)
  await until(() => first.size() === 30)
  expect(given.map(({ note, since }) => [note, since])).toEqual([['n30', 0]])
  await first.close()
  clock.advance(5_000)
  const second = start()
  await until(() => second.size() === 30)
  grow(50)
  await until(() => second.size() === 50)
  expect(given.at(-1)).toMatchObject({ note: 'n50', since: 30 })
})

test('R117: a failing anchor is reported once, tried again, and holds back the size', async () => {
  let isDown = true
  const failure = Object.assign(new Error('down'), { code: 'UPSTREAM_UNAVAILABLE' })
  const { recorded, start, grow } = world({ fail: () => (isDown ? failure : undefined) })
  grow(10)
  const anchoring = start()
  await until(() => anchoring.reports()[0]?.problem === 'UPSTREAM_UNAVAILABLE')
  expect(anchoring.size()).toBe(0)
  expect(recorded).toEqual([{ verb: 'anchor.failed', target: 'shelf', detail: { code: 'UPSTREAM_UNAVAILABLE' } }])
  isDown = false
  await until(() => anchoring.size() === 10)
  expect(recorded.at(-1)).toMatchObject({ verb: 'anchor.recovered', detail: { size: 10 } })
  expect(anchoring.reports()[0]).not.toHaveProperty('problem')
})

test(
  'R117: a gateway anchors its log in a bucket and with an authority, shows it, and exports the stamps',
  { timeout: 60_000 },
  async () => {
    const bucket = await startBucketServer()
    closing.push(bucket)
    const tsa = await startTsa({ key: 'ecdsa' })
    closing.push(tsa)
    const folder = tempFolder()
    closing.push({ close: async () => folder.remove() })
    const rootsFile = join(folder.path, 'roots.pem')
    writeFileSync(rootsFile, tsa.roots)
    const anchors = [
      { type: 's3', bucket: 'evidence', endpoint: bucket.url, accessKeyId: 'a', secretAccessKey: 'b', everyMs: 1_000 },
      { type: 'rfc3161', url: tsa.url, roots: rootsFile, everyMs: 1_000 },
    ]
    const governed: Governed = await govern({ servers: {}, agents: {}, config: { anchors } })
    closing.push(governed)
    const status = () => governed.control('bob', 'status', {})
    const anchored = async (): Promise<number> => (((await status())['log'] as JsonObject)['anchored'] as number | undefined) ?? 0
    await until(async () => (await anchored()) > 3)
    expect(await status()).toMatchObject({
      anchors: [
        { id: 's3', size: expect.any(Number) },
        { id: 'rfc3161', size: expect.any(Number) },
      ],
    })
    const known = [...bucket.objects].filter(([key]) => key.includes('/checkpoint/')).map(([, { bytes }]) => bytes.toString('utf8'))
    expect(known.length).toBeGreaterThan(0)
    const target = join(folder.path, 'export')
    await governed.control('bob', 'audit.export', { dir: target, purpose: 'test' })
    expect(readdirSync(join(target, 'stamps')).filter((name) => name.endsWith('.tsr')).length).toBeGreaterThan(0)
    expect(existsSync(join(target, 'log', 'checkpoint'))).toBe(true)
    await governed.stop()
    const { auditOrigin: origin } = governed.home
    const report = await verifyLog(logReader(governed.home.logDir), { origin, keys: [auditKeyOf(governed.home)], known })
    expect(report).toMatchObject({ ok: true })
  },
)
