import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError, type JsonObject, isGatewayError } from '@sallyport/core'
import { createParser } from 'eventsource-parser'
import type { Dispatcher, Pool } from 'undici'
import { RpcError, rpcError, rpcNotification, rpcRequest, rpcResult } from '../wire.ts'
import type { Link, LinkCall } from './link.ts'
import { type Message, parseMessage } from './message.ts'

/** Attempts to resume a stream that ended before the answer (2025 revisions, `Last-Event-ID`). */
const RESUMES_MAX = 5
const RETRY_MS = 1_000
const RETRY_MS_MAX = 30_000

export interface HttpLinkOptions {
  readonly pool: Pool
  readonly path: string
  /** The gateway's own credential and the headers of the negotiated revision. */
  readonly headers: Readonly<Record<string, string>>
  readonly resultBytesMax: number
  /** Remembers the server's session id; only the handshake era has one. */
  readonly sessions: boolean
}

export interface HttpLink extends Link {
  readonly session: () => string | undefined
  /** Opens the server's own stream of changes (2025 revisions). Resolves when it ends; `false` when it offers none. */
  follow(signal: AbortSignal): Promise<boolean>
}

/** A link to a streamable HTTP server. Requests go straight through the pool: one POST each, JSON or an event stream back. */
export function openHttpLink(options: HttpLinkOptions): HttpLink {
  const { pool, path, resultBytesMax } = options
  let nextId = 1
  let session: string | undefined
  const link: HttpLink = { call, notify, onEvent: () => {}, close, session: () => session, follow }
  return link

  async function call(request: LinkCall): Promise<JsonObject> {
    const id = nextId++
    const response = await send('POST', rpcRequest(id, request.method, request.params), request)
    if (options.sessions) session = header(response, 'mcp-session-id') ?? session
    const endless = request.method === 'subscriptions/listen'
    const stream: Stream = { call: request, id, endless, lastEventId: undefined, retryMs: RETRY_MS, answer: undefined }
    await consume(response, stream)
    for (let resumes = 0; !stream.answer && stream.lastEventId !== undefined && resumes < RESUMES_MAX; resumes++) {
      await delay(stream.retryMs, undefined, { signal: request.signal }).catch(() => undefined)
      await consume(await send('GET', undefined, request, { 'last-event-id': stream.lastEventId }), stream)
    }
    if (stream.answer?.type === 'result') return stream.answer.result
    if (stream.answer?.type === 'error') throw stream.answer.error
    throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server ended its stream without an answer')
  }

  async function notify(method: string, params: JsonObject): Promise<void> {
    await post(rpcNotification(method, params))
  }

  async function post(message: JsonObject): Promise<void> {
    const response = await send('POST', message, { timeoutMs: 10_000 })
    await response.body.dump()
  }

  async function send(
    method: 'POST' | 'GET',
    message: JsonObject | undefined,
    request: { timeoutMs: number; signal?: AbortSignal; headers?: Readonly<Record<string, string>> },
    extra?: Record<string, string>,
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await pool.request({
        method,
        path,
        headers: {
          ...options.headers,
          ...request.headers,
          ...extra,
          accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
          ...(message ? { 'content-type': 'application/json' } : {}),
          ...(session === undefined ? {} : { 'mcp-session-id': session }),
        },
        body: message ? JSON.stringify(message) : null,
        headersTimeout: request.timeoutMs,
        bodyTimeout: request.timeoutMs,
        ...(request.signal ? { signal: request.signal } : {}),
      })
    } catch (error) {
      throw translate(error, request.signal)
    }
  }

  async function consume(response: Dispatcher.ResponseData, stream: Stream): Promise<void> {
    const type = header(response, 'content-type') ?? ''
    try {
      if (type.startsWith('text/event-stream') && response.statusCode === 200) return await consumeEvents(response, stream)
      const text = await readText(response, resultBytesMax, stream.call.charge)
      if (response.statusCode >= 300 && response.statusCode < 400) throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server answered with a redirect; none is followed')
      if (!type.startsWith('application/json')) throw statusError(response.statusCode)
      const message = parseMessage(text)
      if (message.type === 'error') stream.answer = message
      else if (message.type === 'result' && message.id === stream.id && response.statusCode === 200) stream.answer = message
      else throw statusError(response.statusCode)
    } catch (error) {
      throw translate(error, stream.call.signal)
    }
  }

  async function consumeEvents(response: Dispatcher.ResponseData, stream: Stream): Promise<void> {
    let fault: Error | undefined
    let bytes = 0
    const parser = createParser({
      maxBufferSize: resultBytesMax,
      onRetry: (ms) => (stream.retryMs = Math.min(ms, RETRY_MS_MAX)),
      onError: (error) => (fault ??= error.type === 'max-buffer-size-exceeded' ? tooLarge(resultBytesMax) : undefined),
      onEvent: (event) => {
        if (event.id !== undefined) stream.lastEventId = event.id
        if (event.data === '' || fault) return
        try {
          receive(parseMessage(event.data), stream)
        } catch (error) {
          fault = error instanceof Error ? error : new GatewayError('UPSTREAM_MALFORMED', 'unreadable event')
        }
      },
    })
    const decoder = new TextDecoder()
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > resultBytesMax && !stream.endless) throw tooLarge(resultBytesMax)
      stream.call.charge?.(chunk.length)
      parser.feed(decoder.decode(chunk, { stream: true }))
      if (fault) throw fault
      if (stream.answer) {
        response.body.destroy()
        return
      }
    }
  }

  function receive(message: Message, stream: Stream): void {
    switch (message.type) {
      case 'result':
      case 'error':
        if (message.id === stream.id) stream.answer = message
        return
      case 'notification':
        return stream.call.onNotification ? stream.call.onNotification(message.method, message.params) : link.onEvent(message.method, message.params)
      case 'request':
        void answer(message, stream.call)
    }
  }

  async function answer(message: { id: string | number; method: string; params: JsonObject }, request: LinkCall): Promise<void> {
    try {
      if (!request.onRequest) throw new RpcError(-32_601, 'not available')
      await post(rpcResult(message.id, await request.onRequest(message.method, message.params)))
    } catch (error) {
      const refusal = error instanceof RpcError ? error : { code: -32_603, message: 'internal error' }
      await post(rpcError(message.id, refusal)).catch(() => undefined)
    }
  }

  /** A stream of changes may live for days: its messages are bounded one by one, its length is not. */
  async function follow(signal: AbortSignal): Promise<boolean> {
    const call: LinkCall = { method: '', params: {}, timeoutMs: 0, signal, onNotification: (method, params) => link.onEvent(method, params) }
    const response = await send('GET', undefined, { timeoutMs: 0, signal })
    if (response.statusCode !== 200) {
      await response.body.dump()
      return false
    }
    await consume(response, { call, id: -1, endless: true, lastEventId: undefined, retryMs: 0, answer: undefined })
    return true
  }

  async function close(): Promise<void> {
    await pool.destroy()
  }
}

interface Stream {
  readonly call: LinkCall
  readonly id: number
  readonly endless: boolean
  lastEventId: string | undefined
  retryMs: number
  answer: Extract<Message, { type: 'result' | 'error' }> | undefined
}

async function readText(response: Dispatcher.ResponseData, bytesMax: number, charge: LinkCall['charge']): Promise<string> {
  if (Number(header(response, 'content-length') ?? 0) > bytesMax) {
    response.body.destroy()
    throw tooLarge(bytesMax)
  }
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    charge?.(chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('UPSTREAM_TOO_LARGE', `the tool server sent more than ${bytesMax} bytes`)
}

function statusError(status: number): GatewayError {
  if (status === 401 || status === 403) return new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server refused the gateway’s credential')
  return new GatewayError(status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_MALFORMED', `the tool server answered with status ${status}`)
}

function translate(error: unknown, signal: AbortSignal | undefined): Error {
  if (isGatewayError(error) || error instanceof RpcError) return error
  if (signal?.aborted) return new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off', { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/TIMEOUT/.test(code)) return new GatewayError('UPSTREAM_TIMEOUT', 'the tool server did not answer in time', { cause: error })
  return new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server cannot be reached', { cause: error })
}
