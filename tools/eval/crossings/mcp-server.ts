import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Json, type JsonObject, isJsonObject } from '@sallyport/core'
import type { Streaming } from '../../../packages/gateway/src/text-format.ts'

/** What the server does with the next act. */
export interface Script {
  /** The result, or `{ error }`. */
  readonly answer?: JsonObject
  /** Said before it. */
  readonly notices?: readonly { readonly method: string; readonly params: JsonObject }[]
  /** Asked of the client before it. */
  readonly question?: { readonly method: string; readonly params: JsonObject }
}

export interface ScriptedServer {
  readonly url: string
  script: Script
  /** Everything that arrived since it was last emptied: bodies and headers. */
  received: string[]
  close(): Promise<void>
}

export interface ServerOptions {
  readonly speaks: 'both' | 'modern' | 'legacy'
  readonly streaming: Streaming
  readonly lists: (method: string, path: string) => JsonObject | undefined
  /** Said at every greeting. */
  readonly instructions: string
}

const STATE = 'state-of-the-server'
const ACTS: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read', 'completion/complete'])

/** A tool server at any path: what it answers is set before each act. */
export async function startScriptedServer(options: ServerOptions): Promise<ScriptedServer> {
  const sockets = new Set<Socket>()
  const waiting = new Map<string, () => void>()
  const http = createServer((request, response) => void receive(request, response))
  http.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const self: ScriptedServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    script: {},
    received: [],
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return self

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request)
    self.received.push(`${text}\n${decodeURIComponent(request.url ?? '')}\n${JSON.stringify(request.headers)}`)
    if (request.method !== 'POST') return void response.writeHead(405).end()
    const message = JSON.parse(text) as JsonObject
    const { method, id } = message
    if (typeof method !== 'string') waiting.get(JSON.stringify(id))?.()
    if (typeof method !== 'string' || id === undefined) return void response.writeHead(202).end()
    const params = isJsonObject(message['params']) ? message['params'] : {}
    if (ACTS.has(method)) return act({ id, method, params }, response)
    finish(response, { id, sse: options.streaming === 'sse' }, other(method, request.url ?? ''))
  }

  function other(method: string, path: string): JsonObject {
    const hello = {
      capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, logging: {} },
      serverInfo: { name: 'scripted', version: '1' },
      instructions: options.instructions,
    }
    if (method === 'server/discover' && options.speaks !== 'legacy') return { supportedVersions: ['2026-07-28'], ...hello }
    if (method === 'initialize' && options.speaks !== 'modern') return { protocolVersion: '2025-11-25', ...hello }
    return options.lists(method, path) ?? { error: { code: -32_601, message: 'no such method' } }
  }

  interface Act {
    readonly id: Json
    readonly method: string
    readonly params: JsonObject
  }

  async function act({ id, params }: Act, response: ServerResponse): Promise<void> {
    const { answer = { content: [{ type: 'text', text: 'done' }] }, notices = [], question } = self.script
    const isModern = isJsonObject(params['_meta']) && params['_meta']['io.modelcontextprotocol/protocolVersion'] !== undefined
    const sse = options.streaming === 'sse' || notices.length > 0 || (question !== undefined && !isModern)
    if (question && isModern && params['requestState'] !== STATE)
      return finish(
        response,
        { id, sse },
        { resultType: 'input_required', inputRequests: { asked: question }, requestState: STATE },
      )
    const say = sse ? openEvents(response) : undefined
    const token = isJsonObject(params['_meta']) ? params['_meta']['progressToken'] : undefined
    for (const { method, params: said } of notices)
      say?.({
        jsonrpc: '2.0',
        method,
        params: method === 'notifications/progress' ? { progressToken: token ?? null, ...said } : said,
      })
    if (question && !isModern) {
      const asked = `asked-${JSON.stringify(id)}`
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(JSON.stringify(asked), resolve)
      say?.({ jsonrpc: '2.0', id: asked, ...question })
      await promise
      waiting.delete(JSON.stringify(asked))
    }
    finish(response, { id, sse }, answer)
  }

  function finish(response: ServerResponse, { id, sse }: { readonly id: Json; readonly sse: boolean }, result: JsonObject): void {
    const outcome = isJsonObject(result['error']) ? { error: result['error'] } : { result: { resultType: 'complete', ...result } }
    const message = { jsonrpc: '2.0', id, ...outcome }
    if (!sse) return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(message))
    const say = response.headersSent ? eventsOf(response) : openEvents(response)
    say(message)
    response.end()
  }
}

function openEvents(response: ServerResponse): (message: Json) => void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  return eventsOf(response)
}

function eventsOf(response: ServerResponse): (message: Json) => void {
  return (message) => void response.write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
