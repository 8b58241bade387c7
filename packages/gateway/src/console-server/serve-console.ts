import { readFileSync } from 'node:fs'
import { ERRORS, GatewayError, parseJson } from '@sallyport/core'
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { consoleOrigin, type ConsoleConfig } from '../config-console.ts'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import { isLoopback } from '../is-loopback.ts'
import { limitAttempts } from './attempts.ts'
import { cookiesFor, isCsrf } from './cookies.ts'
import { linkTo } from './gateway-link.ts'
import { addLive } from './live.ts'
import { openOidc } from './oidc.ts'
import { openApi } from './openapi.ts'
import { PROBLEM_TYPE, problemOf } from './problem.ts'
import type { RouteDeps } from './route-deps.ts'
import { addSignInRoutes } from './sign-in-routes.ts'
import { readStatic } from './static-files.ts'
import { addVerbRoutes } from './verb-routes.ts'

export interface ConsoleOptions {
  readonly config: ConsoleConfig
  /** Socket of the gateway's control plane. */
  readonly controlSocket: string
  /** Folder of the built pages. */
  readonly filesDir?: string
  readonly nowMs?: () => number
  /** Told what nobody else hears of: bugs. */
  readonly log?: (what: string, error: unknown) => void
}

export interface ConsoleServer {
  /** What people open. */
  readonly url: string
  close(): Promise<void>
}

const BODY_BYTES_MAX = 1_048_576
const REQUEST_MS_MAX = 30_000
const CONFIRM_CHARS_MAX = 12_000

const CSP = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "require-trusted-types-for 'script'",
].join('; ')

/**
 * Serves people's browsers: the control plane's verbs over HTTP, sign-in, and the pages. A process of its own, so that no query
 * of a person ever slows a call of an agent.
 * @throws GatewayError `CONFIG_INVALID` when its certificate cannot be read, `STORE_UNAVAILABLE` when it cannot listen
 */
export async function serveConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  const { config, nowMs = Date.now } = options
  const { origin } = consoleOrigin(config)
  const cookies = cookiesFor(origin)
  const count = limitAttempts(nowMs)
  const deps: RouteDeps = {
    config,
    origin,
    cookies,
    link: linkTo(options.controlSocket),
    nowMs,
    attempt: (request) => count(request.ip),
    requireSession(request, act) {
      const token = cookies.session(request.headers.cookie)
      if (token === undefined) throw new GatewayError('IDENTITY_MISSING', 'not signed in')
      if (act === 'change' && !isCsrf(request.headers['sallyport-csrf'], token))
        throw new GatewayError('REQUEST_ORIGIN', 'sallyport-csrf is not that of this session; load the page again')
      return token
    },
    confirmOf,
  }
  const app = openApp(config)
  addGuards(app, { origin, config, log: options.log })
  addSignInRoutes(app, deps, openOidc(config.oidc, origin))
  addVerbRoutes(app, deps)
  addLive(app, deps)
  const document = openApi(GATEWAY_VERSION)
  app.get('/api/v1/openapi.json', () => document)
  addPages(app, options.filesDir)
  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (cause) {
    throw new GatewayError('STORE_UNAVAILABLE', `the console cannot listen on ${config.host}:${config.port}`, { cause })
  }
  return { url: origin, close: () => app.close() }
}

function openApp({ tls, trustProxy }: ConsoleConfig): FastifyInstance {
  const https = tls && { cert: readPem(tls.certFile), key: readPem(tls.keyFile), minVersion: 'TLSv1.2' as const }
  const common = {
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    forceCloseConnections: true,
    // What the nearest proxy says; anything before that anybody can write.
    trustProxy: trustProxy && ((_: string, hop: number) => hop === 0),
    exposeHeadRoutes: false,
  }
  // Without TLS the option must not be there at all; the routes do not care which it is.
  return (https ? fastify({ ...common, https }) : fastify(common)) as unknown as FastifyInstance
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}

/** What holds for every request: who it says it is for, where it comes from, what it is made of, and how answers look. */
function addGuards(
  app: FastifyInstance,
  { origin, config, log }: { origin: string; config: ConsoleConfig; log: ConsoleOptions['log'] },
): void {
  const { host } = new URL(origin)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_, body, done) => {
    try {
      done(null, parseJson(String(body)))
    } catch (error) {
      done(error as Error)
    }
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
      ...(origin.startsWith('https:') && { 'strict-transport-security': 'max-age=31536000' }),
    })
    if (request.headers.host !== host) {
      // Somebody typed the address of this machine instead of the name that passkeys are bound to.
      const isAlias = isLoopback(new URL(origin).hostname) && isLocalAlias(request.headers.host, config.port)
      if (isAlias && request.method === 'GET' && !request.url.startsWith('/api/')) return reply.redirect(origin, 302)
      throw new GatewayError('REQUEST_ORIGIN', `open ${origin}`)
    }
    const { origin: from } = request.headers
    const site = request.headers['sec-fetch-site']
    if (request.method !== 'GET' && from !== origin)
      throw new GatewayError('REQUEST_ORIGIN', 'the request does not come from a page of this console')
    const isNavigation = request.headers['sec-fetch-mode'] === 'navigate'
    if (request.url.startsWith('/api/') && site !== undefined && site !== 'same-origin' && site !== 'none' && !isNavigation)
      throw new GatewayError('REQUEST_ORIGIN', 'the request does not come from a page of this console')
  })
  app.setErrorHandler((error, _, reply) => {
    const problem = problemOf(error)
    if (problem.code === 'INTERNAL') log?.('a bug in the console', error)
    if (ERRORS[problem.code].retry && error instanceof GatewayError && error.retryAfterMs !== undefined)
      reply.header('retry-after', Math.ceil(error.retryAfterMs / 1_000))
    return reply.code(problem.status).type(PROBLEM_TYPE).send(problem)
  })
}

function isLocalAlias(host: string | undefined, port: number): boolean {
  return (
    host !== undefined &&
    URL.canParse(`http://${host}`) &&
    host.endsWith(`:${port}`) &&
    isLoopback(new URL(`http://${host}`).hostname)
  )
}

function addPages(app: FastifyInstance, dir: string | undefined): void {
  const find = readStatic(dir)
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '/'
    const file = request.method === 'GET' && !path.startsWith('/api/') ? find(path === '/' ? '/index.html' : path) : undefined
    if (!file) throw new GatewayError('REQUEST_PATH', 'no such path')
    reply.header('etag', file.etag).header('cache-control', file.isFixed ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (request.headers['if-none-match'] === file.etag) return reply.code(304).send()
    return reply.type(file.type).send(file.body)
  })
}

function confirmOf(request: FastifyRequest): { confirm?: never } {
  const header = request.headers['sallyport-confirm']
  if (header === undefined) return {}
  if (typeof header !== 'string' || header.length > CONFIRM_CHARS_MAX || !/^[A-Za-z0-9_-]+$/.test(header))
    throw new GatewayError('REQUEST_MALFORMED', 'sallyport-confirm is base64url of JSON')
  return { confirm: parseJson(Buffer.from(header, 'base64url').toString('utf8')) as never }
}
