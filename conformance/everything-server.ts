import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
} from '@modelcontextprotocol/node'
import { classifyInboundRequest, createMcpHandler, isInitializeRequest } from '@modelcontextprotocol/server'
import { everythingServer } from './everything/server.ts'

const BODY_BYTES_MAX = 4 * 1_048_576

const handler = createMcpHandler(() => everythingServer(() => handler.notify))
const modern = toNodeHandler(handler)
const sessions = new Map<string, NodeStreamableHTTPServerTransport>()
const hostIsLocal = localhostHostValidation()
const originIsLocal = localhostOriginValidation()

const { values } = parseArgs({ options: { port: { type: 'string', default: '0' } } })
const listener = createServer((request, response) => {
  if (!hostIsLocal(request, response) || !originIsLocal(request, response)) return
  serve(request, response).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    if (!response.headersSent) refuse(response, 500, { code: -32_603, message: 'internal error' })
  })
})
listener.listen(Number(values.port), '127.0.0.1', () => {
  const address = listener.address()
  process.stdout.write(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : values.port}/mcp\n`)
})

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url !== '/mcp') return refuse(response, 404, { code: -32_600, message: 'not found' })
  const sessionId = header(request, 'mcp-session-id')
  const session = sessionId === undefined ? undefined : sessions.get(sessionId)
  if (request.method !== 'POST') {
    if (session) return session.handleRequest(request, response)
    return refuse(response, sessionId === undefined ? 405 : 404, { code: -32_600, message: 'no such session' })
  }
  const body = await readJson(request)
  if (body === undefined) return refuse(response, 400, { code: -32_700, message: 'not JSON' })
  if (isModern(request, body)) return modern(request as Parameters<typeof modern>[0], response, body) // The SDK's type forbids `undefined` where Node has it.
  if (session) return session.handleRequest(request, response, body)
  if (sessionId !== undefined) return refuse(response, 404, { code: -32_600, message: 'no such session' })
  if (!isInitializeRequest(body)) return refuse(response, 400, { code: -32_600, message: 'a session is needed' })
  return openSession(request, response, body)
}

/** The handshake of 2025: one server object and one transport for as long as the session lasts. */
async function openSession(request: IncomingMessage, response: ServerResponse, body: unknown): Promise<void> {
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  })
  await everythingServer(() => handler.notify).connect(transport)
  await transport.handleRequest(request, response, body)
}

function isModern(request: IncomingMessage, body: unknown): boolean {
  const protocolVersionHeader = header(request, 'mcp-protocol-version')
  const mcpMethodHeader = header(request, 'mcp-method')
  const inbound = classifyInboundRequest({
    httpMethod: 'POST',
    ...(protocolVersionHeader !== undefined && { protocolVersionHeader }),
    ...(mcpMethodHeader !== undefined && { mcpMethodHeader }),
    body,
  })
  return inbound.kind !== 'legacy'
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > BODY_BYTES_MAX) return undefined
    chunks.push(chunk as Buffer)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function refuse(response: ServerResponse, status: number, error: { readonly code: number; readonly message: string }): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', error, id: null }))
}
