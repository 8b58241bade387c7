import { readFileSync } from 'node:fs'
import { type IncomingMessage, type Server, type ServerResponse, createServer, STATUS_CODES } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { ERRORS, GatewayError, Id, isGatewayError } from '@sallyport/core'
import type { Config } from '../config.ts'

const HEADERS_MS = 10_000
const REQUEST_MS = 60_000
const HEADER_BYTES_MAX = 32_768
const CONNECTIONS_MAX = 10_000

export interface Routes {
  readonly mcp: (request: IncomingMessage, response: ServerResponse, agent: string) => Promise<void>
  /** Model calls; `path` is what follows the agent's base URL, `/v1/…`. */
  readonly models: (
    request: IncomingMessage,
    response: ServerResponse,
    at: { readonly agent: string; readonly path: string },
  ) => Promise<void>
  /** A socket below the same base URL. @throws GatewayError before it is one */
  readonly modelSocket: (
    request: IncomingMessage,
    socket: Duplex,
    at: { readonly head: Buffer; readonly agent: string; readonly path: string },
  ) => Promise<void>
  /** Questions about acts, below addresses of their own: the credential says whose. */
  readonly isAuthzen: (path: string) => boolean
  readonly authzen: (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>
  readonly token: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Whether a load balancer should send traffic here. */
  readonly isReady: () => boolean
  /** @see RFC 9728 */
  readonly resourceMetadata: (agent: string) => object
  /** Records a request refused before any route saw it; the caller is answered after that. Never rejects. */
  readonly onRefused: (error: GatewayError, request: IncomingMessage) => Promise<void>
  readonly log: (message: string, error: unknown) => void
}

export interface HttpServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * The data plane's listener. Host and Origin are checked before anything else: a page in a browser that resolves its own name
 * to this address must not reach an agent's endpoint.
 * @throws GatewayError `CONFIG_INVALID` when the address is in use.
 */
export async function listen(config: Config, routes: Routes): Promise<HttpServer> {
  const { host, port, tls } = config.listen
  const options = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    maxHeaderSize: HEADER_BYTES_MAX,
    keepAliveTimeout: 65_000,
    // Clients that offer another HTTP version are answered in this one.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  }
  const server: Server = tls
    ? createTlsServer({ ...options, cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile), minVersion: 'TLSv1.2' })
    : createServer(options)
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new GatewayError('CONFIG_INVALID', `cannot listen on ${host}:${port}; is another gateway running? Set listen.port`, {
          cause,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  const allowed = allowedHosts(config, bound)
  const origins = new Set([...config.origins, ...[...allowed].flatMap((name) => [`http://${name}`, `https://${name}`])])
  server.on('request', (request, response) => void route(request, response))
  server.on('upgrade', (request, socket, head) => void upgrade(request, { socket, head }))
  const scheme = tls ? 'https' : 'http'
  const shown = host.includes(':') ? `[${host}]` : host
  return { url: config.publicUrl?.replace(/\/$/, '') ?? `${scheme}://${shown}:${bound}`, close }

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkHost(request)
      const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
      if (path === '/healthz') return answer(response, 200, { status: 'ok' })
      if (path === '/readyz') {
        const isReady = routes.isReady()
        return answer(response, isReady ? 200 : 503, { status: isReady ? 'ready' : 'unavailable' })
      }
      if (path === '/oauth/token') return await routes.token(request, response)
      if (routes.isAuthzen(path)) return await routes.authzen(request, response, path)
      const metadata = /^\/\.well-known\/oauth-protected-resource\/a\/([a-z0-9-]+)\/mcp$/.exec(path)?.[1]
      if (metadata !== undefined && Id.safeParse(metadata).success) return answer(response, 200, routes.resourceMetadata(metadata))
      const agent = /^\/a\/([a-z0-9-]+)\/mcp$/.exec(path)?.[1]
      if (agent !== undefined && Id.safeParse(agent).success) return await routes.mcp(request, response, agent)
      const caller = modelsCaller(path)
      if (caller) return await routes.models(request, response, caller)
      throw new GatewayError('REQUEST_PATH', 'no such endpoint; agents connect to /a/<agent>/mcp and /a/<agent>/v1')
    } catch (error) {
      const known = await refused(error, request)
      if (!response.headersSent) answer(response, ERRORS[known.code].http, problemOf(known))
      else response.destroy()
    }
  }

  async function upgrade(request: IncomingMessage, { socket, head }: { socket: Duplex; head: Buffer }): Promise<void> {
    socket.on('error', () => socket.destroy())
    try {
      checkHost(request)
      const caller = modelsCaller((request.url ?? '/').split('?', 1)[0] ?? '/')
      if (!caller) throw new GatewayError('REQUEST_PATH', 'no socket is spoken here')
      await routes.modelSocket(request, socket, { ...caller, head })
    } catch (error) {
      const known = await refused(error, request)
      const body = JSON.stringify(problemOf(known))
      const { http } = ERRORS[known.code]
      // A peer that never says goodbye would keep it, and the end of the gateway waits for it.
      socket.once('finish', () => socket.destroy())
      const head = [`HTTP/1.1 ${http} ${STATUS_CODES[http] ?? ''}`, 'content-type: application/problem+json', 'connection: close']
      socket.end(`${head.join('\r\n')}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
    }
  }

  async function refused(error: unknown, request: IncomingMessage): Promise<GatewayError> {
    const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error', { cause: error })
    if (known.code === 'INTERNAL') routes.log('internal error', error)
    else await routes.onRefused(known, request)
    return known
  }

  function checkHost(request: IncomingMessage): void {
    if (!allowed.has((request.headers.host ?? '').toLowerCase()))
      throw new GatewayError('REQUEST_ORIGIN', 'this gateway does not serve the host named in the request')
    const { origin } = request.headers
    if (origin !== undefined && !origins.has(origin.toLowerCase()))
      throw new GatewayError('REQUEST_ORIGIN', 'this origin may not call the gateway')
  }

  async function close(): Promise<void> {
    const done = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await done
  }
}

function modelsCaller(path: string): { readonly agent: string; readonly path: string } | undefined {
  const [, agent = '', below = ''] = /^\/a\/([a-z0-9-]+)(\/v1\/.*)$/.exec(path) ?? []
  return Id.safeParse(agent).success ? { agent, path: below } : undefined
}

function problemOf({ code, message }: GatewayError): object {
  return { type: 'about:blank', title: message, status: ERRORS[code].http, code }
}

function allowedHosts(config: Config, port: number): ReadonlySet<string> {
  const { host, tls } = config.listen
  const names = [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]'].map((name) =>
    `${name}:${port}`.toLowerCase(),
  )
  const bare = port === (tls ? 443 : 80) ? ['localhost', '127.0.0.1', '[::1]', host.toLowerCase()] : []
  return new Set([...names, ...bare, ...(config.publicUrl ? [new URL(config.publicUrl).host.toLowerCase()] : [])])
}

function answer(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  const type = status >= 400 ? 'application/problem+json' : 'application/json'
  const connection = status >= 400 ? 'close' : 'keep-alive'
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    connection,
  })
  response.end(text)
}
