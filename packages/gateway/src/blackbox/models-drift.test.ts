import { afterEach, expect, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, providerConfig } from '../fixtures/model-client.ts'
import { chatAnswer, type RecordingProvider, startRecordingProvider } from '../fixtures/recording-provider.ts'

/** Outcomes compared, as configured here. */
const WINDOW = 50

let provider: RecordingProvider
let governed: Governed
let sure: (i: number) => number

async function open(): Promise<(calls: number) => Promise<void>> {
  let i = 0
  provider = await startRecordingProvider()
  provider.script = () => ({ body: chatAnswer(JSON.stringify({ sure: sure((i += 1)) })) })
  const modelPolicy = { output: { confidence: { field: 'sure', min: 0 } } }
  governed = await govern({
    servers: {},
    agents: { clerk: { tasks: { work: { models: ['default'], modelPolicy } } } },
    config: { providers: { main: providerConfig(provider.url) }, alerts: { driftOutcomes: WINDOW } },
  })
  const ask = modelClient(governed, 'clerk', 'work')
  return async (calls) => {
    for (let n = 0; n < calls; n++)
      await ask('/v1/chat/completions', { model: 'default', messages: [{ role: 'user', content: `Case ${i}: how much?` }] })
  }
}
afterEach(async () => {
  await governed?.close()
  await provider?.close()
})

const raised = async (): Promise<readonly (readonly [target: string, entry: number])[]> =>
  (await governed.entries()).flatMap((entry) =>
    entry.type === 'admin' && entry.detail['rule'] === 'outcome-drift'
      ? [[String(entry.target), Number(entry.detail['entry'])] as const]
      : [],
  )
const usual = (i: number): number => 0.8 + (i % 10) / 100

test('R110: a model that says it is less sure than it was raises an alert', async () => {
  sure = usual
  const ask = await open()
  await ask(WINDOW)
  expect((await governed.entries()).findLast(({ type }) => type === 'outcome')).toMatchObject({
    model: { confidence: expect.any(Number) },
  })
  sure = (i) => usual(i) - 0.4
  await ask(WINDOW)
  await expect
    .poll(async () => (await raised()).map(([target]) => target), { timeout: 10_000 })
    .toEqual(['confidence of default for clerk work'])
})

test('R110: one that is as sure as before, in other answers, does not', async () => {
  sure = usual
  const ask = await open()
  await ask(WINDOW)
  sure = (i) => usual(i + 7)
  await ask(WINDOW)
  // Entries are looked at in order: an alert on a later window means that nothing was to be said of this one.
  sure = () => 0.1
  await ask(WINDOW)
  await expect.poll(raised, { timeout: 10_000 }).toHaveLength(1)
  expect((await raised())[0]?.[1]).toBeGreaterThan(2 * WINDOW * 2)
})
