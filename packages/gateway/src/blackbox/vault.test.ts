import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { jcs, parseProof, readEntries, verifyLog, verifyProof, type Entry } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, structured, tool } from '../fixtures/recording-server.ts'
import { plantedIn, spellings } from '../fixtures/spellings.ts'
import type { HoldRecord } from '../hold-record.ts'
import { auditKeyOf } from '../log-inspector.ts'
import { logReader } from '../stores/files/log-reader.ts'
import { vaultAt } from '../vault/fixtures/vault-at.ts'

/** What a clinic's agent handles: names, addresses, numbers, of few possible values. */
const PATIENTS = [
  {
    patient: 'MRN-0048213',
    name: 'Erika Mustermann',
    mail: 'erika.mustermann@example.org',
    phone: '+49 151 23456789',
    card: '4929123456781234',
    note: 'HIV positiv, Größe 1,70',
  },
  {
    patient: 'MRN-0048214',
    name: 'José Ñandú',
    mail: 'jose.nandu@example.org',
    phone: '+34 600 123 456',
    card: '5425233430109903',
    note: 'allergic to penicillin',
  },
  {
    patient: 'MRN-0048215',
    name: '田中 花子',
    mail: 'hanako@example.org',
    phone: '+81 90-1234-5678',
    card: '378282246310005',
    note: '糖尿病',
  },
] as const
const VALUES = PATIENTS.flatMap((person) => Object.values(person))

const tools = [tool('chart', ({ args }) => structured({ chart: args['note'] ?? '', of: args['patient'] ?? '' })), tool('ping')]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  governed = await govern({
    servers: { ehr: { transport: 'http', url: server.url } },
    reviewed: { ehr: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      nurse: {
        manifest: { retention: { class: 'phi' } },
        tasks: {
          round: {
            tools: {
              'ehr.chart': {
                scope: 'read',
                tier: 'low',
                subject: 'patient',
                classes: ['phi', 'pci', 'pii'],
                keep: { input: true, output: true, class: 'phi' },
              },
              'ehr.ping': { scope: 'read', tier: 'low' },
            },
          },
        },
      },
    },
  })
})
afterAll(async () => {
  await governed.close()
  await server.close()
})

const chart = (args: (typeof PATIENTS)[number]) => governed.client('nurse', 'round').call('ehr__chart', { ...args })
const actsOf = async (token: string): Promise<Entry[]> =>
  (await governed.entries()).filter((entry) => 'subject' in entry && entry.subject === token)
const newest = async (): Promise<Entry[]> =>
  (await governed.entries()).filter(({ type }) => type === 'decision' || type === 'outcome').slice(-2)
const erase = (subject: string, more = {}) =>
  governed.control('bob', 'subject.erase', { subject, authority: 'GDPR Art. 17, request 4711', ...more })

describe('kept content', () => {
  test('R122 R125 R138: entries name person, classes and content; the content is what was sent and answered', async () => {
    await chart(PATIENTS[0])
    const [decision, outcome] = await newest()
    if (decision?.type !== 'decision' || outcome?.type !== 'outcome') throw new Error('no act')
    expect([decision.classes, outcome.classes, decision.subject === outcome.subject, decision.subject?.length]).toEqual([
      ['pci', 'phi', 'pii'],
      ['pci', 'phi', 'pii'],
      true,
      64,
    ])
    const read = (index: number) => governed.control('bob', 'content.read', { index, purpose: 'checking the vault' })
    expect(await read(decision.index)).toMatchObject({
      text: jcs(PATIENTS[0]),
      class: 'phi',
      commitment: decision.input.commitment,
    })
    expect((await read(outcome.index))['text']).toContain('HIV positiv')
    const { found } = (await governed.control('bob', 'subject.find', { subject: ' MRN-0048213', purpose: 'an access report' })) as {
      found: { token: string; entries: object }
    }
    expect(found).toMatchObject({
      token: decision.subject,
      keys: 1,
      counts: [{ class: 'phi', contents: 2 }],
      entries: { count: 2, first: decision.index, last: outcome.index },
    })
  })

  test('R235: each reading is recorded with reader, purpose and class; others may not read', async () => {
    const [decision] = await newest()
    const index = decision?.index ?? 0
    await governed.control('bob', 'content.read', { index, purpose: 'treatment review' })
    expect((await governed.entries()).at(-1)).toMatchObject({
      type: 'admin',
      verb: 'content.read',
      actor: { id: 'bob' },
      target: String(index),
      detail: { purpose: 'treatment review', class: 'phi' },
    })
    await expect(governed.control('alice', 'content.read', { index, purpose: 'curious' })).rejects.toMatchObject({
      code: 'IDENTITY_FORBIDDEN',
    })
    await expect(governed.control('bob', 'content.read', { index: 0, purpose: 'nothing there' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  test('an act whose grant says nothing about content is about nobody; one that must name a person and does not is refused', async () => {
    await governed.client('nurse', 'round').call('ehr__ping')
    const [ping] = await newest()
    expect([ping && 'subject' in ping, ping?.type === 'decision' && ping.input.vault]).toEqual([false, undefined])
    const calls = server.calls('chart')
    const answer = await governed.client('nurse', 'round').call('ehr__chart', { note: 'nobody named' })
    expect(answer.error?.['code']).toBe(-32_602)
    expect(server.calls('chart')).toBe(calls)
  })
})

describe('R229: erasure', () => {
  test('everything of the person is gone, the rest stays, the log verifies, and the receipt is checked offline', async () => {
    for (const person of PATIENTS) await chart(person)
    const subject = PATIENTS[0].patient
    const preview = await erase(subject, { dryRun: true })
    expect(preview).toMatchObject({ status: 'dry_run', found: { holds: [] } })
    const { token } = preview['found'] as { token: string }
    const before = await actsOf(token)
    const backup = join(governed.home.dir, '..', 'backup')
    mkdirSync(backup)
    for (const name of ['vault.db', 'vault-keys.db']) cpSync(join(governed.home.dir, name), join(backup, name))
    const done = await erase(subject)
    expect(done).toMatchObject({ status: 'erased', isDestroyed: true })
    for (const { index } of before)
      await expect(governed.control('bob', 'content.read', { index, purpose: 'after' })).rejects.toMatchObject({
        code: 'CONTENT_ERASED',
      })
    const proof = parseProof(String(done['receipt']))
    const key = auditKeyOf(governed.home)
    const result = proof && verifyProof(proof, { origin: key.name, keys: [key] })
    expect(result).toMatchObject({
      ok: true,
      entry: {
        verb: 'erasure.completed',
        detail: {
          subject: token,
          authority: 'GDPR Art. 17, request 4711',
          keySource: 'local',
          wrappingKeyDestroyed: true,
          holdsChecked: true,
        },
      },
    })
    const report = await verifyLog(logReader(governed.home.logDir), { origin: key.name, keys: [key] })
    expect(report.ok).toBe(true)
    for (const neighbour of PATIENTS.slice(1)) {
      const { found } = (await governed.control('bob', 'subject.find', { subject: neighbour.patient, purpose: 'neighbours' })) as {
        found: { entries: { last: number } }
      }
      expect(
        (await governed.control('bob', 'content.read', { index: found.entries.last, purpose: 'neighbours' }))['text'],
      ).toContain(neighbour.note)
    }
    await chart(PATIENTS[0])
    expect((await newest()).some((entry) => 'subject' in entry && entry.subject === token)).toBe(false)
    cpSync(join(governed.home.dir, 'keys', 'vault.key'), join(backup, 'vault.key'))
    const restored = vaultAt({ dir: backup })
    const [kept] = before
    if (kept?.type !== 'decision' || !kept.input.vault) throw new Error('nothing kept')
    await expect(restored.read(kept.input.vault, kept.input.commitment)).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await restored.close()
  })

  test('a legal hold blocks it with a reason; it runs by itself when the hold ends', async () => {
    const subject = PATIENTS[1].patient
    const certificates = async () =>
      (await governed.entries()).filter((entry) => entry.type === 'admin' && entry.verb === 'erasure.completed').length
    const before = await certificates()
    const reviewMs = Date.now() + 86_400_000
    const { id } = await governed.control('alice', 'hold.open', {
      matter: 'case 7',
      authority: 'court order',
      ground: '17(3)(e)',
      person: subject,
      reviewMs,
      reason: 'litigation',
    })
    await governed.control('bob', 'hold.approve', { id: String(id), reason: 'agreed' })
    expect(await erase(subject)).toMatchObject({ status: 'waiting', found: { holds: [{ id, ground: '17(3)(e)' }] } })
    expect((await governed.entries()).find((entry) => entry.type === 'admin' && entry.verb === 'erasure.blocked')).toMatchObject({
      outcome: 'refused',
      detail: { holds: [id] },
    })
    const find = () => governed.control('bob', 'subject.find', { subject, purpose: 'still there' })
    expect(await find()).toMatchObject({ found: { keys: 1 } })
    await governed.control('alice', 'hold.release', { id: String(id), reason: 'settled' })
    await governed.control('bob', 'hold.release', { id: String(id), reason: 'settled' })
    expect(await find()).toEqual({})
    expect(await certificates()).toBe(before + 1)
  })

  test('a hold on somebody whom nobody knows yet covers what is recorded about them later', async () => {
    const patient = 'MRN-0048299' as never
    const words = { matter: 'case 8', authority: 'court order', ground: '17(3)(e)', reason: 'litigation' }
    const { id } = await governed.control('alice', 'hold.open', { ...words, person: patient, reviewMs: Date.now() + 86_400_000 })
    await chart({ ...PATIENTS[2], patient })
    const [decision] = await newest()
    const { holds } = (await governed.control('bob', 'hold.list', {})) as { holds: HoldRecord[] }
    expect(holds.find((hold) => hold.id === id)?.scope).toEqual({
      subject: { token: decision && 'subject' in decision && decision.subject },
    })
    await governed.control('alice', 'hold.release', { id: String(id), reason: 'settled' })
    await governed.control('bob', 'hold.release', { id: String(id), reason: 'settled' })
  })
})

test('R133 R233: no byte on disk holds a raw value in any usual encoding, nor its plain hash; the search finds what is planted', async () => {
  for (const person of PATIENTS) await chart(person)
  await governed.stop()
  const bytes = governed.homeBytes()
  expect(plantedIn(bytes, VALUES)).toEqual([])
  const sample = bytes.subarray(0, 1_000)
  for (const value of VALUES)
    for (const spelling of spellings(value)) expect(plantedIn(Buffer.concat([sample, spelling, sample]), VALUES)).toContain(value)
  let entries = 0
  for await (const _ of readEntries(logReader(governed.home.logDir))) entries++
  expect(entries).toBeGreaterThan(20)
})
