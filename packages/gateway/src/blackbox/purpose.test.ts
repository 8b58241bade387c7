import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentClient } from '../fixtures/agent-client.ts'
import { expectRefused } from '../fixtures/expect-refused.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { type RecordingServer, startRecordingServer, text, tool } from '../fixtures/recording-server.ts'

const CHART = {
  patient: 'P-7',
  summary: 'stable',
  history: [{ on: '2019-03-01', note: 'seen by Dr Ruiz' }],
  address: '1 High Street',
}
const tools = [
  tool('chart', () => ({ content: [{ type: 'text', text: JSON.stringify(CHART) }], structuredContent: CHART })),
  tool('note', () => text('noted')),
]
let server: RecordingServer
let governed: Governed

beforeAll(async () => {
  server = await startRecordingServer({ tools })
  const chart = reads('ehr.chart')
  governed = await govern({
    servers: {
      ehr: {
        transport: 'http',
        url: server.url,
        source: { channel: 'tool', trust: 'internal', classes: ['phi'], purposes: ['treatment', 'audit'] },
      },
    },
    reviewed: { ehr: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      nurse: {
        manifest: { retention: { class: 'phi' } },
        tasks: {
          round: { purpose: 'treatment', tools: { 'ehr.chart': { scope: 'read', tier: 'low', classes: ['phi'] } } },
          summary: {
            purpose: 'treatment',
            tools: { 'ehr.chart': { scope: 'read', tier: 'low', classes: ['phi'], fields: ['patient', 'summary'] } },
          },
          mailing: { purpose: 'marketing', tools: chart },
          nameless: { tools: chart },
        },
      },
    },
  })
})
afterAll(async () => {
  await governed?.close()
  await server?.close()
})

const chart = (task: string) => governed.client('nurse', task).call('ehr__chart', { patient: 'P-7' })

test('R230: data is used for the purposes it may be used for, and the record says for which', async () => {
  const answer = await chart('round')
  expect(answer.result?.['structuredContent']).toMatchObject(CHART)
  expect((await governed.entries()).at(-1)).toMatchObject({ type: 'outcome', purpose: 'treatment' })
})

test.each([
  ['another purpose', 'mailing'],
  ['no purpose that people signed', 'nameless'],
])('R230: a task of %s gets none of it', async (_, task) => {
  await expectRefused(governed, server, { call: () => chart(task), reason: 'purpose_not_allowed' })
})

test('R230: saying another purpose than the task has does not make it one', async () => {
  const sessionOf = async (task: string, purpose: string) => {
    const { token } = await governed.control('bob', 'session.create', { agent: 'nurse', task, purpose })
    return agentClient(governed.url(), 'nurse', String(token))
  }
  const claimed = await sessionOf('mailing', 'treatment')
  await expectRefused(governed, server, {
    call: () => claimed.call('ehr__chart', { patient: 'P-7' }),
    reason: 'purpose_not_granted',
  })
  const unsigned = await sessionOf('nameless', 'treatment')
  await expectRefused(governed, server, {
    call: () => unsigned.call('ehr__chart', { patient: 'P-7' }),
    reason: 'purpose_not_allowed',
  })
  const same = await sessionOf('round', 'treatment')
  expect((await same.call('ehr__chart', { patient: 'P-7' })).refusal).toBeUndefined()
})

test('R227: a task that needs a summary gets no full record', async () => {
  const answer = await chart('summary')
  expect(answer.result?.['structuredContent']).toEqual({ patient: 'P-7', summary: 'stable' })
  expect(answer.text).not.toMatch(/Ruiz|High Street/)
  expect((await governed.entries()).at(-1)).toMatchObject({ reasons: expect.arrayContaining(['fields_projected']) as unknown })
})

test('R230: a purpose that nobody signed yet is none', async () => {
  const task = { purpose: 'audit', tools: reads('ehr.chart') }
  governed.writeManifest('nurse', { manifest: { retention: { class: 'phi' } }, tasks: { mailing: task } })
  await expect
    .poll(async () => (await governed.control('alice', 'manifest.show', { agent: 'nurse' }))['version'], { timeout: 5_000 })
    .toBe(2)
  await expectRefused(governed, server, { call: () => chart('mailing'), reason: 'purpose_not_allowed' })
  const shown = await governed.control('alice', 'manifest.show', { agent: 'nurse' })
  expect(JSON.stringify(shown['proposed'])).toContain('tasks.mailing.purpose')
})
