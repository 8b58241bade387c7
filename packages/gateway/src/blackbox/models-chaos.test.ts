import { connect } from 'node:net'
import type { JsonObject } from '@sallyport/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Reply, Said } from '../../../../conformance/providers/script.ts'
import { type ScriptedProvider, startProvider } from '../../../../conformance/providers/start-provider.ts'
import { type Governed, govern } from '../fixtures/govern.ts'
import { providerConfig } from '../fixtures/model-client.ts'
import { startUntrustedTls, type UntrustedTls } from '../fixtures/untrusted-tls.ts'

/** What no caller may ever see: of the provider, and of the gateway’s way to it. */
const TRACE = 'Error: pool exhausted at secret_function (/srv/provider/internal.py:17) on db-7.internal'
const SECRETS = [
  'secret_function',
  'internal.py',
  'db-7',
  'sk-upstream-secret',
  '127.0.0.1:',
  'node:internal',
  'undici',
  'ECONN',
  'self-signed',
]
const SAID: Said = { text: ['It ', 'is ', 'Paris, ', 'I ', 'think.'] }
const approved = { approval: { by: 'security', evidence: 'x', expires: '2999-01-01' } }

let provider: ScriptedProvider
let tls: UntrustedTls
let governed: Governed

const KINDS = ['openai', 'anthropic'] as const
/** A model for each fault, so that the breaker that one opens keeps no other from being asked. */
const modelOf = (kind: string, fault: string): string => `${kind}-${fault.replaceAll(/[^a-z0-9]+/g, '-')}`

beforeAll(async () => {
  provider = await startProvider()
  tls = await startUntrustedTls()
  const gone = await startProvider()
  await gone.close()
  const quick = { timeoutMs: 400, idleMs: 400 }
  const ways = { tls: tls.url, gone: gone.url }
  const faults = [...broken.map(([fault]) => fault), 'none']
  const of = (kind: string, url: string, names: readonly string[]): JsonObject =>
    providerConfig(url, { kind, models: Object.fromEntries(names.map((name) => [modelOf(kind, name), approved])), ...quick })
  const models = KINDS.flatMap((kind) => [...faults, ...Object.keys(ways)].map((name) => modelOf(kind, name)))
  governed = await govern({
    servers: {},
    config: {
      providers: Object.fromEntries(
        KINDS.flatMap((kind) => [
          [kind, of(kind, provider.url, faults)],
          ...Object.entries(ways).map(([way, url]) => [`${kind}-${way}`, of(kind, url, [way])] as const),
        ]),
      ),
    },
    agents: {
      clerk: { tasks: { work: { models, modelPolicy: { loop: { repeatsMax: 10_000 } } } }, keys: { k: 'work' } },
    },
  })
})
afterAll(async () => {
  await governed?.close()
  await provider?.close()
  await tls?.close()
})
beforeEach(() => {
  provider.requests.length = 0
})

interface Wire {
  readonly path: string
  readonly kind: 'openai' | 'anthropic'
  readonly body: JsonObject
  /** What a stream ends with when all was said. */
  readonly end: string
}
const QUESTION = 'What is the capital of France?'
const WIRES: Readonly<Record<string, Wire>> = {
  'openai-chat': {
    path: '/v1/chat/completions',
    kind: 'openai',
    body: { messages: [{ role: 'user', content: QUESTION }] },
    end: '[DONE]',
  },
  'openai-responses': { path: '/v1/responses', kind: 'openai', body: { input: QUESTION }, end: 'response.completed' },
  'anthropic-messages': {
    path: '/v1/messages',
    kind: 'anthropic',
    body: { max_tokens: 100, messages: [{ role: 'user', content: QUESTION }] },
    end: 'message_stop',
  },
}

/** Every byte the gateway writes for one request, from the status line on. */
function raw({ path }: Wire, body: JsonObject): Promise<string> {
  const { hostname, port, host } = new URL(governed.url())
  const text = JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      const head = [
        `POST /a/clerk${path} HTTP/1.1`,
        `host: ${host}`,
        'content-type: application/json',
        `authorization: Bearer ${governed.secret('clerk', 'k')}`,
        `content-length: ${Buffer.byteLength(text)}`,
        'connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${text}`)
    })
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')))
    socket.on('error', reject)
  })
}

const broken: readonly (readonly [string, Reply, codes: RegExp])[] = [
  ['status 500 with a stack trace', { fault: 'status', status: 500, message: TRACE }, /UPSTREAM_UNAVAILABLE/],
  [
    'status 401, with whose key it was',
    { fault: 'status', status: 401, message: `invalid key sk-upstream-secret ${TRACE}` },
    /UPSTREAM_UNAVAILABLE/,
  ],
  ['status 429', { fault: 'status', status: 429, message: TRACE, headers: { 'retry-after': '7' } }, /UPSTREAM_LIMITED/],
  [
    'status 302',
    { fault: 'status', status: 302, message: TRACE, headers: { location: 'http://db-7.internal/' } },
    /UPSTREAM_MALFORMED/,
  ],
  ['status 400', { fault: 'status', status: 400, message: TRACE }, /UPSTREAM_REFUSED/],
  ['a hang', { fault: 'hang' }, /UPSTREAM_TIMEOUT/],
  ['a reset', { fault: 'reset' }, /UPSTREAM_UNAVAILABLE/],
  ['half an answer', { fault: 'half', said: SAID }, /UPSTREAM_(?:UNAVAILABLE|MALFORMED)/],
  ['an answer that ends early', { fault: 'short', said: SAID }, /UPSTREAM_(?:UNAVAILABLE|MALFORMED)/],
  ['an answer that falls silent', { fault: 'stall', said: SAID }, /UPSTREAM_TIMEOUT/],
  ['a malformed answer', { fault: 'malformed', said: SAID, message: TRACE }, /UPSTREAM_MALFORMED/],
  ['a provider that gives up', { fault: 'gives-up', said: SAID, message: TRACE }, /UPSTREAM_UNAVAILABLE/],
]

function requireClean(bytes: string, wire: Wire, codes: RegExp): void {
  for (const secret of SECRETS) expect(bytes).not.toContain(secret)
  expect(bytes).toMatch(codes)
  expect(bytes).not.toContain(wire.end)
}

describe.each(Object.entries(WIRES))('R013: %s', (_, wire) => {
  for (const stream of [false, true]) {
    test.each(broken)(`%s${stream ? ', streamed' : ''}`, async (fault, reply, codes) => {
      provider.script = () => reply
      const bytes = await raw(wire, { model: modelOf(wire.kind, fault), ...wire.body, ...(stream && { stream }) })
      requireClean(bytes, wire, codes)
      const outcome = (await governed.entries()).findLast((entry) => entry.type === 'outcome')
      expect(outcome).toMatchObject({ status: 'failure', effect: 'unconfirmed', code: expect.stringMatching(codes) })
    })
  }
  test('R201: a provider whose certificate nobody vouches for is not spoken to', async () => {
    const bytes = await raw(wire, { model: `${wire.kind}-tls`, ...wire.body })
    requireClean(bytes, wire, /UPSTREAM_UNAVAILABLE/)
    expect(tls.requests()).toBe(0)
  })
  test('R201: nobody there', async () => {
    const bytes = await raw(wire, { model: `${wire.kind}-gone`, ...wire.body })
    expect(bytes).toMatch(/^HTTP\/1\.1 502 /)
    requireClean(bytes, wire, /UPSTREAM_UNAVAILABLE/)
  })
  test('a whole answer is one', async () => {
    provider.script = () => SAID
    const bytes = await raw(wire, { model: modelOf(wire.kind, 'none'), ...wire.body, stream: true })
    expect([bytes.includes(wire.end), bytes.includes('UPSTREAM_')]).toEqual([true, false])
  })
})
