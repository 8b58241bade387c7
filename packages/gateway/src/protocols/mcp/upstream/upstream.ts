import { GatewayError, type JsonObject, isGatewayError } from '@sallyport/core'
import type { ServerConfig } from '../../../config.ts'
import { openPool } from '../../../egress.ts'
import { type Era, RpcError } from '../wire.ts'
import { type Connection, negotiate } from './connection.ts'
import { followChanges } from './follow.ts'
import { type HttpLink, openHttpLink } from './http-link.ts'
import { type LinkCall, SessionGone } from './link.ts'
import { type StdioLink, openStdioLink } from './stdio-link.ts'

const BACKOFF_MS = 250
const BACKOFF_MS_MAX = 30_000
/** A process that lived this long counts as healthy; its next restart is immediate. */
const HEALTHY_MS = 60_000
/** Codes servers refuse a request with, by HTTP status 400 or 404, when they do not speak the revision or know the session. */
const STALE_CODES: ReadonlySet<number> = new Set([-32_000, -32_001, -32_022])

export interface UpstreamDeps {
  readonly nowMs: () => number
  /** Client features some manifest grants this server. */
  readonly features: () => JsonObject
  /** Something the server offers has changed: `tools`, `prompts`, `resources`, or one resource's content. */
  readonly onEvent: (method: string, params: JsonObject) => void
}

/** One configured tool server: its connections by credential and revision, reopened when they break. */
export interface Upstream {
  readonly id: string
  readonly config: ServerConfig
  /** Credential context of an agent: its own where the configuration has one, else the shared one. */
  context(agent: string): string
  connect(context: string, prefer: Era): Promise<Connection>
  /** Like `Connection.call` on a live connection; one that turns out dead is dropped. */
  call(
    where: { context: string; prefer: Era },
    call: LinkCall,
    capabilities?: JsonObject,
  ): Promise<{ result: JsonObject; era: Era }>
  /** Captured diagnostics of a process, for the operator. */
  stderr(): string
  close(): Promise<void>
}

export function openUpstream(id: string, config: ServerConfig, deps: UpstreamDeps): Upstream {
  const open = new Map<string, Promise<Connection>>()
  const stop = new AbortController()
  /** By connection: one agent's bad credential must not keep the others waiting. */
  const restarts = new Map<string, { failures: number; notBeforeMs: number }>()
  const links = new Set<HttpLink | StdioLink>()
  let child: StdioLink | undefined
  /** A process that dies of being asked in one revision is asked in the other next. */
  let probe: Era = 'modern'

  return { id, config, context, connect, call, stderr: () => child?.stderr() ?? '', close }

  function context(agent: string): string {
    return config.transport === 'http' && Object.hasOwn(config.agents, agent) ? agent : ''
  }

  function connect(where: string, prefer: Era): Promise<Connection> {
    const key = keyOf(where, prefer)
    const known = open.get(key)
    if (known) return known
    const waitMs = (restarts.get(key)?.notBeforeMs ?? 0) - deps.nowMs()
    if (waitMs > 0)
      return Promise.reject(
        new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server is being restarted', { retryAfterMs: waitMs }),
      )
    if (stop.signal.aborted) return Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server is being closed'))
    const connecting = config.transport === 'stdio' ? openProcess(key) : openHttp(where, prefer)
    open.set(key, connecting)
    connecting.then(
      () => {
        if (config.transport === 'http') restarts.delete(key)
      },
      () => {
        forget(key, connecting)
        backOff(key)
      },
    )
    return connecting
  }

  /** A process speaks one revision for its whole life; the stateless one is asked for first. */
  function keyOf(where: string, prefer: Era): string {
    return config.transport === 'stdio' ? '' : `${where} ${prefer}`
  }

  function forget(key: string, connecting: Promise<Connection> | undefined): void {
    if (open.get(key) === connecting) open.delete(key)
  }

  async function call(
    where: { context: string; prefer: Era },
    request: LinkCall,
    capabilities?: JsonObject,
  ): Promise<{ result: JsonObject; era: Era }> {
    const connecting = connect(where.context, where.prefer)
    const connection = await connecting
    try {
      return { result: await connection.call(request, capabilities), era: connection.era }
    } catch (error) {
      if (isStale(error)) {
        forget(keyOf(where.context, where.prefer), connecting)
        retire(connection)
      }
      if (!(error instanceof SessionGone)) throw error
    }
    // Once: the server said that it did not take the request.
    const fresh = await connect(where.context, where.prefer)
    return { result: await fresh.call(request, capabilities), era: fresh.era }
  }

  /** The next call opens anew. Calls under way on the same connection are not this one's business and run to their end. */
  function retire(connection: Connection): void {
    for (const link of links) {
      if (link !== connection.link || !('retire' in link)) continue
      links.delete(link)
      link.retire()
    }
  }

  async function openProcess(key: string): Promise<Connection> {
    if (config.transport !== 'stdio') throw new TypeError('not a process')
    const link = openStdioLink(config)
    const startedMs = deps.nowMs()
    let made: Connection | undefined
    child = link
    links.add(link)
    link.onEvent = deps.onEvent
    const starting = (): Promise<Connection> | undefined => (child === link ? open.get(key) : undefined)
    void link.ended.then(() => {
      links.delete(link)
      // A process that never came up is counted by whoever waits for it.
      if (!made) return
      forget(key, starting())
      if (deps.nowMs() - startedMs > HEALTHY_MS) restarts.delete(key)
      else backOff(key)
    })
    try {
      made = await negotiate(link, { prefer: probe, transport: 'stdio', features: deps.features(), signal: stop.signal })
      followChanges(made, stop.signal)
      return made
    } catch (error) {
      probe = probe === 'modern' ? 'legacy' : 'modern'
      await link.close()
      throw error
    }
  }

  async function openHttp(where: string, prefer: Era): Promise<Connection> {
    if (config.transport !== 'http') throw new TypeError('not an address')
    const url = new URL(config.url)
    const headers = lowerCase(config.agents[where]?.headers ?? config.headers)
    const link = openHttpLink({
      pool: openPool(url, config.allowPrivateNetwork),
      path: url.pathname + url.search,
      headers,
      resultBytesMax: config.resultBytesMax,
      sessions: true,
    })
    links.add(link)
    link.onEvent = deps.onEvent
    try {
      const made = await negotiate(link, { prefer, transport: 'http', features: deps.features(), signal: stop.signal })
      followChanges(made, stop.signal, link)
      return made
    } catch (error) {
      links.delete(link)
      await link.close()
      throw error
    }
  }

  function backOff(key: string): void {
    const failures = restarts.get(key)?.failures ?? 0
    restarts.set(key, {
      failures: Math.min(failures + 1, 10),
      notBeforeMs: deps.nowMs() + Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** failures),
    })
  }

  async function close(): Promise<void> {
    stop.abort()
    await Promise.allSettled([...links].map((link) => link.close()))
    await Promise.allSettled(open.values())
  }
}

/** Whether what a connection took for granted does not hold any more: that it is there, its revision, its session. */
function isStale(error: unknown): boolean {
  if (error instanceof RpcError) return (error.httpStatus === 400 || error.httpStatus === 404) && STALE_CODES.has(error.code)
  return isGatewayError(error) && error.code === 'UPSTREAM_UNAVAILABLE'
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
