import { type CompiledManifest, GatewayError, type JsonObject, type Principal, visibleResource } from '@sallyport/core'
import type { Reply } from './reply.ts'
import type { Link } from './upstream/link.ts'
import type { Upstream } from './upstream/upstream.ts'
import { META, type RpcId } from './wire.ts'

const SUBSCRIPTIONS_MAX = 1_000
/** Sessions whose subscriptions are remembered; those that asked longest ago are forgotten first. */
const SESSIONS_MAX = 10_000
/** Resources watched at one server at once; each is an open stream in the stateless revision. */
const WATCHED_MAX = 32

/** What a client wants to hear about. */
export interface Interest {
  readonly tools: boolean
  readonly prompts: boolean
  readonly resources: boolean
  readonly uris: ReadonlySet<string>
}

/** One open stream of changes. */
export interface Listener {
  readonly principal: Principal
  readonly reply: Reply
  /** Id of the `subscriptions/listen` request; absent on the stream of the handshake era. */
  readonly id?: RpcId
  readonly interest: Interest
  /** Ends the stream. */
  readonly end: () => void
}

/**
 * Passes changes at tool servers on to the clients that listen, to each only what its agent is granted at that moment. A stream
 * ends with its client, with the gateway, with the isolation of its agent, or when nobody knows any more who is isolated.
 */
export interface Hub {
  add(listener: Listener): () => void
  /** Handshake era: subscriptions belong to the caller's session, not to a stream. */
  subscribe(session: string, uri: string, on: boolean): void
  /** A message of a server outside any call. */
  publish(server: string, method: string, params: JsonObject): void
  /** Grants have changed: what an agent may see may be different. */
  changed(agent: string): void
  /** Ends every stream. */
  cut(): void
  readonly size: () => number
}

const LISTS: Readonly<Record<string, 'tools' | 'prompts' | 'resources'>> = {
  'notifications/tools/list_changed': 'tools',
  'notifications/prompts/list_changed': 'prompts',
  'notifications/resources/list_changed': 'resources',
}

export interface HubDeps {
  readonly manifest: (agent: string) => CompiledManifest | undefined
  readonly streamsMax: number
}

export function openHub({ manifest, streamsMax }: HubDeps): Hub {
  const listeners = new Set<Listener>()
  const sessions = new Map<string, Set<string>>()
  return { add, subscribe, publish, changed, cut, size: () => listeners.size }

  function add(listener: Listener): () => void {
    if (listeners.size >= streamsMax)
      throw new GatewayError('LIMIT_OVERLOADED', 'too many streams are open', { retryAfterMs: 5_000 })
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function subscribe(session: string, uri: string, on: boolean): void {
    const uris = sessions.get(session) ?? new Set()
    if (on && uris.size >= SUBSCRIPTIONS_MAX)
      throw new GatewayError('LIMIT_OVERLOADED', `more than ${SUBSCRIPTIONS_MAX} subscriptions`, { retryAfterMs: 60_000 })
    if (on) uris.add(uri)
    else uris.delete(uri)
    sessions.delete(session)
    if (uris.size > 0) sessions.set(session, uris)
    for (const oldest of sessions.keys()) {
      if (sessions.size <= SESSIONS_MAX) break
      sessions.delete(oldest)
    }
  }

  function publish(server: string, method: string, params: JsonObject): void {
    const list = Object.hasOwn(LISTS, method) ? LISTS[method] : undefined
    for (const listener of listeners) {
      const granted = manifest(listener.principal.agent)
      if (!granted) continue
      if (list) {
        if (listener.interest[list] && serversOf(granted, listener.principal).has(server)) say(listener, method, {})
      } else if (method === 'notifications/resources/updated' && typeof params['uri'] === 'string') {
        const { uri } = params
        const wanted =
          listener.interest.uris.has(uri) ||
          (listener.id === undefined && sessions.get(listener.principal.session)?.has(uri) === true)
        if (wanted && visibleResource(listener.principal, granted, { server, name: uri })) say(listener, method, { uri })
      }
    }
  }

  function cut(): void {
    for (const listener of listeners) listener.end()
  }

  function changed(agent: string): void {
    for (const listener of listeners) {
      if (listener.principal.agent !== agent) continue
      for (const [method, list] of Object.entries(LISTS)) if (listener.interest[list]) say(listener, method, {})
    }
  }
}

function say(listener: Listener, method: string, params: JsonObject): void {
  listener.reply.notify(method, listener.id === undefined ? params : { ...params, _meta: { [META.subscription]: listener.id } })
}

function serversOf(manifest: CompiledManifest, principal: Principal): ReadonlySet<string> {
  const task = manifest.tasks.get(principal.task ?? '')
  const keys = task ? [...task.tools.keys(), ...task.prompts.keys(), ...task.resources.exact.keys()] : []
  return new Set(keys.map((key) => key.slice(0, key.indexOf('.'))))
}

/** What is watched already, by link: asked for twice, it needs no second stream. */
const watched = new WeakMap<Link, Set<string>>()

/** Makes a server report changes of one resource, in the way of its revision. */
export async function watchResource(upstream: Upstream, at: { context: string; uri: string; signal: AbortSignal }): Promise<void> {
  const connection = await upstream.connect(at.context, 'legacy')
  const timeoutMs = 10_000
  if (connection.era === 'legacy') {
    await connection.call({ method: 'resources/subscribe', params: { uri: at.uri }, timeoutMs, signal: at.signal })
    return
  }
  const { link } = connection
  const uris = watched.get(link) ?? new Set()
  watched.set(link, uris)
  if (uris.has(at.uri)) return
  if (uris.size >= WATCHED_MAX)
    throw new GatewayError('LIMIT_OVERLOADED', `more than ${WATCHED_MAX} resources are watched`, { retryAfterMs: 60_000 })
  uris.add(at.uri)
  const params = { notifications: { resourceSubscriptions: [at.uri] } }
  const onNotification = (method: string, said: JsonObject): void => link.onEvent(method, said)
  // Runs as long as the connection; its end is noticed by the next call.
  connection
    .call({ method: 'subscriptions/listen', params, timeoutMs: 2 ** 31 - 1, signal: at.signal, onNotification })
    .catch(() => undefined)
    .finally(() => uris.delete(at.uri))
}
