import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, type McpServer } from '@modelcontextprotocol/server'
import { countMessage } from './calls.ts'
import { READY_LINE, TOKEN_FILE } from './company-config.ts'

const BODY_BYTES_MAX = 1_048_576
const MCP_PATH = '/mcp'

/**
 * Serves one example server over streamable HTTP on loopback, in both protocol eras, counting what arrives. Only callers with
 * the bearer token of the server's folder get in. Ends when stdin ends, so that it never outlives the process that started it.
 */
export function serveCountedHttp(serverDir: string, port: number, create: () => McpServer): void {
  const token = readFileSync(join(serverDir, TOKEN_FILE), 'utf8').trim()
  const handler = createMcpHandler(create)
  const serve = toNodeHandler(handler)
  const hostOk = localhostHostValidation()
  const originOk = localhostOriginValidation()
  const server = createServer((request, response) => {
    if (!hostOk(request, response) || !originOk(request, response)) return
    if (request.url !== MCP_PATH) return answer(response, 404, 'no such endpoint')
    if (!carries(token, request.headers.authorization)) {
      response.setHeader('WWW-Authenticate', 'Bearer')
      return answer(response, 401, 'a bearer token is required')
    }
    readBody(request).then(
      async (body) => {
        if (body !== undefined) countMessage(serverDir, body)
        // Node types absent fields as `undefined`, the adapter as missing.
        await serve(request as Parameters<typeof serve>[0], response, body)
      },
      () => answer(response, 400, 'the body is not the JSON this endpoint takes'),
    )
  })
  server.listen(port, '127.0.0.1', () => process.stdout.write(`${READY_LINE}\n`))
  process.stdin.on('end', () => process.exit(0)).resume()
}

/** The port to listen on, which the command line names. */
export function portArgument(): number {
  const port = Number(process.argv[3])
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error('usage: <script> <folder of the server> <port>')
  return port
}

/** Compares digests, so that neither content nor length shows in the time taken. */
function carries(token: string, authorization: string | undefined): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(`Bearer ${token}`), digest(authorization ?? ''))
}

/** `undefined` when there is no body. Throws when it is too large or no JSON. */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('the body is not bytes')
    bytes += chunk.length
    if (bytes > BODY_BYTES_MAX) throw new RangeError('the body is over the limit')
    chunks.push(chunk)
  }
  return bytes === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

function answer(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${message}\n`)
}
