import type { Json, JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Governed, govern } from '../fixtures/govern.ts'
import { modelClient, providerConfig } from '../fixtures/model-client.ts'
import { chatAnswer, chatStream, type RecordingProvider, startRecordingProvider } from '../fixtures/recording-provider.ts'

const PLAIN = { messages: [{ role: 'user', content: 'What is the capital of France?' }] }
const HEALTH = {
  messages: [{ role: 'user', content: 'Patient MRN 48213377, diagnosis: E11.9 type 2 diabetes mellitus, on metformin.' }],
}
const day = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
const approval = { by: 'security', evidence: 'checklist', expires: day(30) }

let first: RecordingProvider
let second: RecordingProvider
let governed: Governed
let ask: (task: string, model: string, body?: JsonObject) => ReturnType<ReturnType<typeof modelClient>>

/** Two providers of one model: what both can do, and in what the second differs. */
const pair = (name: string, main: Record<string, Json>, backup: Record<string, Json>): Record<string, JsonObject> => ({
  [`${name}-main`]: providerConfig(first.url, { models: { [name]: { approval } }, ...main }),
  [`${name}-backup`]: providerConfig(second.url, { models: { [name]: { approval } }, ...backup }),
})

beforeAll(async () => {
  first = await startRecordingProvider()
  second = await startRecordingProvider()
  const none = (name: string): Record<string, Json> => ({ [name]: null })
  const models = [
    'plain',
    'nobaa',
    'lapsed',
    'us',
    'ustransfer',
    'consumer',
    'private',
    'unapproved',
    'unreviewed',
    'purpose',
    'unattested',
    'scattered',
    'flaky',
    'slow',
  ]
  const scattered = {
    isolation: 'tenant',
    logging: { content: false, days: 0 },
    subprocessors: [{ name: 'Elsewhere Inc.', regions: ['us'] }],
    contract: 'contract 1',
  }
  const providers = {
    ...pair('plain', {}, {}),
    ...pair('nobaa', {}, none('baa')),
    ...pair('lapsed', { baa: { evidence: 'x', expires: day(-2) } }, none('baa')),
    ...pair(
      'us',
      { regions: ['us-east-1'], ...none('transfer') },
      { regions: ['us-east-1'], transfer: { mechanism: 'scc', evidence: 'x', expires: day(-2) } },
    ),
    ...pair('ustransfer', { regions: ['us-east-1'] }, { regions: ['us-east-1'] }),
    ...pair('consumer', { tier: 'consumer' }, { tier: 'consumer' }),
    ...pair('private', { tier: 'consumer' }, { kind: 'openai-compatible', tier: 'private', ...none('baa') }),
    ...pair(
      'unapproved',
      { models: { unapproved: {} } },
      { models: { unapproved: { approval: { ...approval, expires: day(-2) } } } },
    ),
    ...pair('unreviewed', none('review'), { review: { on: day(-400), by: 'security', evidence: 'x' } }),
    ...pair('unattested', none('attestation'), none('attestation')),
    ...pair('scattered', { attestation: scattered }, { attestation: scattered }),
    ...pair('purpose', { purposes: ['hiring'] }, { purposes: ['hiring'] }),
    ...pair('flaky', {}, {}),
    ...pair('slow', { timeoutMs: 100 }, {}),
  }
  const policies = {
    plain: { loop: { repeatsMax: 1_000 } },
    fresh: {},
    health: { classes: ['phi', 'pii'] },
    european: { classes: ['pii'], residency: ['eu'] },
    origin: { classes: ['pii'], origin: 'eu' },
  }
  governed = await govern({
    servers: {},
    agents: {
      clerk: { tasks: Object.fromEntries(Object.entries(policies).map(([task, modelPolicy]) => [task, { models, modelPolicy }])) },
    },
    config: { providers: withoutNull(providers) as Json },
  } as Parameters<typeof govern>[0])
  ask = (task, model, body = PLAIN) => modelClient(governed, 'clerk', task)('/v1/chat/completions', { model, ...body })
})
afterAll(async () => {
  await governed?.close()
  await first?.close()
  await second?.close()
})
beforeEach(() => {
  for (const provider of [first, second]) {
    provider.calls.length = 0
    provider.script = () => ({ body: chatAnswer('Paris.') })
  }
})
const isDown = (provider: RecordingProvider): void => void (provider.script = () => ({ status: 503, body: {} }))
const counts = (): readonly number[] => [first.calls.length, second.calls.length]

function withoutNull(providers: Record<string, JsonObject>): Record<string, JsonObject> {
  const keep = (config: JsonObject): JsonObject => Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null))
  return Object.fromEntries(Object.entries(providers).map(([id, config]) => [id, keep(config)]))
}

describe('R201: when a provider is down', () => {
  test('the next eligible answers, and the answer says so', async () => {
    isDown(first)
    const reply = await ask('plain', 'plain')
    expect(reply).toMatchObject({ status: 200, headers: { 'x-sallyport-degraded': 'fallback' } })
    expect(counts()).toEqual([2, 1])
    const outcome = (await governed.entries()).findLast(({ type }) => type === 'outcome')
    expect(outcome).toMatchObject({ model: { provider: 'plain-backup', degraded: true, attempts: 3 } })
  })
  test('nothing says so when the first one answers', async () => {
    const reply = await ask('plain', 'plain')
    expect(reply.headers).not.toHaveProperty('x-sallyport-degraded')
    expect(counts()).toEqual([1, 0])
  })
  test('one that does not answer in time is left for the next', async () => {
    first.script = () => ({ end: 'hang' })
    expect((await ask('plain', 'slow')).status).toBe(200)
    expect(counts()).toEqual([1, 1])
  })
  test('a bad request is nobody’s outage', async () => {
    first.script = () => ({ status: 400, body: {} })
    expect((await ask('plain', 'plain')).status).toBe(400)
    expect(counts()).toEqual([1, 0])
  })
  test('all down: a clean error of the wire', async () => {
    isDown(first)
    isDown(second)
    const reply = await ask('plain', 'plain')
    expect(reply).toMatchObject({
      status: 502,
      value: { error: { code: 'UPSTREAM_UNAVAILABLE' } },
      headers: { 'retry-after': '1' },
    })
    expect(counts()).toEqual([2, 2])
  })
  test('nothing is sent again once a byte of the answer has come', async () => {
    first.script = () => ({ pieces: chatStream(['Paris ']).slice(0, 2), end: 'break' })
    const reply = await ask('plain', 'plain', { ...PLAIN, stream: true })
    expect(reply.text).toContain('UPSTREAM_')
    expect(counts()).toEqual([1, 0])
  })
  test('after many failures it is not asked any more', async () => {
    isDown(first)
    for (let i = 0; i < 11; i++) await ask('plain', 'flaky')
    const [before] = counts()
    expect((await ask('plain', 'flaky')).status).toBe(200)
    expect(counts()[0]).toBe(before)
  })
})

describe('who may not answer is not asked, whoever is down', () => {
  test.each([
    ['R202: health data with only a provider without agreement alive', 'health', 'nobaa', HEALTH, [2, 0], 'UPSTREAM_UNAVAILABLE'],
    ['R203: health data where every agreement has lapsed', 'health', 'lapsed', HEALTH, [0, 0], 'provider_without_baa'],
    ['R203 R244: health data that nobody declared, only seen', 'plain', 'lapsed', HEALTH, [0, 0], 'provider_without_baa'],
    ['R204: data that must stay in the EU', 'european', 'ustransfer', PLAIN, [0, 0], 'provider_residency'],
    ['R205: personal data that leaves without a valid mechanism', 'origin', 'us', PLAIN, [0, 0], 'provider_without_transfer'],
    ['R025: classified data to a consumer service', 'origin', 'consumer', PLAIN, [0, 0], 'provider_tier'],
    ['R206: a provider nobody assessed within a year', 'plain', 'unreviewed', PLAIN, [0, 0], 'provider_unreviewed'],
    ['R207: classified data to a provider nobody attested', 'origin', 'unattested', PLAIN, [0, 0], 'provider_unattested'],
    ['R207: data that a sub-processor would take out of the EU', 'european', 'scattered', PLAIN, [0, 0], 'provider_residency'],
    ['R209: a model nobody approved', 'plain', 'unapproved', PLAIN, [0, 0], 'model_unapproved'],
    ['R202: a purpose that is not the provider’s', 'plain', 'purpose', PLAIN, [0, 0], 'provider_purpose'],
  ])('%s', async (_, task, model, body, asked, code) => {
    isDown(first)
    const reply = await ask(task, model, body)
    expect(reply.value).toMatchObject({ error: { code } })
    expect(counts()).toEqual(asked)
  })
  test.each([
    ['R203: health data under an agreement in force', 'health', 'nobaa', HEALTH, [1, 0]],
    ['R205: personal data that leaves under a valid mechanism', 'origin', 'ustransfer', PLAIN, [1, 0]],
    ['R025: a consumer service is asked what is not classified', 'fresh', 'consumer', PLAIN, [1, 0]],
    ['R208: classified data goes to hosting of one’s own', 'health', 'private', HEALTH, [0, 1]],
    ['R207: a provider nobody attested is asked what is not classified', 'fresh', 'unattested', PLAIN, [1, 0]],
    ['R204: data that must stay in the EU stays there', 'european', 'plain', PLAIN, [1, 0]],
  ])('%s', async (_, task, model, body, asked) => {
    expect((await ask(task, model, body)).status).toBe(200)
    expect(counts()).toEqual(asked)
  })
  test('R244: what a session has seen restricts its later calls too', async () => {
    expect((await ask('fresh', 'consumer')).status).toBe(200)
    await ask('fresh', 'plain', HEALTH)
    expect((await ask('fresh', 'consumer')).refusal?.reasons).toEqual(['provider_tier'])
  })
  test('R202: the record says of each why not', async () => {
    await ask('health', 'private', HEALTH)
    const decision = (await governed.entries()).findLast(({ type }) => type === 'decision')
    expect(decision).toMatchObject({
      model: { eligible: ['private-backup'], refused: [{ provider: 'private-main', reason: 'provider_tier' }] },
    })
  })
})

test('R206: what ends within thirty days is an alert, each once', async () => {
  const told = async (): Promise<readonly string[]> =>
    (await governed.entries()).flatMap((entry) =>
      entry.type === 'admin' && entry.detail['rule'] === 'evidence-lapse' ? [String(entry.target)] : [],
    )
  await expect.poll(told, { timeout: 10_000 }).toContain('unreviewed-backup review provider.lapsed')
  expect(await told()).toContain('lapsed-main baa provider.lapsed')
  expect((await told()).filter((target) => target.startsWith('plain-main review'))).toEqual([])
  expect(new Set(await told()).size).toBe((await told()).length)
})
