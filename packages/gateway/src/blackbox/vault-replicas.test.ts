import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { createDatabase, withClient } from '../fixtures/postgres.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { type Replica, replicate } from '../fixtures/replicate.ts'
import { startTransitServer, type TransitServer } from '../keys/vault-transit/fixtures/transit-server.ts'

const postgresUrl = inject('postgresUrl')
const tools = [tool('chart', ({ args }) => text(String(args['note'])))]

describe.skipIf(postgresUrl === '')('R229: erasure among gateways over one PostgreSQL and one key server', () => {
  let server: RecordingServer
  let transit: TransitServer
  let first: Governed
  let second: Replica
  let ownerUrl: string

  beforeAll(async () => {
    server = await startRecordingServer({ tools })
    transit = await startTransitServer()
    await transit.createKey('sallyport')
    const database = await createDatabase(postgresUrl)
    ownerUrl = database.ownerUrl
    first = await govern({
      database,
      servers: { ehr: { transport: 'http', url: server.url } },
      reviewed: { ehr: tools.map(({ definition }) => [definition, 'read'] as const) },
      agents: {
        nurse: {
          manifest: { retention: { class: 'phi' } },
          tasks: {
            round: {
              tools: { 'ehr.chart': { scope: 'read', tier: 'low', subject: 'patient', keep: { input: true, class: 'phi' } } },
            },
          },
        },
      },
      config: { vault: { keys: { source: 'vault-transit', url: transit.url, key: 'sallyport', token: transit.token } } },
    })
    second = await replicate(first)
  })
  afterAll(async () => {
    await second.close()
    await first.close()
    await transit.close()
    await server.close()
  })

  const chart = (at: Governed | Replica, patient: string) =>
    at.client('nurse', 'round').call('ehr__chart', { patient, note: `planted note of ${patient}` })
  const find = async (at: Governed | Replica, subject: string) =>
    (await at.control('bob', 'subject.find', { subject, purpose: 'test' }))['found'] as
      | { token: string; entries: { first: number; count: number } }
      | undefined
  const read = (at: Governed | Replica, index: number) => at.control('bob', 'content.read', { index, purpose: 'test' })

  test('both know a person by one pseudonym; what one erases, no other reads or adds to', async () => {
    for (const at of [first, second, first]) expect((await chart(at, 'P-1')).said).toContain('planted note')
    await chart(second, 'P-2')
    const found = await find(second, 'P-1')
    const index = found?.entries.first ?? -1
    expect([found?.entries.count, (await find(first, 'P-1'))?.token]).toEqual([6, found?.token])
    expect((await read(second, index))['text']).toContain('planted note of P-1')
    const done = await first.control('bob', 'subject.erase', { subject: 'P-1', authority: 'GDPR Art. 17' })
    expect(done).toMatchObject({ status: 'erased', isDestroyed: true })
    for (const at of [first, second]) {
      await expect(read(at, index)).rejects.toMatchObject({ code: 'CONTENT_ERASED' })
      expect(await find(at, 'P-1')).toBeUndefined()
    }
    const neighbour = await find(second, 'P-2')
    expect((await read(first, neighbour?.entries.first ?? -1))['text']).toContain('planted note of P-2')
    // The other one may still hold the keys: the act is refused until it has heard, and never kept under the old ones.
    await expect.poll(async () => (await chart(second, 'P-1')).said).toContain('planted note')
    expect((await find(first, 'P-1'))?.token).not.toBe(found?.token)
  })

  test('R133 R233: no table holds a raw value', async () => {
    await withClient(ownerUrl, async (client) => {
      const { rows } = await client.query<{ schema: string; name: string }>(
        "SELECT table_schema AS schema, table_name AS name FROM information_schema.tables WHERE table_schema LIKE 'sallyport%'",
      )
      expect(rows.length).toBeGreaterThan(5)
      for (const { schema, name } of rows) {
        const found = await client.query(
          `SELECT 1 FROM ${schema}.${name} AS t WHERE t::text LIKE '%planted note%' OR t::text LIKE '%' || encode('planted note', 'hex') || '%'`,
        )
        expect([schema, name, found.rows.length]).toEqual([schema, name, 0])
      }
    })
  })
})
