import { setTimeout as delay } from 'node:timers/promises'
import { GatewayError, type JsonObject, isGatewayError } from '@sallyport/core'
import { createParser } from 'eventsource-parser'
import type { Dispatcher, Pool } from 'undici'
import { collect, decodeUtf8 } from '../../../collect.ts'
import { RpcError, rpcError, rpcNotification, rpcRequest, rpcResult } from '../wire.ts'
import { type Link, type LinkCall, SessionGone } from './link.ts'
import { type Message, parseMessage } from './message.ts'

/** Attempts to resume a stream that ended before the answer (2025 revisions, `Last-Event-ID`). */
const RESUMES_MAX = 5
const RETRY_MS = 1_000
const RETRY_MS_MAX = 30_000
/** Longest a timer of the platform can run. */
const TIMER_MS_MAX = 2 ** 31 - 1

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
  /** Takes no new calls and ends streams of changes; calls in flight run to their end. */
  retire(): void
}

/** A call as it runs: its own limit of time, and an end with its caller or with the link. */
interface Timed {
  readonly signal: AbortSignal
  readonly timedOut: () => boolean
  stop(): void
}

/** A link to a streamable HTTP server. Requests go straight through the pool: one POST each, JSON or an event stream back. */
export function openHttpLink(options: HttpLinkOptions): HttpLink {
  const { pool, path, resultBytesMax } = options
  let nextId = 1
  let session: string | undefined
  const endless = new AbortController()
  /** Calls that wait for their answer. */
  const waiting = new Set<LinkCall>()
  const link: HttpLink = { call, notify, onEvent: () => {}, revision: undefined, close, session: () => session, follow, retire }
  return link

  async function call(given: LinkCall): Promise<JsonObject> {
    const id = nextId++
    const isEndless = given.method === 'subscriptions/listen'
    const time = timed(given, isEndless ? endless.signal : undefined)
    const request = { ...given, signal: time.signal }
    const stream: Stream = { call: request, id, endless: isEndless, lastEventId: undefined, retryMs: RETRY_MS, answer: undefined }
    if (!isEndless) waiting.add(given)
    try {
      await exchange(stream)
    } catch (error) {
      // Closing the stream cancels in the stateless revision; the handshake one wants to be told.
      if (time.signal.aborted && session !== undefined)
        notify('notifications/cancelled', { requestId: id, reason: 'cut off' }).catch(() => undefined)
      if (time.timedOut()) throw new GatewayError('UPSTREAM_TIMEOUT', 'the tool server did not answer in time', { cause: error })
      throw error
    } finally {
      waiting.delete(given)
      time.stop()
    }
    if (stream.answer?.type === 'result') return stream.answer.result
    if (stream.answer?.type === 'error') throw stream.answer.error
    throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server ended its stream without an answer')
  }

  /** One POST, and as often as a stream breaks off that can be resumed, a GET for the rest. */
  async function exchange(stream: Stream): Promise<void> {
    const { call: request, id } = stream
    const sent = session
    const response = await send('POST', rpcRequest(id, request.method, request.params), request)
    if (response.statusCode === 404 && sent !== undefined) {
      await response.body.dump()
      throw new SessionGone()
    }
    if (options.sessions) session = header(response, 'mcp-session-id') ?? session
    let broken = await consumed(response, stream)
    for (let resumes = 0; !stream.answer && stream.lastEventId !== undefined && resumes < RESUMES_MAX; resumes++) {
      await delay(stream.retryMs, undefined, { signal: request.signal }).catch(() => undefined)
      broken = await consumed(
        await send('GET', undefined, { ...request, headers: { ...request.headers, 'last-event-id': stream.lastEventId } }),
        stream,
      )
    }
    if (!stream.answer && broken) throw broken
  }

  /** Reads a response; a connection lost on the way is returned, not thrown: there may be something to resume. */
  async function consumed(response: Dispatcher.ResponseData, stream: Stream): Promise<Error | undefined> {
    try {
      await consume(response, stream)
      return undefined
    } catch (error) {
      if (
        response.statusCode === 200 &&
        isGatewayError(error) &&
        error.code === 'UPSTREAM_UNAVAILABLE' &&
        !stream.call.signal.aborted
      )
        return error
      throw error
    }
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
  ): Promise<Dispatcher.ResponseData> {
    try {
      return await pool.request({
        method,
        path,
        headers: {
          ...options.headers,
          ...(link.revision === undefined ? {} : { 'mcp-protocol-version': link.revision }),
          ...request.headers,
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
    const type = (header(response, 'content-type') ?? '').toLowerCase()
    try {
      if (type.startsWith('text/event-stream') && response.statusCode === 200) return await consumeEvents(response, stream)
      const text = await readText(response, resultBytesMax, stream.call.charge)
      if (response.statusCode >= 300 && response.statusCode < 400)
        throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server answered with a redirect; none is followed')
      if (!type.startsWith('application/json')) throw statusError(response.statusCode)
      const message = parseMessage(text)
      if (message.type === 'error' && (message.id === stream.id || message.id === null || message.id === undefined)) {
        message.error.httpStatus = response.statusCode
        stream.answer = message
      } else if (message.type === 'result' && message.id === stream.id && response.statusCode === 200) stream.answer = message
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
        if (event.data === '' || fault || (event.event !== undefined && event.event !== 'message')) return
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
        return stream.call.onNotification
          ? stream.call.onNotification(message.method, message.params)
          : link.onEvent(message.method, message.params)
      case 'request':
        void answer(message, stream.call)
    }
  }

  /** Some servers ask on their own stream instead of the call's. With one call open it is clear whose question it is. */
  async function answer(message: { id: string | number; method: string; params: JsonObject }, request: LinkCall): Promise<void> {
    const [sole] = waiting.size === 1 ? waiting : []
    const ask = request.onRequest ?? sole?.onRequest
    try {
      if (!ask) throw new RpcError(-32_601, 'not available')
      await post(rpcResult(message.id, await ask(message.method, message.params)))
    } catch (error) {
      const refusal = error instanceof RpcError ? error : { code: -32_603, message: 'internal error' }
      await post(rpcError(message.id, refusal)).catch(() => undefined)
    }
  }

  /** A stream of changes may live for days: its messages are bounded one by one, its length is not. */
  async function follow(outer: AbortSignal): Promise<boolean> {
    const { signal, stop } = timed({ signal: outer, timeoutMs: TIMER_MS_MAX }, endless.signal)
    const call: LinkCall = {
      method: '',
      params: {},
      timeoutMs: 0,
      signal,
      onNotification: (method, params) => link.onEvent(method, params),
    }
    try {
      const response = await send('GET', undefined, { timeoutMs: 0, signal })
      if (response.statusCode !== 200) {
        await response.body.dump()
        return false
      }
      await consume(response, { call, id: -1, endless: true, lastEventId: undefined, retryMs: 0, answer: undefined })
      return true
    } finally {
      stop()
    }
  }

  function retire(): void {
    endless.abort()
    pool.close().catch(() => undefined)
  }

  async function close(): Promise<void> {
    endless.abort()
    await pool.destroy()
  }
}

/** The time limit is one for the whole answer: a server that only keeps its stream alive does not extend it. */
function timed({ signal, timeoutMs }: Pick<LinkCall, 'signal' | 'timeoutMs'>, other?: AbortSignal): Timed {
  const own = new AbortController()
  let late = false
  const abort = (): void => own.abort()
  const timer = setTimeout(() => {
    late = true
    own.abort()
  }, timeoutMs)
  const sources = other ? [signal, other] : [signal]
  for (const source of sources) {
    if (source.aborted) abort()
    else source.addEventListener('abort', abort, { once: true })
  }
  const stop = (): void => {
    clearTimeout(timer)
    for (const source of sources) source.removeEventListener('abort', abort)
  }
  return { signal: own.signal, timedOut: () => late, stop }
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
  let bytes = 0
  const body = await collect(response.body, (more) => {
    bytes += more
    if (bytes > bytesMax) throw tooLarge(bytesMax)
    charge?.(more)
  }).catch((error: unknown) => {
    response.body.destroy()
    throw error
  })
  const text = decodeUtf8(body)
  if (text === undefined) throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server sent bytes that are not UTF-8')
  return text
}

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function tooLarge(bytesMax: number): GatewayError {
  return new GatewayError('UPSTREAM_TOO_LARGE', `the tool server sent more than ${bytesMax} bytes`)
}

function statusError(status: number): GatewayError {
  if (status === 401 || status === 403)
    return new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server refused the gateway’s credential')
  return new GatewayError(
    status >= 500 ? 'UPSTREAM_UNAVAILABLE' : 'UPSTREAM_MALFORMED',
    `the tool server answered with status ${status}`,
  )
}

function translate(error: unknown, signal: AbortSignal | undefined): Error {
  if (isGatewayError(error) || error instanceof RpcError) return error
  if (signal?.aborted) return new GatewayError('UPSTREAM_CANCELLED', 'the call was cut off', { cause: error })
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (/TIMEOUT/.test(code)) return new GatewayError('UPSTREAM_TIMEOUT', 'the tool server did not answer in time', { cause: error })
  return new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server cannot be reached', { cause: error })
}
