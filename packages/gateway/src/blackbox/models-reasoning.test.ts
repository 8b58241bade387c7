import type { JsonObject, OutcomeEntry } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ScriptedProvider, startProvider } from '../../../../conformance/providers/start-provider.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, providerConfig } from '../fixtures/model-client.ts'

const THOUGHT = 'The user wants a capital; Lyon is larger than people think, but it is Paris.'
const approved = (model: string) => ({ [model]: { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } } })
const QUESTION = 'What is the capital of France?'

let provider: ScriptedProvider
let governed: Governed

beforeAll(async () => {
  provider = await startProvider()
  const models = ['default', 'claude']
  governed = await govern({
    servers: {},
    config: {
      providers: {
        main: providerConfig(provider.url),
        claude: providerConfig(provider.url, { kind: 'anthropic', models: approved('claude') }),
      },
    },
    agents: {
      clerk: { tasks: { work: { models }, sparing: { models, modelPolicy: { reasoning: 'omit' } } } },
    },
  })
})
afterAll(async () => {
  await governed?.close()
  await provider?.close()
})
beforeEach(() => {
  provider.script = () => ({ reasoning: THOUGHT, text: ['It is ', 'Paris.'] })
})

const WIRES: readonly (readonly [wire: string, path: string, body: JsonObject])[] = [
  ['openai-chat', '/v1/chat/completions', { model: 'default', messages: [{ role: 'user', content: QUESTION }] }],
  ['openai-responses', '/v1/responses', { model: 'default', input: QUESTION }],
  ['anthropic-messages', '/v1/messages', { model: 'claude', max_tokens: 100, messages: [{ role: 'user', content: QUESTION }] }],
]
const cells = WIRES.flatMap((wire) => [false, true].map((stream) => [...wire, stream] as const))

async function asked(task: string, path: string, body: JsonObject): Promise<OutcomeEntry> {
  expect((await modelClient(governed, 'clerk', task)(path, body)).status).toBe(200)
  return (await governed.entries()).findLast((entry) => entry.type === 'outcome') as OutcomeEntry
}
const read = (index: number, user = 'bob') =>
  governed.control(user, 'content.read', { index, purpose: 'a question of the board', part: 'reasoning' })

describe.each(cells)('%s', (_, path, body, stream) => {
  test(`R129: reasoning is kept apart, and whoever may can read it; streamed: ${stream}`, async () => {
    const outcome = await asked('work', path, { ...body, stream })
    expect(outcome.model).toMatchObject({
      reasoning: 'present',
      thought: { bytes: THOUGHT.length, vault: { id: expect.any(String) } },
    })
    expect(await read(outcome.index)).toMatchObject({ class: 'reasoning', text: THOUGHT })
    expect((await governed.entries()).at(-1)).toMatchObject({ verb: 'content.read', detail: { class: 'reasoning' } })
  })
  test(`R129: a model that says nothing of it is told from one that does; streamed: ${stream}`, async () => {
    provider.script = () => ({ text: ['It is ', 'Paris.'] })
    const outcome = await asked('work', path, { ...body, stream })
    expect(outcome.model).toMatchObject({ reasoning: 'absent' })
    expect(outcome.model).not.toHaveProperty('thought')
    await expect(read(outcome.index)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
  test(`R130: a task that wants none kept keeps none; streamed: ${stream}`, async () => {
    const outcome = await asked('sparing', path, { ...body, stream })
    expect(outcome.model).toMatchObject({ reasoning: 'present' })
    expect(outcome.model).not.toHaveProperty('thought')
  })
})

test('R130 R235: nothing of it lies open anywhere, and not everybody reads it', async () => {
  const outcome = await asked('work', WIRES[0]?.[1] ?? '', WIRES[0]?.[2] ?? {})
  const bytes = governed.homeBytes()
  expect(bytes.includes(outcome.act)).toBe(true)
  expect(bytes.includes('Lyon is larger')).toBe(false)
  await expect(read(outcome.index, 'alice')).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
})
