import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { ERRORS, GatewayError, isGatewayError, isJsonObject, parseJson } from '@sallyport/core'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { type ByteBudget, COST_FACTOR } from '../../byte-budget.ts'
import { openaiDialect, problemOf } from './dialect.ts'
import type { ModelEndpoint } from './endpoint.ts'
import { openEventSplitter } from './event-stream.ts'
import type { Reply } from './reply.ts'

/** Where the Responses wire is spoken over a socket. */
const PATH = '/v1/responses'
/** Calls that wait for the one in progress. */
const WAITING_MAX = 8
/** A socket ends after this long, whatever it does, and after this long without a call. */
const LIFE_MS = 60 * 60_000
const SILENCE_MS = 10 * 60_000
/** Bytes written and not sent yet, above which the provider's answer waits. */
const UNSENT_BYTES_MAX = 1_048_576
/** How long a peer may take to say goodbye. */
const CLOSE_MS = 1_000
/** RFC 6455, 7.4.1. */
const POLICY = 1_008
const GONE = 1_001

export interface SocketDeps {
  readonly endpoint: ModelEndpoint
  readonly bodyBytesMax: number
  readonly budget: ByteBudget
  readonly onCut: (agent: string, cut: () => void) => () => void
}

/** Takes sockets of agents that speak the Responses wire: each `response.create` is one call, and they are answered one after another. */
export interface ModelSockets {
  /** Host and Origin have been checked. @throws GatewayError before the socket is one: it is answered over HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, at: { head: Buffer; agent: string; path: string }): Promise<void>
  close(): void
}

export function openModelSockets({ endpoint, bodyBytesMax, budget, onCut }: SocketDeps): ModelSockets {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: bodyBytesMax,
    perMessageDeflate: false,
    autoPong: false,
    clientTracking: true,
  })
  return {
    async upgrade(request, socket, { head, agent, path }) {
      if (path !== PATH) throw new GatewayError('REQUEST_PATH', 'no socket is spoken here')
      // Who nobody knows gets no socket; every call on it is identified anew.
      await endpoint.identify(request, agent)
      server.handleUpgrade(request, socket, head, (line) => serve(line, request, agent))
    },
    close() {
      for (const line of server.clients) {
        line.close(GONE, 'the gateway ends')
        setTimeout(() => line.terminate(), CLOSE_MS).unref()
      }
      server.close()
    },
  }

  function serve(line: WebSocket, request: IncomingMessage, agent: string): void {
    let waiting = 0
    let last: Promise<void> = Promise.resolve()
    const forget = onCut(agent, () => line.close(POLICY, 'the agent is isolated'))
    const end = setTimeout(() => line.close(GONE, 'the socket is too old'), LIFE_MS)
    let silence = setTimeout(() => line.close(GONE, 'nothing was said'), SILENCE_MS)
    line.on('error', () => line.terminate())
    line.on('ping', (data) => answerable(line) && line.pong(data))
    line.once('close', () => {
      forget()
      clearTimeout(end)
      clearTimeout(silence)
    })
    line.on('message', (data, isBinary) => {
      clearTimeout(silence)
      silence = setTimeout(() => line.close(GONE, 'nothing was said'), SILENCE_MS)
      const reply = frameReply(line)
      // What waits is in memory too, so it is paid for when it comes.
      const cost = bytesOf(data) * COST_FACTOR
      try {
        if (waiting >= WAITING_MAX)
          throw new GatewayError('LIMIT_OVERLOADED', 'too many calls wait on this socket', { retryAfterMs: 1_000 })
        budget.take(cost)
      } catch (error) {
        if (answerable(line)) refuse(reply, error)
        return
      }
      waiting++
      last = last
        .then(() => call(() => bodyOf(textOf(data, isBinary)), reply))
        .catch((error: unknown) => refuse(reply, error))
        .finally(() => {
          budget.give(cost)
          waiting--
        })
    })

    async function call(read: () => string, reply: Reply): Promise<void> {
      // Who reads no answers is asked for no more of them.
      await reply.drained()
      if (!reply.isGone()) await endpoint.serveFrame(request, { agent, path: PATH, reply, read })
    }
  }
}

/** A call as it would stand in a body. @throws GatewayError `REQUEST_*` */
function bodyOf(text: string): string {
  const frame = parseJson(text)
  if (!isJsonObject(frame)) throw new GatewayError('REQUEST_MALFORMED', 'the message is not an object')
  const { type, ...body } = frame
  // What changes an answer while it is made would pass by everything that was decided about the call.
  if (type !== 'response.create') throw new GatewayError('REQUEST_METHOD', 'only response.create is taken on this socket')
  return JSON.stringify({ ...body, stream: true })
}

function bytesOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.byteLength
}

function textOf(data: RawData, isBinary: boolean): string {
  if (isBinary) throw new GatewayError('REQUEST_TYPE', 'messages are JSON texts')
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8')
}

/** Ends a line on which answers pile up, to calls or pings that nobody waits to have answered. */
function answerable(line: WebSocket): boolean {
  if (line.bufferedAmount > UNSENT_BYTES_MAX) line.terminate()
  return line.readyState === line.OPEN
}

function refuse(reply: Reply, error: unknown): void {
  const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error')
  reply.send(ERRORS[known.code].http, JSON.stringify(openaiDialect.problem(problemOf(known))))
}

/** One answer on a socket: every event of its stream is a message. */
function frameReply(line: WebSocket): Reply {
  const splitter = openEventSplitter()
  let isBegun = false
  const say = (text: string): void => {
    isBegun = true
    if (line.readyState === line.OPEN) line.send(text)
  }
  return {
    isBegun: () => isBegun,
    set() {},
    send(status, body) {
      const value = parseJson(body.toString())
      if (status !== 200) return say(JSON.stringify({ type: 'error', status, ...(isJsonObject(value) ? value : {}) }))
      // A provider that would not stream.
      say(JSON.stringify({ type: 'response.completed', sequence_number: 0, response: value }))
    },
    write(bytes) {
      for (const { value } of splitter.push(Buffer.from(bytes))) if (value) say(JSON.stringify(value))
    },
    async drained() {
      while (line.readyState === line.OPEN && line.bufferedAmount > UNSENT_BYTES_MAX)
        await new Promise((resolve) => setTimeout(resolve, 5))
    },
    end() {},
    isGone: () => line.readyState !== line.OPEN,
    onGone(callback) {
      line.once('close', callback)
      return () => void line.off('close', callback)
    },
    destroy: () => line.close(POLICY, 'the call was cut off'),
  }
}
