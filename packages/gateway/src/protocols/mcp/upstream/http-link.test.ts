import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readAll } from 'node:stream/consumers'
import type { JsonObject } from '@sallyport/core'
import { afterEach, describe, expect, test } from 'vitest'
import { openPool } from '../../../egress.ts'
import { RpcError } from '../wire.ts'
import { type HttpLink, openHttpLink } from './http-link.ts'
import type { LinkCall } from './link.ts'

const RESULT_MAX = 20_000
type Handler = (message: { id?: number; method?: string }, response: ServerResponse, request: IncomingMessage) => void
let server: Server | undefined
let link: HttpLink | undefined
const seen: { verb: string; headers: IncomingMessage['headers']; message: JsonObject }[] = []

afterEach(async () => {
  await link?.close()
  server?.closeAllConnections()
  server?.close()
  seen.length = 0
})

/** A link to a real server that answers as told. */
async function linked(handler: Handler): Promise<HttpLink> {
  server = createServer(async (request, response) => {
    const body = await readAll(request)
    const message = body === '' ? {} : (JSON.parse(body) as JsonObject)
    seen.push({ verb: request.method ?? '', headers: request.headers, message })
    handler(message, response, request)
  })
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp?x=1`)
  link = openHttpLink({
    pool: openPool(url, false),
    path: '/mcp?x=1',
    headers: { authorization: 'Bearer gateway' },
    resultBytesMax: RESULT_MAX,
    sessions: true,
  })
  return link
}

const calling = (more: Partial<LinkCall> = {}): LinkCall => ({
  method: 'tools/call',
  params: { name: 'x' },
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  ...more,
})
const json = (response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
const events = (response: ServerResponse): ServerResponse => response.writeHead(200, { 'content-type': 'text/event-stream' })
const frame = (message: object, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(message)}\n\n`
const result = (id: unknown, value: object = { ok: true }): object => ({ jsonrpc: '2.0', id, result: value })
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as { code?: unknown }).code,
  )

describe('one POST, one answer', () => {
  test('JSON: the result, with the gateway’s own credential and nothing else', async () => {
    const { call } = await linked(({ id }, response) => json(response, result(id)))
    expect(await call(calling({ headers: { 'mcp-param-x': 'y' } }))).toEqual({ ok: true })
    expect(seen[0]).toMatchObject({
      verb: 'POST',
      headers: { authorization: 'Bearer gateway', 'mcp-param-x': 'y', accept: 'application/json, text/event-stream' },
    })
    expect(seen[0]?.headers).not.toHaveProperty('mcp-session-id')
  })

  test.each<[string, Handler, unknown]>([
    [
      'an error of the server',
      ({ id }, response) => json(response, { jsonrpc: '2.0', id, error: { code: -32_602, message: 'no' } }),
      -32_602,
    ],
    [
      'an error under an HTTP status',
      (_message, response) => json(response, { jsonrpc: '2.0', id: null, error: { code: -32_021, message: 'no' } }, 400),
      -32_021,
    ],
    ['the result of another request', (_message, response) => json(response, result(999)), 'UPSTREAM_MALFORMED'],
    [
      'the error of another request',
      (_message, response) => json(response, { jsonrpc: '2.0', id: 999, error: { code: 1, message: 'no' } }),
      'UPSTREAM_MALFORMED',
    ],
    ['a result under an HTTP status', ({ id }, response) => json(response, result(id), 400), 'UPSTREAM_MALFORMED'],
    [
      'text that is no JSON',
      (_message, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('<html>'),
      'UPSTREAM_MALFORMED',
    ],
    [
      'a key twice',
      ({ id }, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":${id},"result":{"a":1,"a":2}}`),
      'UPSTREAM_MALFORMED',
    ],
    [
      'another content type',
      (_message, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('hello'),
      'UPSTREAM_MALFORMED',
    ],
    ['202 without a body', (_message, response) => void response.writeHead(202).end(), 'UPSTREAM_MALFORMED'],
    [
      'a redirect',
      (_message, response) => void response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
      'UPSTREAM_MALFORMED',
    ],
    ['a refused credential', (_message, response) => void response.writeHead(401).end(), 'UPSTREAM_UNAVAILABLE'],
    ['a failure', (_message, response) => void response.writeHead(500).end('at /srv/app.js:1'), 'UPSTREAM_UNAVAILABLE'],
    [
      'a body larger than allowed by its own word',
      (_message, response) =>
        void response.writeHead(200, { 'content-type': 'application/json', 'content-length': RESULT_MAX + 1 }).flushHeaders(),
      'UPSTREAM_TOO_LARGE',
    ],
    [
      'a body larger than allowed',
      ({ id }, response) => json(response, result(id, { text: 'x'.repeat(RESULT_MAX) })),
      'UPSTREAM_TOO_LARGE',
    ],
    [
      'an event larger than allowed',
      (_message, response) => void events(response).write(`data: ${'x'.repeat(2 * RESULT_MAX)}`),
      'UPSTREAM_TOO_LARGE',
    ],
    [
      'a stream larger than allowed',
      (_message, response) =>
        void events(response).write(
          frame({ jsonrpc: '2.0', method: 'notifications/x', params: { t: 'x'.repeat(5_000) } }).repeat(5),
        ),
      'UPSTREAM_TOO_LARGE',
    ],
    [
      'a stream that ends without an answer',
      (_message, response) => void events(response).end(frame(result(999))),
      'UPSTREAM_MALFORMED',
    ],
    ['an event that is no message', (_message, response) => void events(response).end('data: hello\n\n'), 'UPSTREAM_MALFORMED'],
    ['a connection that breaks', (_message, response) => void response.destroy(), 'UPSTREAM_UNAVAILABLE'],
    [
      'a body that breaks off',
      (_message, response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
          .write('{"jsonrpc"', () => response.destroy()),
      'UPSTREAM_UNAVAILABLE',
    ],
  ])('%s', async (_title, handler, expected) => {
    const { call } = await linked(handler)
    expect(await codeOf(call(calling()))).toBe(expected)
  })

  test('no server at all', async () => {
    const { call } = await linked(() => {})
    server?.close()
    expect(await codeOf(call(calling()))).toBe('UPSTREAM_UNAVAILABLE')
  })

  test('what no longer fits into memory ends the call with the caller’s reason', async () => {
    const { call } = await linked(({ id }, response) => json(response, result(id)))
    const charge = (): never => {
      throw Object.assign(new Error('full'), { code: 'LIMIT_OVERLOADED' })
    }
    expect(await codeOf(call(calling({ charge })))).toBe('LIMIT_OVERLOADED')
  })
})

describe('an event stream', () => {
  test('text cut in the middle of a character comes whole', async () => {
    const bytes = (id: unknown): Buffer => Buffer.from(frame(result(id, { text: 'é€😀' })))
    const { call } = await linked(({ id }, response) => {
      events(response)
      const all = bytes(id)
      let at = 0
      const next = (): void => {
        if (at >= all.length) return
        response.write(all.subarray(at, at + 1), () => setImmediate(next))
        at++
      }
      next()
    })
    expect(await call(calling())).toEqual({ text: 'é€😀' })
  })

  test('what the server says on the way is passed on; comments and other events are not messages', async () => {
    const said: string[] = []
    const { call } = await linked(({ id }, response) => {
      events(response).write(': keep-alive\n\nevent: ping\ndata: now\n\n')
      response.write(frame({ jsonrpc: '2.0', method: 'notifications/progress', params: { progress: 1 } }))
      response.end(frame(result(id)))
    })
    expect(await call(calling({ onNotification: (method) => said.push(method) }))).toEqual({ ok: true })
    expect(said).toEqual(['notifications/progress'])
  })

  test.each([
    [undefined, { code: -32_601 }],
    [async () => ({ action: 'accept' }), undefined],
    [() => Promise.reject(new RpcError(-1, 'declined')), { code: -1 }],
    [() => Promise.reject(new Error('secret')), { code: -32_603, message: 'internal error' }],
  ])('a question of the server is answered in a POST of its own (%#)', async (onRequest, error) => {
    let stream: ServerResponse | undefined
    let first: unknown
    const { call } = await linked((message, response) => {
      if (message.method === 'tools/call') {
        stream = response
        first = message.id
        events(response).write(frame({ jsonrpc: '2.0', id: 'q1', method: 'elicitation/create', params: {} }))
      } else {
        response.writeHead(202).end()
        stream?.end(frame(result(first)))
      }
    })
    await call(calling(onRequest ? { onRequest: onRequest as never } : {}))
    expect(seen[1]?.message).toMatchObject({ id: 'q1', ...(error ? { error } : { result: { action: 'accept' } }) })
  })

  test('one that ends early is resumed where it stopped, after the time the server asked for', async () => {
    let id: unknown
    const { call } = await linked((message, response, request) => {
      if (request.method === 'POST') {
        id = message.id
        events(response).end(`retry: 10\n${frame({ jsonrpc: '2.0', method: 'notifications/x' }, 'e1')}`)
      } else if (request.headers['last-event-id'] === 'e1') events(response).end(': nothing yet\n\nid: e2\ndata:\n\n')
      else events(response).end(frame(result(id), 'e3'))
    })
    expect(await call(calling())).toEqual({ ok: true })
    expect(seen.map(({ verb, headers }) => [verb, headers['last-event-id']])).toEqual([['POST', undefined], ['GET', 'e1'], ['GET', 'e2']]) // prettier-ignore
  })

  test('one whose connection breaks is resumed too', async () => {
    let id: unknown
    const { call } = await linked((message, response, request) => {
      if (request.method === 'GET') return void events(response).end(frame(result(id)))
      id = message.id
      events(response).write(`retry: 10\n${frame({ jsonrpc: '2.0', method: 'notifications/x' }, 'e1')}`, () =>
        setTimeout(() => response.destroy(), 20),
      )
    })
    expect(await call(calling())).toEqual({ ok: true })
  })

  test('a server that never gets to its answer is asked five times more, not for ever', async () => {
    const { call } = await linked(
      (_message, response) => void events(response).end(`retry: 1\n${frame({ jsonrpc: '2.0', method: 'notifications/x' }, 'e1')}`),
    )
    expect(await codeOf(call(calling()))).toBe('UPSTREAM_MALFORMED')
    expect(seen).toHaveLength(6)
  })
})

describe('time and cut-off', () => {
  test('keep-alives do not extend the time a call may take', async () => {
    const { call } = await linked((_message, response) => {
      events(response)
      const timer = setInterval(() => response.write(': still here\n\n'), 20)
      response.on('close', () => clearInterval(timer))
    })
    expect(await codeOf(call(calling({ timeoutMs: 150 })))).toBe('UPSTREAM_TIMEOUT')
  })

  test('a caller that leaves ends the request at the server, and the pool goes on', async () => {
    const closed = Promise.withResolvers<void>()
    const { call } = await linked(({ id, method }, response) => {
      if (method === 'ping') return json(response, result(id))
      events(response).flushHeaders()
      response.on('close', () => closed.resolve())
    })
    const abort = new AbortController()
    const running = codeOf(call(calling({ signal: abort.signal })))
    while (seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    expect(await running).toBe('UPSTREAM_CANCELLED')
    await closed.promise
    expect(await call(calling({ method: 'ping' }))).toEqual({ ok: true })
  })

  test('one that has left already sends nothing', async () => {
    const { call } = await linked(({ id }, response) => json(response, result(id)))
    expect(await codeOf(call(calling({ signal: AbortSignal.abort() })))).toBe('UPSTREAM_CANCELLED')
    expect(seen).toHaveLength(0)
  })

  test('a retired link lets calls finish, ends streams of changes and takes nothing new', async () => {
    let finish = (): void => {}
    const { call, retire } = await linked(({ id, method }, response) => {
      if (method === 'subscriptions/listen') return void events(response).flushHeaders()
      finish = () => json(response, result(id))
    })
    const running = call(calling())
    const listening = codeOf(call(calling({ method: 'subscriptions/listen', timeoutMs: 2 ** 31 - 1 })))
    while (seen.length < 2) await new Promise((resolve) => setImmediate(resolve))
    retire()
    expect(await listening).toBe('UPSTREAM_CANCELLED')
    expect(await codeOf(call(calling()))).toBe('UPSTREAM_UNAVAILABLE')
    finish()
    expect(await running).toEqual({ ok: true })
  })
})

describe('the session of the handshake era', () => {
  test('is kept, and a server that forgot it says so in its own way', async () => {
    let alive = true
    const { call, session } = await linked(({ id }, response) => {
      if (alive) json(response, result(id), 200, { 'mcp-session-id': 's1' })
      else json(response, { jsonrpc: '2.0', id: null, error: { code: -32_001, message: 'Session not found' } }, 404)
    })
    await call(calling({ method: 'initialize' }))
    expect(session()).toBe('s1')
    await call(calling())
    expect(seen[1]?.headers['mcp-session-id']).toBe('s1')
    alive = false
    await expect(call(calling())).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'UPSTREAM_UNAVAILABLE',
      message: 'the tool server no longer knows the session',
    })
  })

  test('404 without a session is no lost session', async () => {
    const { call } = await linked((_message, response) => void response.writeHead(404).end())
    expect(await codeOf(call(calling()))).toBe('UPSTREAM_MALFORMED')
  })

  test('a call cut off is cancelled by a message, and every message names the revision', async () => {
    const cancelled = Promise.withResolvers<JsonObject>()
    const made = await linked((message, response) => {
      if (message.method === 'initialize') return json(response, result(message.id), 200, { 'mcp-session-id': 's1' })
      if (message.method === 'notifications/cancelled') {
        cancelled.resolve(message as JsonObject)
        response.writeHead(202).end()
      }
    })
    await made.call(calling({ method: 'initialize' }))
    made.revision = '2025-11-25'
    expect(await codeOf(made.call(calling({ timeoutMs: 50 })))).toBe('UPSTREAM_TIMEOUT')
    expect(await cancelled.promise).toMatchObject({ params: { requestId: 2 } })
    expect(seen.slice(1).map(({ headers }) => headers['mcp-protocol-version'])).toEqual(['2025-11-25', '2025-11-25'])
  })

  test('its stream of changes is followed; a server without one says so', async () => {
    const heard: string[] = []
    let offers = true
    const made = await linked((_message, response) => {
      if (offers) events(response).end(frame({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }))
      else response.writeHead(405).end()
    })
    made.onEvent = (method) => heard.push(method)
    expect(await made.follow(new AbortController().signal)).toBe(true)
    expect(heard).toEqual(['notifications/tools/list_changed'])
    offers = false
    expect(await made.follow(new AbortController().signal)).toBe(false)
  })
})
