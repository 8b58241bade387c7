import { formatProof, parseProof, proveEntry, readEntries, verifyLog, verifyProof, type LogReport } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { QUEUE_BYTES_MAX, type LogHead, type LogStore } from '../log-store.ts'
import { sha256Native } from '../sha256-native.ts'
import { admin, decision, outcome } from './files/fixtures/sample.ts'
import { killWriters } from './fixtures/kill-writers.ts'
import { openPlace, type LogPlace, type OpenOptions } from './fixtures/log-places.ts'

export interface AuditLogKind {
  readonly name: string
  /** A place where no log is yet. */
  place(): LogPlace & { remove?(): void }
  /** Processes that may append at once. */
  readonly writers: number
}

/** What every audit log owes. */
export function auditLogContract(kind: AuditLogKind): void {
  describe(`audit log contract: ${kind.name}`, () => {
    let place: ReturnType<AuditLogKind['place']>
    let nowMs = 0
    beforeEach(() => {
      place = kind.place()
      nowMs = Date.UTC(2026, 10, 21)
    })
    afterEach(() => place.remove?.())

    const open = (options: OpenOptions = {}): Promise<LogStore> =>
      openPlace(place, { nowMs: () => nowMs++, isOnly: true, ...options })
    const fill = (log: LogStore, count: number): Promise<number[]> =>
      Promise.all(Array.from({ length: count }, (_, i) => log.append(admin(`v${i}`))))
    const check = (log: LogStore): Promise<LogReport> =>
      verifyLog(log.files, { origin: place.origin, keys: [log.key], sha: sha256Native })

    test('R115 R116: 10,000 concurrent appends make one chain, in the order of the calls', { timeout: 60_000 }, async () => {
      const log = await open()
      expect(await fill(log, 10_000)).toEqual(Array.from({ length: 10_000 }, (_, i) => i))
      expect(await log.size()).toBe(10_000)
      await log.checkpoint()
      expect(await check(log)).toMatchObject({ ok: true, size: 10_000, checkpointed: 10_000 })
      const read = await log.read(5_000, 5_003)
      expect(read.map((entry) => [entry.index, entry.type === 'admin' && entry.verb])).toEqual([
        [5_000, 'v5000'],
        [5_001, 'v5001'],
        [5_002, 'v5002'],
      ])
      await log.close()
    })

    test.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 127, 128, 129, 255, 256, 257, 511, 512, 513])(
      'R116: a log stopped at %i entries goes on as one chain',
      async (size) => {
        const log = await open({ isPlain: true })
        await fill(log, size)
        await log.close()
        const again = await open({ isPlain: true })
        expect(await again.size()).toBe(size)
        expect(await again.append(admin('next'))).toBe(size)
        await again.checkpoint()
        expect(await check(again)).toMatchObject({ ok: true, size: size + 1 })
        await again.close()
      },
    )

    test('R116: a log of more than one level of tiles restarts, verifies and proves any entry', { timeout: 120_000 }, async () => {
      for (const size of [65_535, 65_536, 65_537]) {
        const log = await open()
        await fill(log, size - (await log.size()))
        await log.close()
      }
      const again = await open()
      expect(await again.append(admin('next'))).toBe(65_537)
      await again.checkpoint()
      expect(await check(again)).toMatchObject({ ok: true, size: 65_538 })
      for (const index of [0, 65_535, 65_536, 65_537]) {
        const proof = parseProof(formatProof(await proveEntry(again.files, index)))
        expect(proof && verifyProof(proof, { origin: place.origin, keys: [again.key] })).toMatchObject({
          ok: true,
          entry: { index },
        })
      }
      await again.close()
    })

    test('R115: an allowed decision whose outcome never came gets an unknown entry after the next start, once', async () => {
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
      expect(await third.size()).toBe(5)
      await third.close()
    })

    test('R118: time does not run backwards within the log, not even across a restart', async () => {
      const log = await open({ isPlain: true })
      await log.append(admin('a'))
      const before = (await log.read(0, 1))[0]?.time ?? ''
      await log.close()
      nowMs -= 3_600_000
      const again = await open({ isPlain: true })
      await again.append(admin('b'))
      expect((await again.read(1, 2))[0]?.time).toBe(before)
      await again.checkpoint()
      expect((await check(again)).ok).toBe(true)
      await again.close()
    })

    test('R117: checkpoints come by themselves while there is something new, and are told in order', async () => {
      const heads: LogHead[] = []
      const log = await open({ checkpointMs: 10, isPlain: true })
      const stop = log.onCheckpoint((_, head) => void heads.push(head))
      await fill(log, 3)
      await expect.poll(() => heads.at(-1)?.size).toBe(3)
      const note = await log.checkpoint()
      expect(note).toBe(log.head().note)
      expect(Buffer.from((await log.files('checkpoint')) ?? '').toString()).toBe(note)
      const count = heads.length
      await fill(log, 2)
      await expect.poll(() => heads.at(-1)?.size).toBe(5)
      expect(heads.length).toBe(count + 1)
      stop()
      await fill(log, 1)
      await log.checkpoint()
      expect(heads.length).toBe(count + 1)
      await log.close()
    })

    test('R115: the newest entries can be read back to a time', async () => {
      const log = await open({ isPlain: true })
      await fill(log, 600)
      const [from] = await log.read(300, 301)
      const indexes: number[] = []
      for await (const { index } of log.readBack(Date.parse(from?.time ?? ''))) indexes.push(index)
      expect(indexes).toEqual(Array.from({ length: 300 }, (_, i) => 599 - i))
      await log.close()
    })

    test('R115: an entry that cannot be recorded is refused and takes no number', async () => {
      const log = await open({ isPlain: true })
      await expect(log.append(admin('x'.repeat(70_000)))).rejects.toMatchObject({ code: 'AUDIT_ENTRY_TOO_LARGE' })
      await expect(log.append(admin('\ud800'))).rejects.toThrow(TypeError)
      expect(await log.append(admin('next'))).toBe(0)
      await log.close()
      await expect(log.append(admin('late'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    })

    test(
      'R115: when more waits to be written than the bound, appends are refused and the log goes on',
      { timeout: 60_000 },
      async () => {
        const log = await open()
        const results = await Promise.allSettled(
          Array.from({ length: QUEUE_BYTES_MAX / 60_000 + 50 }, () => log.append(admin('x'.repeat(60_000)))),
        )
        const refused = results.filter((result) => result.status === 'rejected')
        expect(refused.length).toBeGreaterThan(0)
        for (const { reason } of refused) expect(reason).toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
        expect(await log.append(admin('after'))).toBe(results.length - refused.length)
        await log.checkpoint()
        expect((await check(log)).ok).toBe(true)
        await log.close()
      },
    )

    test('R004 R115 R116: kill -9 of every writer under load loses nothing acknowledged', { timeout: 120_000 }, async () => {
      for (const afterMs of [0, 60, 150]) {
        const acknowledged = await killWriters(place, kind.writers, afterMs)
        const log = await open({ nowMs: Date.now })
        await log.checkpoint()
        let lost = acknowledged.size
        for await (const { index, entry } of readEntries(log.files))
          if ('act' in entry && acknowledged.get(index) === entry.act) lost--
        expect({ lost, ...(await check(log)) }).toMatchObject({ lost: 0, ok: true, torn: false, open: { count: 0 } })
        await log.close()
      }
    })
  })
}
