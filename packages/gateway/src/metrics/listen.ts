import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { GatewayError } from '@sallyport/core'
import type { MetricsConfig } from '../config-metrics.ts'

const HEADERS_MS = 5_000
const HEADER_BYTES_MAX = 16_384
const CONNECTIONS_MAX = 32

/**
 * Serves `/metrics` on a listener of its own. Like the agents’ listener it answers only to its own names, so that a page in a
 * browser cannot read it by resolving a name to this address.
 * @param write Makes the text; called once for each scrape.
 * @throws GatewayError `CONFIG_INVALID` when the address is in use.
 */
export async function listenMetrics(
  config: NonNullable<MetricsConfig>,
  write: () => Promise<string>,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const { host } = config
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS, maxHeaderSize: HEADER_BYTES_MAX }
  const server: Server = config.tls
    ? createTlsServer({
        ...limits,
        cert: readFileSync(config.tls.certFile),
        key: readFileSync(config.tls.keyFile),
        minVersion: 'TLSv1.2',
      })
    : createServer(limits)
  server.on('request', (request, response) => void answer(request, response))
  server.maxConnections = CONNECTIONS_MAX
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new GatewayError('CONFIG_INVALID', `cannot listen on ${host}:${config.port}; set metrics.port`, { cause })),
    )
    server.listen(config.port, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  const names = new Set(
    [host.includes(':') ? `[${host}]` : host, 'localhost', '127.0.0.1', '[::1]'].map((name) => `${name}:${port}`.toLowerCase()),
  )
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const status = refusalOf(request)
    try {
      const text = status === undefined ? await write() : ''
      const type = 'text/plain; version=0.0.4; charset=utf-8'
      const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' }
      response.writeHead(status ?? 200, headers).end(text)
    } catch {
      // What went wrong stays inside: a scraper sees only that it did.
      response.writeHead(500).end()
    }
  }

  function refusalOf(request: IncomingMessage): number | undefined {
    const { host: named = '', origin, authorization = '' } = request.headers
    if (origin !== undefined) return 403
    // No page in a browser knows the token, whatever name it came by.
    if (config.token === undefined ? !names.has(named.toLowerCase()) : !isSame(authorization, `Bearer ${config.token}`))
      return config.token === undefined ? 403 : 401
    if (request.url?.split('?', 1)[0] !== '/metrics') return 404
    return request.method === 'GET' ? undefined : 405
  }
}

/** In a time that does not tell how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(wanted))
}
