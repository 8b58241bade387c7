import { DEFAULT_GUARD_POLICY, detectors, ModelPolicy, type Sealer } from '@sallyport/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProviderConfig } from '../../config-providers.ts'
import { providerConfig } from '../../fixtures/model-client.ts'
import { chatStream, type RecordingProvider, startRecordingProvider } from '../../fixtures/recording-provider.ts'
import { openAnswerScans } from '../../guard/answer-scan.ts'
import { openBreaker } from './breaker.ts'
import type { ModelRequest } from './model-request.ts'
import { performCall, type PerformDeps, type Performed } from './perform.ts'
import { openProviderLink, type ProviderLink } from './provider-link.ts'
import { openaiChat } from './wires/openai-chat/index.ts'

const sealer: Sealer = { seal: () => '', open: () => undefined }
const scans = openAnswerScans({ policy: DEFAULT_GUARD_POLICY, detectors, sealer, cleared: [], restore: [], isObserved: false })

let provider: RecordingProvider
let link: ProviderLink

beforeAll(async () => {
  provider = await startRecordingProvider()
  link = openProviderLink(ProviderConfig.parse(providerConfig(provider.url)))
})
afterAll(async () => {
  await link.close()
  await provider.close()
})

test('R180: nothing that a provider streams is looked at, or passed on, before its turn', async () => {
  provider.script = () => ({ pieces: chatStream(['Fine weather. '.repeat(500), 'Later, rain.']) })
  let sent = ''
  let isOpen = false
  const given: (() => void)[] = []
  const asked = Promise.withResolvers<string>()
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      asked.resolve('waits')
      if (isOpen) resolve()
      else given.push(resolve)
    })
  const performing = performCall(
    request((bytes) => (sent += bytes)),
    performed(),
    { ...deps(), turns: { next } },
  )
  expect(await Promise.race([asked.promise, performing.then(() => 'is through')])).toBe('waits')
  expect(sent).toBe('')
  isOpen = true
  given.shift()?.()
  expect((await performing).status).toBe('success')
  expect(sent).toContain('Fine weather.')
})

/** What of a call its performing looks at. */
function request(write: (bytes: Buffer) => void): ModelRequest {
  const body = { model: 'default', messages: [{ role: 'user', content: 'How is the weather?' }], stream: true }
  return {
    wire: openaiChat,
    body,
    raw: JSON.stringify(body),
    ask: openaiChat.decode(body),
    query: '',
    headers: {},
    agent: 'clerk',
    signal: new AbortController().signal,
    reply: { write, drained: async () => undefined },
    charge: () => undefined,
  } as unknown as ModelRequest
}

function performed(): Performed {
  const candidate = { provider: 'main', model: 'default', upstreamModel: 'default', regions: [] }
  return {
    allowed: { decision: { obligations: [] } },
    terms: { eligible: [candidate], models: { granted: new Map(), policy: ModelPolicy.parse({}) }, prompt: { system: 'none' } },
    meter: { lost: 0 },
  } as unknown as Performed
}

function deps(): Omit<PerformDeps, 'turns'> {
  return {
    guard: { answer: () => scans } as unknown as PerformDeps['guard'],
    link: () => link,
    breaker: () => openBreaker({ nowMs: () => 0, random: () => 0 }),
    random: () => 0,
    keepReasoning: () => Promise.reject(new Error('nothing was thought')),
    requireLive: () => undefined,
  }
}
