import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { Config, type ServerConfig } from '../../../config.ts'
import { type Clock, fixedClock } from '../../../fixtures/world.ts'
import { MODERN_VERSION } from '../wire.ts'
import type { LinkCall } from './link.ts'
import { type Upstream, openUpstream } from './upstream.ts'

interface Message {
  readonly id?: number
  readonly method: string
  readonly params: { name?: string; protocolVersion?: string }
}
type Handler = (
  message: Message,
  response: ServerResponse,
  headers: Readonly<Record<string, string | string[] | undefined>>,
) => void

const closing: (() => void | Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const configOf = (server: object): ServerConfig =>
  Config.parse({ apiVersion: 'sallyport/v1', servers: { s: server } }).servers['s'] as ServerConfig
const calling = (more: Partial<LinkCall> = {}): LinkCall => ({
  method: 'tools/call',
  params: { name: 'x' },
  timeoutMs: 3_000,
  signal: new AbortController().signal,
  ...more,
})
const shared = { context: '', prefer: 'modern' as const }
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as { code?: unknown }).code,
  )
const json = (response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const result = (id: unknown, value: object = {}): object => ({ jsonrpc: '2.0', id, result: value })
const failure = (id: unknown, code: number): object => ({ jsonrpc: '2.0', id, error: { code, message: 'no' } })

const modern: Handler = ({ id, method }, response) => {
  if (method === 'server/discover') json(response, result(id, { supportedVersions: [MODERN_VERSION], capabilities: { tools: {} } }))
  else if (method === 'tools/call') json(response, result(id, { era: 'modern' }))
  else json(response, failure(id, -32_601), 404)
}
/** The handshake era with sessions; `sessions` holds those the server knows. */
const legacy = (sessions: Set<string>): Handler => {
  return ({ id, method, params }, response, headers) => {
    const session = headers['mcp-session-id']
    if (method === 'initialize') {
      sessions.add(`s${sessions.size}-${Math.random()}`)
      return json(response, result(id, { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo: {} }), 200, {
        'mcp-session-id': [...sessions].at(-1) ?? '',
      })
    }
    if (typeof session !== 'string') return json(response, failure(null, -32_000), 400)
    if (!sessions.has(session)) return json(response, failure(null, -32_001), 404)
    if (id === undefined) return void response.writeHead(202).end()
    if (method === 'tools/call') return json(response, result(id, { era: 'legacy' }))
    json(response, failure(id, -32_601))
  }
}

async function opened(
  handler: Handler,
  more: object = {},
): Promise<{ upstream: Upstream; clock: Clock; seen: string[]; answer: (next: Handler) => void; server: Server }> {
  let current = handler
  const seen: string[] = []
  const server = createServer(async (request, response) => {
    if (request.method === 'GET') return void response.writeHead(405).end()
    const message = JSON.parse(await readAll(request)) as Message
    seen.push(message.method)
    current(message, response, request.headers)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => (server.closeAllConnections(), void server.close()))
  const clock = fixedClock()
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  const upstream = openUpstream('s', configOf({ transport: 'http', url, ...more }), {
    nowMs: clock.nowMs,
    features: () => ({}),
    onEvent: () => {},
  })
  closing.push(() => upstream.close())
  return { upstream, clock, seen, answer: (next) => (current = next), server }
}

describe('which revision a server speaks is found out', () => {
  test.each<[string, Handler, string]>([
    ['the stateless one', modern, 'modern'],
    ['only the handshake', legacy(new Set()), 'legacy'],
    [
      'both',
      (message, response, headers) => (message.method === 'initialize' ? legacy(new Set()) : modern)(message, response, headers),
      'modern',
    ],
  ])('%s', async (_title, handler, era) => {
    const { upstream } = await opened(handler)
    expect(await upstream.call(shared, calling())).toEqual({ result: { era }, era })
  })

  test.each<[string, Handler]>([
    ['garbage', (_message, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).end('hello')],
    ['results that say nothing', ({ id }, response) => json(response, result(id))],
    [
      'a revision nobody knows',
      ({ id }, response) => json(response, result(id, { supportedVersions: ['2099-01-01'], protocolVersion: '2099-01-01' })),
    ],
    ['only errors', ({ id }, response) => json(response, failure(id, -32_601))],
  ])('%s is neither', async (_title, handler) => {
    const { upstream } = await opened(handler)
    expect(await codeOf(upstream.call(shared, calling()))).toBe('UPSTREAM_MALFORMED')
  })

  test('a verdict does not outlive the server it was about', async () => {
    const { upstream, answer } = await opened(legacy(new Set()))
    await upstream.call(shared, calling())
    answer((message, response, headers) =>
      headers['mcp-protocol-version'] === MODERN_VERSION
        ? modern(message, response, headers)
        : json(response, failure(null, -32_022), 400),
    )
    await codeOf(upstream.call(shared, calling()))
    expect(await upstream.call(shared, calling())).toMatchObject({ era: 'modern' })
  })
})

describe('sessions', () => {
  test('the first call after the server forgot its sessions succeeds, and is sent exactly once more', async () => {
    const sessions = new Set<string>()
    const { upstream, seen } = await opened(legacy(sessions))
    await upstream.call(shared, calling())
    sessions.clear()
    seen.length = 0
    expect(await Promise.all([upstream.call(shared, calling()), upstream.call(shared, calling())])).toHaveLength(2)
    expect(seen.filter((method) => method === 'tools/call')).toHaveLength(4)
    expect(seen.filter((method) => method === 'initialize')).toHaveLength(1)
  })

  test('a server that forgets at once is not asked a third time', async () => {
    const sessions = new Set<string>()
    const { upstream, seen } = await opened((message, response, headers) => {
      if (message.method === 'tools/call') sessions.clear()
      legacy(sessions)(message, response, headers)
    })
    expect(await codeOf(upstream.call(shared, calling()))).toBe('UPSTREAM_UNAVAILABLE')
    expect(seen.filter((method) => method === 'tools/call')).toHaveLength(2)
  })
})

describe('failures stay where they belong', () => {
  test('one call’s failure does not cut off the others on the same connection', async () => {
    let finish = (): void => {}
    const { upstream, seen } = await opened((message, response, headers) => {
      if (message.params.name === 'slow') finish = () => json(response, result(message.id, { slow: true }))
      else if (message.params.name === 'bad') response.writeHead(503).end()
      else modern(message, response, headers)
    })
    const slow = upstream.call(shared, calling({ params: { name: 'slow' } }))
    await vi.waitFor(() => expect(seen).toContain('tools/call'))
    expect(await codeOf(upstream.call(shared, calling({ params: { name: 'bad' } })))).toBe('UPSTREAM_UNAVAILABLE')
    expect(await upstream.call(shared, calling())).toMatchObject({ era: 'modern' })
    finish()
    expect(await slow).toMatchObject({ result: { slow: true } })
  })

  test('R016: one agent’s refused credential keeps nobody else waiting, and is tried again after its own pause', async () => {
    const { upstream, clock } = await opened(
      (message, response, headers) =>
        headers['authorization'] === 'bad' ? void response.writeHead(401).end() : modern(message, response, headers),
      {
        headers: { Authorization: 'good' },
        agents: { rogue: { headers: { Authorization: 'bad' } } },
      },
    )
    const where = { context: upstream.context('rogue'), prefer: 'modern' as const }
    expect(upstream.context('buyer')).toBe('')
    expect(upstream.context('constructor')).toBe('')
    await expect(upstream.call(where, calling())).rejects.toMatchObject({
      message: 'the tool server refused the gateway’s credential',
    })
    await expect(upstream.call(where, calling())).rejects.toMatchObject({
      message: 'the tool server is being restarted',
      retryAfterMs: 250,
    })
    expect(await upstream.call(shared, calling())).toMatchObject({ era: 'modern' })
    clock.advance(250)
    await expect(upstream.call(where, calling())).rejects.toMatchObject({
      message: 'the tool server refused the gateway’s credential',
    })
    await expect(upstream.call(where, calling())).rejects.toMatchObject({ retryAfterMs: 500 })
  })
})

describe('a process', () => {
  const SERVER = `
    const say = (id, result) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id, result }) + '\\n')
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const m = JSON.parse(line)
      if (m.method === 'server/discover') MODERN
      if (m.method === 'initialize') say(m.id, { protocolVersion: m.params.protocolVersion, capabilities: {} })
      if (m.method === 'tools/call') m.params.name === 'crash' ? process.exit(1) : say(m.id, { pid: process.pid })
    })`
  function process(modernAnswer: string): { upstream: Upstream; clock: Clock } {
    const clock = fixedClock()
    const config = configOf({
      transport: 'stdio',
      command: globalThis.process.execPath,
      args: ['-e', SERVER.replace('MODERN', modernAnswer)],
    })
    const upstream = openUpstream('s', config, { nowMs: clock.nowMs, features: () => ({}), onEvent: () => {} })
    closing.push(() => upstream.close())
    return { upstream, clock }
  }
  const DISCOVERS = `say(m.id, { supportedVersions: ['${MODERN_VERSION}'], capabilities: {} })`
  const crash = calling({ params: { name: 'crash' } })

  test('is started once for all, and again after a crash, each time after a longer pause', async () => {
    const { upstream, clock } = process(DISCOVERS)
    const [one, two] = await Promise.all([
      upstream.call(shared, calling()),
      upstream.call({ context: 'x', prefer: 'legacy' }, calling()),
    ])
    expect(one).toEqual(two)
    for (const pauseMs of [250, 500, 1_000]) {
      expect(await codeOf(upstream.call(shared, crash))).toBe('UPSTREAM_UNAVAILABLE')
      await vi.waitFor(() => expect(upstream.connect('', 'modern')).rejects.toMatchObject({ retryAfterMs: pauseMs }))
      clock.advance(pauseMs)
      const again = await upstream.call(shared, calling())
      expect(again.result['pid']).not.toBe(one.result['pid'])
    }
  })

  test('that lived long enough is started again at once', async () => {
    const { upstream, clock } = process(DISCOVERS)
    await upstream.call(shared, calling())
    clock.advance(60_001)
    await codeOf(upstream.call(shared, crash))
    await vi.waitFor(async () => expect(await codeOf(upstream.call(shared, calling()))).toMatchObject({ era: 'modern' }))
  })

  test('that knows only the handshake is spoken to in it', async () => {
    const { upstream } = process(
      `process.stdout.write(JSON.stringify({ jsonrpc: '2.0', id: m.id, error: { code: -32601, message: 'no' } }) + '\\n')`,
    )
    expect(await upstream.call(shared, calling())).toMatchObject({ era: 'legacy' })
  })

  test('that dies of the question is asked the other way round next time', async () => {
    const { upstream, clock } = process(`process.exit(1)`)
    expect(await codeOf(upstream.call(shared, calling()))).toBe('UPSTREAM_UNAVAILABLE')
    clock.advance(60_000)
    expect(await upstream.call(shared, calling())).toMatchObject({ era: 'legacy' })
  })

  test('is ended with the upstream, and not started again', async () => {
    const { upstream } = process(DISCOVERS)
    await upstream.call(shared, calling())
    await upstream.close()
    expect(await codeOf(upstream.call(shared, calling()))).toBe('UPSTREAM_UNAVAILABLE')
  })
})
