import { signCheckpoint, cosign, formatNote, parseNote, formatNoteKey, type Json } from '@sallyport/core'
import { auditKeyOf, signEd25519 } from '@sallyport/gateway'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { expectRefused } from '../../../../gateway/src/fixtures/expect-refused.ts'
import { govern, type Governed } from '../../../../gateway/src/fixtures/govern.ts'
import { startRecordingServer, text, tool, type RecordingServer } from '../../../../gateway/src/fixtures/recording-server.ts'
import { testWitness, type TestWitness } from './fixtures/log-and-witness.ts'
import { originHash } from './witness-folder.ts'

const WAIT = { timeout: 20_000, interval: 100 }
const tools = [tool('read', () => text('read')), tool('write', () => text('written'))]
let server: RecordingServer
let governed: Governed
let witnesses: readonly [TestWitness, TestWitness]

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  witnesses = [await testWitness('witness.example/w1'), await testWitness('witness.example/w2')]
  governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: {
      erp: [
        [tools[0]?.definition, 'read'],
        [tools[1]?.definition, 'write'],
      ] as never,
    },
    agents: {
      clerk: {
        tasks: { work: { tools: { 'erp.read': { scope: 'read', tier: 'low' }, 'erp.write': { scope: 'write', tier: 'low' } } } },
      },
    },
    config: {
      witnesses: {
        policy: { atLeast: 2 },
        list: witnesses.map((witness, i) => ({
          name: `w${i + 1}`,
          key: formatNoteKey(witness.folder.key, 'cosignature'),
          url: witness.url(),
        })),
        stopActs: 'consequential',
        graceMs: 1_000,
      } as unknown as Json,
    },
    start: false,
  })
  for (const witness of witnesses) witness.folder.trust(auditKeyOf(governed.home))
  await governed.start()
})
afterAll(async () => {
  await governed.close()
  await server.close()
  for (const witness of witnesses) await witness.remove()
})

const client = () => governed.client('clerk', 'work')
const standing = async () =>
  (await governed.control('bob', 'status', {})) as {
    log: { durable: number; witnessed?: number }
    witnesses?: { isOverdue: boolean }
  }
const verbs = async (): Promise<string[]> =>
  (await governed.entries()).flatMap((entry) => (entry.type === 'admin' ? [entry.verb] : []))

test('R117 R135: entries become witnessed, and everyone who may read them sees it', async () => {
  const written = await client().call('erp__write')
  expect(written.said).toBe('written')
  await vi.waitFor(
    async () => expect(await governed.control('bob', 'audit.read', { index: 0 })).toMatchObject({ state: 'witnessed' }),
    WAIT,
  )
  const { log, witnesses: report } = await standing()
  expect(log.witnessed).toBeGreaterThan(0)
  expect(report).toMatchObject({ atLeast: 2, isOverdue: false, witnesses: [{ name: 'w1' }, { name: 'w2' }] })
  expect(await governed.control('bob', 'audit.tail', {})).toMatchObject({ sizes: { witnessed: expect.any(Number) as unknown } })
  expect(await governed.control('bob', 'audit.verify', {})).toMatchObject({
    ok: true,
    sizes: { witnessed: expect.any(Number) as unknown },
  })
})

test('R117: with a witness down consequential acts stop after the grace, reading goes on, and all of it is recorded', async () => {
  await witnesses[1].stop()
  await vi.waitFor(async () => expect((await client().call('erp__write')).refusal?.reasons).toEqual(['log_unwitnessed']), WAIT)
  await expectRefused(governed, server, { call: () => client().call('erp__write'), reason: 'log_unwitnessed' })
  expect((await client().call('erp__read')).said).toBe('read')
  expect(await standing()).toMatchObject({ witnesses: { isOverdue: true } })
  await vi.waitFor(async () => expect(await verbs()).toContain('witness.overdue'), WAIT)
})

test('R117: when the witness is back, acts are allowed again', async () => {
  await witnesses[1].start()
  await vi.waitFor(async () => expect((await client().call('erp__write')).said).toBe('written'), WAIT)
  expect(await standing()).toMatchObject({ witnesses: { isOverdue: false } })
  expect(await verbs()).toContain('witness.restored')
})

test('R117: a witness that saw more than the log holds is an alert, and the policy is not met', async () => {
  const key = auditKeyOf(governed.home)
  const { folder } = witnesses[0]
  // As if the log had been cut back after the witness saw it.
  const ahead = await signCheckpoint({ origin: key.name, size: 1_000_000, root: new Uint8Array(32) }, key, (bytes) =>
    signEd25519(bytes, governed.home.auditKey),
  )
  const parsed = parseNote(ahead)
  if (!parsed) throw new Error('not a note')
  const line = await cosign(parsed.text, folder.key, { timeS: 1_800_000_000, sign: folder.sign })
  folder.store(originHash(key.name), formatNote({ ...parsed, signatures: [...parsed.signatures, line] }))
  await client().call('erp__read')
  await vi.waitFor(async () => expect(await verbs()).toContain('witness.contradiction'), WAIT)
  await vi.waitFor(async () => expect((await client().call('erp__write')).refusal?.reasons).toEqual(['log_unwitnessed']), WAIT)
  const alert = (await governed.entries()).find((entry) => entry.type === 'admin' && entry.verb === 'witness.contradiction')
  expect(alert).toMatchObject({ target: 'w1', detail: { reason: 'rolled_back', witnessSize: 1_000_000 } })
  expect((await verbs()).filter((verb) => verb === 'witness.contradiction')).toHaveLength(1)
})
