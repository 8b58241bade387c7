import { GatewayError, type JsonObject, isGatewayError } from '@sallyport/core'
import type { ServerConfig } from '../../../config.ts'
import { openPool } from '../../../egress.ts'
import type { Era } from '../wire.ts'
import { type Connection, negotiate } from './connection.ts'
import { followChanges } from './follow.ts'
import { openHttpLink } from './http-link.ts'
import type { LinkCall } from './link.ts'
import { type StdioLink, openStdioLink } from './stdio-link.ts'

const BACKOFF_MS = 250
const BACKOFF_MS_MAX = 30_000
/** A process that lived this long counts as healthy; its next restart is immediate. */
const HEALTHY_MS = 60_000

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
  call(where: { context: string; prefer: Era }, call: LinkCall, capabilities?: JsonObject): Promise<{ result: JsonObject; era: Era }>
  /** Captured diagnostics of a process, for the operator. */
  stderr(): string
  close(): Promise<void>
}

export function openUpstream(id: string, config: ServerConfig, deps: UpstreamDeps): Upstream {
  const open = new Map<string, Promise<Connection>>()
  const stop = new AbortController()
  const restart = { failures: 0, notBeforeMs: 0 }
  let child: StdioLink | undefined

  return { id, config, context, connect, call, stderr: () => child?.stderr() ?? '', close }

  function context(agent: string): string {
    return config.transport === 'http' && config.agents[agent] ? agent : ''
  }

  function connect(where: string, prefer: Era): Promise<Connection> {
    // A process speaks one revision for its whole life; the stateless one is asked for first.
    const key = config.transport === 'stdio' ? '' : `${where} ${prefer}`
    const known = open.get(key)
    if (known) return known
    const waitMs = restart.notBeforeMs - deps.nowMs()
    if (waitMs > 0) return Promise.reject(new GatewayError('UPSTREAM_UNAVAILABLE', 'the tool server is being restarted', { retryAfterMs: waitMs }))
    const connecting = config.transport === 'stdio' ? openProcess(() => open.delete(key)) : openHttp(where, prefer)
    open.set(key, connecting)
    connecting.catch(() => {
      open.delete(key)
      backOff()
    })
    return connecting
  }

  async function call(where: { context: string; prefer: Era }, request: LinkCall, capabilities?: JsonObject): Promise<{ result: JsonObject; era: Era }> {
    const connection = await connect(where.context, where.prefer)
    try {
      return { result: await connection.call(request, capabilities), era: connection.era }
    } catch (error) {
      if (isGatewayError(error) && error.code === 'UPSTREAM_UNAVAILABLE') drop(connection)
      throw error
    }
  }

  function drop(connection: Connection): void {
    for (const [key, known] of open) {
      void known.then(
        (one) => one === connection && open.delete(key),
        () => undefined,
      )
    }
    if (config.transport === 'http') void connection.link.close()
  }

  async function openProcess(forget: () => void): Promise<Connection> {
    if (config.transport !== 'stdio') throw new TypeError('not a process')
    const link = openStdioLink(config)
    const startedMs = deps.nowMs()
    child = link
    link.onEvent = deps.onEvent
    void link.ended.then(() => {
      forget()
      if (deps.nowMs() - startedMs > HEALTHY_MS) restart.failures = 0
      backOff()
    })
    try {
      const made = await negotiate(link, { prefer: 'modern', transport: 'stdio', features: deps.features(), signal: stop.signal })
      followChanges(made, stop.signal)
      return made
    } catch (error) {
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
    link.onEvent = deps.onEvent
    try {
      const made = await negotiate(link, { prefer, transport: 'http', features: deps.features(), signal: stop.signal })
      restart.failures = 0
      followChanges(made, stop.signal, link)
      return made
    } catch (error) {
      await link.close()
      throw error
    }
  }

  function backOff(): void {
    restart.notBeforeMs = deps.nowMs() + Math.min(BACKOFF_MS_MAX, BACKOFF_MS * 2 ** restart.failures)
    restart.failures = Math.min(restart.failures + 1, 10)
  }

  async function close(): Promise<void> {
    stop.abort()
    const links = await Promise.allSettled(open.values())
    await Promise.allSettled(links.map((link) => (link.status === 'fulfilled' ? link.value.link.close() : undefined)))
    await child?.close()
  }
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
