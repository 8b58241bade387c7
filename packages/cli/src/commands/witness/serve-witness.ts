import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ADD_CHECKPOINT_BYTES_MAX, GatewayError } from '@sallyport/core'
import type { Witness, WitnessAnswer } from './open-witness.ts'

const HEADERS_MS = 5_000
const REQUEST_MS = 15_000
const HEADER_BYTES_MAX = 16_384
const CONNECTIONS_MAX = 256

export interface ServeOptions {
  readonly host: string
  readonly port: number
  /** Host names besides the address itself that requests may name. */
  readonly names: readonly string[]
  readonly tls?: { readonly certFile: string; readonly keyFile: string }
  /** Told of every request it refused or failed at. */
  readonly log: (line: string) => void
}

export interface WitnessServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * The witness' two endpoints: `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`. Nothing else is served, Host must name
 * this witness, and pages in a browser have no business here.
 * @throws GatewayError `CONFIG_INSECURE` off loopback without TLS, `CONFIG_INVALID` when it cannot listen.
 * @see C2SP tlog-witness
 */
export async function serveWitness(witness: Witness, options: ServeOptions): Promise<WitnessServer> {
  const { host, port, tls, log } = options
  const isLoopback = host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
  if (!isLoopback && !tls)
    throw new GatewayError(
      'CONFIG_INSECURE',
      'plain HTTP is for loopback only; give --tls-cert and --tls-key, or put a proxy in front',
    )
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, maxHeaderSize: HEADER_BYTES_MAX }
  const server: Server = tls
    ? createTlsServer({ ...limits, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile), minVersion: 'TLSv1.2' })
    : createServer(limits)
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new GatewayError('CONFIG_INVALID', `cannot listen on ${host}:${port}`, { cause })))
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const shown = host.includes(':') ? `[${host}]` : host
  const hosts = new Set([shown, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${bound}`))
  for (const name of options.names) hosts.add(name.toLowerCase())
  server.on('request', (request, response) => void respond(request, response))
  return {
    url: `${tls ? 'https' : 'http'}://${shown}:${bound}`,
    async close() {
      const done = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await done
    },
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await answerTo(request).catch((error: unknown): WitnessAnswer => {
      log(`failed: ${error instanceof Error ? error.message : 'unknown'}`)
      return text(503, 'the witness cannot answer now')
    })
    if (answer.status >= 400) log(`${request.method ?? ''} ${answer.status} ${answer.reason ?? ''}`.trim())
    const isWhole = request.complete
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.body),
      'cache-control': 'no-store',
      ...(isWhole ? {} : { connection: 'close' }),
    })
    response.end(answer.body)
  }

  async function answerTo(request: IncomingMessage): Promise<WitnessAnswer> {
    if (!hosts.has((request.headers.host ?? '').toLowerCase()) || request.headers.origin !== undefined)
      return text(403, 'this witness does not serve that host')
    const path = request.url ?? '/'
    if (path === '/add-checkpoint') {
      if (request.method !== 'POST') return text(405, 'use POST')
      const body = await readText(request)
      return body === undefined ? text(413, 'the request is too large or not UTF-8') : witness.addCheckpoint(body)
    }
    const hash = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path)?.[1]
    if (hash === undefined) return text(404, 'no such endpoint')
    if (request.method !== 'GET') return text(405, 'use GET')
    const note = witness.newest(hash)
    return note === undefined ? text(404, 'never cosigned') : { status: 200, type: 'text/plain; charset=utf-8', body: note }
  }
}

async function readText(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > ADD_CHECKPOINT_BYTES_MAX) return undefined
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > ADD_CHECKPOINT_BYTES_MAX) return undefined
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
  } catch {
    return undefined
  }
}

function text(status: number, body: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${body}\n` }
}
