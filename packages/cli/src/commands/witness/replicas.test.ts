import { formatNoteKey, type Json } from '@sallyport/core'
import { auditKeyOf } from '@sallyport/gateway'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { govern, reads, type Governed } from '../../../../gateway/src/fixtures/govern.ts'
import { createDatabase } from '../../../../gateway/src/fixtures/postgres.ts'
import { startRecordingServer, text, tool, type RecordingServer } from '../../../../gateway/src/fixtures/recording-server.ts'
import { replicate, type Replica } from '../../../../gateway/src/fixtures/replicate.ts'
import { testWitness, type TestWitness } from './fixtures/log-and-witness.ts'

const postgresUrl = inject('postgresUrl')
const tools = [tool('read', () => text('read'))]
const WAIT = { timeout: 20_000, interval: 50 }

describe.skipIf(postgresUrl === '')('R117 R293: one log, two gateways, one witness', () => {
  let server: RecordingServer
  let witness: TestWitness
  let governed: Governed
  let replica: Replica

  beforeEach(async () => {
    server = await startRecordingServer({ tools })
    witness = await testWitness()
    const one = { name: 'w1', key: formatNoteKey(witness.folder.key, 'cosignature'), url: witness.url() }
    governed = await govern({
      servers: { erp: { transport: 'http', url: server.url } },
      reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
      agents: { clerk: { tasks: { work: { tools: reads('erp.read') } } } },
      database: await createDatabase(postgresUrl),
      config: { witnesses: { list: [one], stopActs: 'consequential' } as unknown as Json },
      start: false,
    })
    witness.folder.trust(auditKeyOf(governed.home))
    await governed.start()
    replica = await replicate(governed)
  })
  afterEach(async () => {
    await replica.close()
    await governed.close()
    await witness.remove()
    await server.close()
  })

  /** Waits until an entry is witnessed, as one gateway tells. */
  const isWitnessed = (control: Governed['control'], index: number) =>
    vi.waitFor(async () => expect(await control('bob', 'audit.read', { index })).toMatchObject({ state: 'witnessed' }), WAIT)

  test('both know how far it is witnessed; when one ends, the other goes on asking', async () => {
    const first = await governed.client('clerk', 'work').call('erp__read')
    expect(first.said).toBe('read')
    await isWitnessed((...call) => governed.control(...call), 0)
    await isWitnessed((...call) => replica.control(...call), 0)
    await governed.stop()
    expect((await replica.client('clerk', 'work').call('erp__read')).said).toBe('read')
    const { size } = (await replica.control('bob', 'audit.tail', {})) as { size: number }
    await isWitnessed((...call) => replica.control(...call), size - 1)
    expect(await replica.control('bob', 'audit.verify', {})).toMatchObject({ ok: true })
  })
})
