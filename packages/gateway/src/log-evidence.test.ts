import { parseNote, verifyBundle, type BundleManifest, type BundleWish } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { signEd25519 } from './ed25519.ts'
import { createDatabase } from './fixtures/postgres.ts'
import { openEvidence, type EvidenceDeps, type LogEvidence } from './log-evidence.ts'
import type { LogStore } from './log-store.ts'
import { decision, outcome, SIGNER } from './stores/files/fixtures/sample.ts'
import { filesPlace, openPlace, postgresPlace } from './stores/fixtures/log-places.ts'
import { readZip } from './zip.ts'

const postgresUrl = inject('postgresUrl')
const ACTS = 400
const WISH: BundleWish = {
  items: [{ id: 'all', controls: [], query: { user: 'alice' } }],
  window: {},
  coverage: 'entries',
  purpose: 'test',
  withState: true,
}

describe.each<['files' | 'postgres']>([['files'], ['postgres']])('over %s', (kind) => {
  const isHere = kind === 'files' || postgresUrl !== ''
  let log: LogStore
  let evidence: LogEvidence
  let remove: () => void

  beforeAll(async () => {
    if (!isHere) return
    const place = kind === 'files' ? filesPlace() : postgresPlace(await createDatabase(postgresUrl))
    remove = 'remove' in place ? (place.remove as () => void) : () => undefined
    log = await openPlace(place)
    evidence = openEvidence(deps())
    await Promise.all(Array.from({ length: ACTS }, (_, i) => act(i)))
  }, 60_000)
  afterAll(async () => {
    if (!isHere) return
    await log.close()
    remove()
  })

  const deps = (): EvidenceDeps => ({
    log,
    keyring: { keys: [log.key], history: '' },
    sign: (bytes) => signEd25519(bytes, SIGNER),
    cosigned: () => [],
    completeness: { aliveMs: 60_000 },
    software: 'test',
    nowMs: Date.now,
  })
  async function act(i: number): Promise<void> {
    await log.append(outcome(`act-${i}`, await log.append(decision(`act-${i}`))))
  }
  const verified = async (wish: BundleWish) => {
    const files = readZip(await evidence.bundle(wish)) ?? new Map<string, Uint8Array>()
    const manifest = JSON.parse(Buffer.from(files.get('manifest.json') ?? '').toString()) as BundleManifest
    return { files, manifest, report: verifyBundle(files, { keys: [log.key] }) }
  }

  test.skipIf(!isHere)('R252 R253: bundles over several tiles verify, also made while the log grows', async () => {
    let isDone = false
    const growing = (async () => {
      for (let i = ACTS; !isDone; i++) await act(i)
    })()
    for (const coverage of ['selection', 'hashes', 'entries'] as const) {
      const { report, manifest } = await verified({ ...WISH, coverage, window: { from: 250, to: 600 } })
      expect(report).toMatchObject({ ok: true, population: 350, items: [{ selected: 350 }] })
      expect(manifest.log.size).toBeGreaterThanOrEqual(2 * ACTS)
    }
    isDone = true
    await growing
  })

  test.skipIf(!isHere)('R115: N acts are N decisions and N outcomes', async () => {
    const { report } = await evidence.completeness({ to: 2 * ACTS })
    expect(report).toMatchObject({
      entries: 2 * ACTS,
      all: { decisions: { allow: ACTS }, outcomes: { success: ACTS }, open: 0 },
      isBalanced: true,
      gapCount: 0,
    })
  })

  test.skipIf(!isHere)('R246: a search counts everything and gives what fits', async () => {
    const { counts, entries, next } = await evidence.search({ act: 'act-7' }, { limit: 1 })
    expect(counts).toMatchObject({ decision: 1, outcome: 1 })
    expect(entries).toHaveLength(1)
    expect(next).toBeGreaterThan(entries[0]?.index ?? -1)
    expect((await evidence.search({ user: 'alice' }, { limit: 0 })).entries).toEqual([])
  })

  test.skipIf(!isHere)(
    'a first page ends where it is full, and says where to go on; page after page they are all matches',
    async () => {
      const whole = await evidence.search({ session: 's-1' }, { limit: 10_000 })
      const pages: number[] = []
      for (let from: number | undefined = 0; from !== undefined;) {
        const page: Awaited<ReturnType<typeof evidence.search>> = await evidence.search(
          { session: 's-1', from },
          { limit: 90, isFirstPage: true },
        )
        expect(page.entries.length).toBeLessThanOrEqual(90)
        expect(Object.values(page.counts).reduce((sum, count) => sum + count, 0)).toBe(page.entries.length)
        pages.push(...page.entries.map(({ index }) => index))
        from = page.next
      }
      expect(pages).toEqual(whole.entries.map(({ index }) => index))
    },
  )

  test.skipIf(!isHere)('a first page gets on, however slow the store is', async () => {
    let atMs = 0
    const slow = openEvidence({ ...deps(), nowMs: () => (atMs += 1_000) })
    const looks: number[] = []
    for (let from: number | undefined = 0; from !== undefined;) {
      looks.push(from)
      from = (await slow.search({ session: 'none', from, to: 2 * ACTS }, { limit: 1, isFirstPage: true })).next
    }
    expect(looks.length).toBeGreaterThan(1)
    expect(new Set(looks).size).toBe(looks.length)
  })

  test.skipIf(!isHere)('R253: an entry that was just acknowledged is in the bundle, whatever was being signed', async () => {
    for (let i = 0; i < 20; i++) {
      const signing = log.checkpoint()
      const index = await log.append(decision(`late-${i}`))
      const { manifest, files } = await verified({ ...WISH, coverage: 'selection', withState: false, window: { from: index } })
      expect(manifest.items[0]?.selected).toContain(index)
      expect(parseNote(Buffer.from(files.get('checkpoint') ?? '').toString())).toBeDefined()
      await signing
    }
  })

  test.skipIf(!isHere)('R253: a bundle whose signature does not hold is never given away', async () => {
    const wrong = openEvidence({ ...deps(), sign: () => new Uint8Array(64) })
    await expect(wrong.bundle({ ...WISH, window: { from: 0, to: 5 } })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  })
})
