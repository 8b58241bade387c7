import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { govern, reads, type Governed } from '../fixtures/govern.ts'
import { createDatabase } from '../fixtures/postgres.ts'
import { SPLUNK_TOKEN, splunkReceiver, type Received, type Receiver } from '../fixtures/receivers.ts'
import { startRecordingServer, text, tool, type RecordingServer } from '../fixtures/recording-server.ts'
import { replicate, type Replica } from '../fixtures/replicate.ts'

const postgresUrl = inject('postgresUrl')
const tools = [tool('find', () => text('found'))]

describe.skipIf(postgresUrl === '')('R137: sinks over one database', () => {
  const received: Received[] = []
  let server: RecordingServer
  let receiver: Receiver
  let governed: Governed
  let replica: Replica

  beforeEach(async () => {
    received.length = 0
    server = await startRecordingServer({ tools })
    receiver = await splunkReceiver({ onReceived: (one) => received.push(one) })
    governed = await govern({
      servers: { erp: { transport: 'http', url: server.url } },
      reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
      agents: { clerk: { tasks: { work: { tools: reads('erp.find') } } } },
      database: await createDatabase(postgresUrl),
      config: { sinks: [{ type: 'splunk', id: 'siem', url: `http://127.0.0.1:${receiver.port}`, token: SPLUNK_TOKEN }] },
    })
    replica = await replicate(governed)
  })
  afterEach(async () => {
    await replica.close()
    await governed.close()
    await receiver.close()
    await server.close()
  })

  const sizeAt = async (): Promise<number> => Number((await replica.control('erin', 'sinks.status', {}))['size'])
  const everything = (size: number) =>
    vi.waitFor(
      () => {
        const indices = received.map(({ index }) => index).filter((index) => index < size)
        expect(new Set(indices)).toEqual(new Set(Array.from({ length: size }, (_, i) => i)))
        return indices
      },
      { timeout: 20_000, interval: 20 },
    )

  test('of two gateways one sends, each entry once; when it ends the other goes on where it was', async () => {
    const [first, second] = [governed.client('clerk', 'work'), replica.client('clerk', 'work')]
    for (let i = 0; i < 3; i++) await Promise.all([first.call('erp__find'), second.call('erp__find')])
    const before = await sizeAt()
    expect(await everything(before)).toHaveLength(before)
    await governed.stop()
    for (let i = 0; i < 3; i++) await second.call('erp__find')
    const after = await sizeAt()
    expect(after).toBeGreaterThan(before)
    await everything(after)
  })
})
