import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, providerConfig } from '../fixtures/model-client.ts'
import { createDatabase } from '../fixtures/postgres.ts'
import { chatAnswer, type RecordingProvider, startRecordingProvider } from '../fixtures/recording-provider.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'
import { type Replica, replicate } from '../fixtures/replicate.ts'

const postgresUrl = inject('postgresUrl')
const stores = [['one gateway', false] as const, ...(postgresUrl === '' ? [] : [['two gateways', true] as const])]
const EMPLOYEE = { name: 'Ada Holm', email: 'ada@company.example', city: 'Trondheim', born: '1990-04-01', age: 36 }
const RESULT = { result: { rows: [EMPLOYEE] } }
const tools = [
  tool('find', () => ({ content: [{ type: 'text', text: JSON.stringify(RESULT) }], structuredContent: RESULT })),
  tool('write', () => text('written')),
]

test.each(stores)('R228: fields that nothing used are named, with the grant that drops them; %s', async (_, isShared) => {
  const world = await open(isShared)
  try {
    const { governed, second, provider } = world
    const client = governed.client('clerk', 'work')
    await client.call('hr__find', { id: 7 })
    // What came at one gateway is used at the other.
    await (second?.client('clerk', 'work') ?? client).call('crm__write', { to: 'ada@company.example', text: 'Welcome!' })
    provider.script = () => ({ body: chatAnswer('Ada Holm is the one you look for.') })
    const body = { model: 'default', messages: [{ role: 'user', content: 'Who is it?' }] }
    expect((await modelClient(governed, 'clerk', 'work')('/v1/chat/completions', body)).status).toBe(200)
    await second?.close()
    await governed.stop()
    await governed.start()
    const report = await governed.control('erin', 'audit.fields', { agent: 'clerk', days: 1 })
    expect(report['tools']).toEqual([
      { task: 'work', tool: 'hr.find', days: 1, unused: ['born', 'city'], used: ['email', 'name'], unjudged: ['age'] },
    ])
    // No value of anybody is in the record of it.
    const noted = (await governed.entries()).filter((entry) => entry.type === 'admin' && entry.verb === 'fields.observed')
    expect(noted.length).toBeGreaterThan(0)
    expect(JSON.stringify(noted)).not.toMatch(/Holm|Trondheim|1990/)

    // Policy drops them, and then there is nothing to report.
    const grant = { scope: 'read', tier: 'low', fields: ['email', 'name', 'age'] }
    governed.writeManifest('clerk', { tasks: { work: { ...world.task, tools: { ...world.task.tools, 'hr.find': grant } } } })
    await expect
      .poll(async () => (await governed.control('alice', 'manifest.show', { agent: 'clerk' }))['version'], { timeout: 5_000 })
      .toBe(2)
    const trimmed = await governed.client('clerk', 'work').call('hr__find', { id: 7 })
    expect(trimmed.result?.['structuredContent']).toEqual({
      result: { rows: [{ name: 'Ada Holm', email: 'ada@company.example', age: 36 }] },
    })
    expect(trimmed.text).not.toMatch(/Trondheim|1990/)
  } finally {
    await world.close()
  }
})

test('R228: nobody without the role reads it', async () => {
  const { governed, close } = await open(false)
  await expect(governed.control('dana', 'audit.fields', { agent: 'clerk' })).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
  await close()
})

let server: RecordingServer
beforeAll(async () => {
  server = await startRecordingServer({ tools })
})
afterAll(() => server?.close())

async function open(isShared: boolean) {
  const provider: RecordingProvider = await startRecordingProvider()
  const task = {
    models: ['default'],
    tools: { 'hr.find': { scope: 'read', tier: 'low' }, 'crm.write': { scope: 'write', tier: 'low' } },
  }
  const governed: Governed = await govern({
    servers: { hr: { transport: 'http', url: server.url }, crm: { transport: 'http', url: server.url } },
    reviewed: {
      hr: [[tools[0]!.definition, 'read'] as const],
      crm: [[tools[1]!.definition, 'write'] as const],
    },
    people: { dana: { roles: ['approver'], attributes: {} } },
    agents: { clerk: { tasks: { work: task } } },
    config: { providers: { main: providerConfig(provider.url) } },
    ...(isShared && { database: await createDatabase(postgresUrl) }),
  })
  const second: Replica | undefined = isShared ? await replicate(governed) : undefined
  return {
    provider,
    governed,
    second,
    task,
    close: async () => {
      await governed.close()
      await provider.close()
    },
  }
}
