import {
  GatewayError,
  type JsonObject,
  type Pin,
  type PinState,
  ToolDefinition,
  type Validate,
  isJsonObject,
  standingsOf,
} from '@sallyport/core'
import { closedInputSchema, compileSchema } from '../../../schema.ts'
import { type ParamHeader, paramHeaders } from '../param-headers.ts'
import type { Upstream } from './upstream.ts'

export const TOOLS_MAX = 1_000
const PAGES_MAX = 50
/** Lists that are shown but not pinned: prompts, resources, templates. */
const LIST_AGE_MS_MAX = 5_000
const LIST_TIMEOUT_MS = 15_000

/** One tool as a server offers it now, and where it stands. */
export interface OfferedTool {
  readonly server: string
  readonly definition: ToolDefinition
  /** Name agents see. */
  readonly exposed: string
  readonly hash: string
  readonly state: PinState
  readonly pin: Pin | undefined
  /** What is wrong with it, for the reviewer. */
  readonly detail: string | undefined
  readonly params: readonly ParamHeader[]
  readonly validateInput: Validate
  readonly validateOutput: Validate | undefined
}

export type ListKind = 'prompts' | 'resources' | 'resourceTemplates'

/** What all servers offer, as last seen, by credential context. */
export interface Catalogue {
  /** Exposed name → server and tool; falls back on prefixes for tools nobody offers. */
  resolve(exposed: string): { readonly server: string; readonly name: string } | undefined
  exposed(server: string, name: string): string
  /** The tool as last seen, with definitions no older than the server's `pinRecheckMs`. @throws GatewayError `UPSTREAM_*` */
  tool(at: { server: string; context: string }, name: string): Promise<OfferedTool | undefined>
  /** The tool as last seen, without asking; where an agent's own credential was never used, as the shared one saw it. */
  known(at: { server: string; context: string }, name: string): OfferedTool | undefined
  tools(at: { server: string; context: string }): Promise<readonly OfferedTool[]>
  /** Everything last seen, fetched where nothing was; unreachable servers are left out. For reviews. */
  offered(): Promise<readonly OfferedTool[]>
  list(at: { server: string; context: string }, kind: ListKind): Promise<readonly JsonObject[]>
  /** Forgets what was fetched from a server, or pins that have changed. */
  invalidate(server?: string): void
}

interface Fetched<T> {
  readonly atMs: number
  readonly items: Promise<T>
}

/** Definitions as one credential context saw them. What a server shows to one agent says nothing about what it shows to another. */
interface Seen {
  readonly server: string
  readonly upstream: Upstream
  /** Order of the requests; an answer that was asked for earlier never replaces a later one. */
  readonly turn: number
  readonly definitions: readonly ToolDefinition[]
  offers: ReadonlyMap<string, OfferedTool> | undefined
}

export interface CatalogueDeps {
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly pins: () => readonly Pin[]
  readonly nowMs: () => number
  readonly signal: AbortSignal
  /** Told of definitions that are new or have changed, with the names of other servers' tools. */
  readonly onDefinitions?: (server: string, definitions: readonly ToolDefinition[], otherTools: readonly string[]) => void
}

export function openCatalogue(deps: CatalogueDeps): Catalogue {
  const definitions = new Map<string, Fetched<readonly ToolDefinition[]>>()
  const lists = new Map<string, Fetched<readonly JsonObject[]>>()
  /** Last definitions by server and context. */
  const seen = new Map<string, Seen>()
  let turns = 0

  return { resolve, exposed, tool, known, tools, offered, list, invalidate }

  function prefixOf(server: string): string {
    return deps.upstreams.get(server)?.config.prefix ?? `${server}__`
  }

  function exposed(server: string, name: string): string {
    return prefixOf(server) + name
  }

  function resolve(name: string): { server: string; name: string } | undefined {
    const bare: string[] = []
    for (const server of deps.upstreams.keys()) {
      const prefix = prefixOf(server)
      if (prefix === '') bare.push(server)
      else if (name.startsWith(prefix)) return { server, name: name.slice(prefix.length) }
    }
    const offers = (server: string): boolean =>
      current().some((one) => one.server === server && one.definitions.some((definition) => definition.name === name))
    const owner = bare.find(offers) ?? (bare.length === 1 ? bare[0] : undefined)
    return owner === undefined ? undefined : { server: owner, name }
  }

  async function tool(at: { server: string; context: string }, name: string): Promise<OfferedTool | undefined> {
    await refresh(at)
    return offersOf(seen.get(keyOf(at))).get(name)
  }

  function known(at: { server: string; context: string }, name: string): OfferedTool | undefined {
    return offersOf(seen.get(keyOf(at)) ?? seen.get(keyOf({ server: at.server, context: '' }))).get(name)
  }

  async function tools(at: { server: string; context: string }): Promise<readonly OfferedTool[]> {
    await refresh(at)
    return [...offersOf(seen.get(keyOf(at))).values()]
  }

  async function offered(): Promise<readonly OfferedTool[]> {
    const servers = [...deps.upstreams.keys()].map((server) => ({ server, context: '' }))
    await Promise.allSettled(servers.map(refresh))
    return servers.flatMap((at) => [...offersOf(seen.get(keyOf(at))).values()])
  }

  async function refresh(at: { server: string; context: string }): Promise<void> {
    const upstream = upstreamOf(at.server)
    const key = keyOf(at)
    const last = definitions.get(key)
    // No older than the limit, counted from when it was asked for. With a limit of 0 calls share an answer only within one tick
    // of the clock: what was asked for before a call cannot vouch for it.
    const ageMs = last ? deps.nowMs() - last.atMs : -1
    if (last && ageMs >= 0 && ageMs <= upstream.config.pinRecheckMs) {
      await last.items
      return
    }
    const turn = ++turns
    const items = fetchAll(upstream, at.context, 'tools').then((raw) => raw.flatMap(readDefinition))
    definitions.set(key, { atMs: deps.nowMs(), items })
    try {
      const now = await items
      const before = seen.get(key)
      if (before?.upstream === upstream && before.turn > turn) return
      const unchanged = before?.upstream === upstream && same(before.definitions, now)
      if (!unchanged) forgetOffers()
      seen.set(key, { server: at.server, upstream, turn, definitions: now, offers: unchanged ? before.offers : undefined })
      if (!unchanged) deps.onDefinitions?.(at.server, now, otherTools(at.server))
    } catch (error) {
      if (definitions.get(key)?.items === items) definitions.delete(key)
      throw error
    }
  }

  function otherTools(server: string): readonly string[] {
    return current().flatMap((one) => (one.server === server ? [] : one.definitions.map(({ name }) => name)))
  }

  /** What was seen of servers as they are configured now. */
  function current(): readonly Seen[] {
    return [...seen.values()].filter((one) => deps.upstreams.get(one.server) === one.upstream)
  }

  /** Tools by name. Collisions are looked for among the names of all servers, each counted once however many agents see it. */
  function offersOf(one: Seen | undefined): ReadonlyMap<string, OfferedTool> {
    if (!one || deps.upstreams.get(one.server) !== one.upstream) return new Map()
    if (one.offers) return one.offers
    const named = ({ server }: Seen, definition: ToolDefinition): NamedTool => ({
      server,
      definition,
      exposed: exposed(server, definition.name),
    })
    const own = one.definitions.map((definition) => named(one, definition))
    const others = current().filter(({ server }) => server !== one.server)
    const elsewhere = new Map(
      others.flatMap((other) =>
        other.definitions.map((definition) => [`${other.server}.${definition.name}`, named(other, definition)] as const),
      ),
    )
    const made = new Map<string, OfferedTool>()
    for (const { offered: offer, state, hash, pin, detail } of standingsOf(own, deps.pins(), [...own, ...elsewhere.values()])) {
      const params = paramHeaders(offer.definition.inputSchema)
      const validators = compiled(offer.definition)
      made.set(offer.definition.name, {
        ...offer,
        hash,
        pin,
        detail,
        state: params && validators ? state : 'invalid',
        params: params ?? [],
        validateInput: validators?.input ?? unusable,
        validateOutput: validators?.output,
      })
    }
    one.offers = made
    return made
  }

  /** One server's change can make another's tool collide. */
  function forgetOffers(): void {
    for (const one of seen.values()) one.offers = undefined
  }

  async function list(at: { server: string; context: string }, kind: ListKind): Promise<readonly JsonObject[]> {
    const key = `${keyOf(at)} ${kind}`
    const last = lists.get(key)
    const ageMs = last ? deps.nowMs() - last.atMs : -1
    if (last && ageMs >= 0 && ageMs <= LIST_AGE_MS_MAX) return last.items
    const items = fetchAll(upstreamOf(at.server), at.context, kind)
    lists.set(key, { atMs: deps.nowMs(), items })
    items.catch(() => {
      if (lists.get(key)?.items === items) lists.delete(key)
    })
    return items
  }

  async function fetchAll(upstream: Upstream, context: string, kind: 'tools' | ListKind): Promise<JsonObject[]> {
    const connection = await upstream.connect(context, 'modern')
    if (!connection.capabilities[kind === 'tools' || kind === 'prompts' ? kind : 'resources']) return []
    const method = kind === 'resourceTemplates' ? 'resources/templates/list' : `${kind}/list`
    const items: JsonObject[] = []
    let cursor: string | undefined
    for (let page = 0; page < PAGES_MAX; page++) {
      const params = cursor === undefined ? {} : { cursor }
      const where = { context, prefer: 'modern' as const }
      const { result } = await upstream.call(where, { method, params, timeoutMs: LIST_TIMEOUT_MS, signal: deps.signal })
      const raw = result[kind]
      if (!Array.isArray(raw)) throw new GatewayError('UPSTREAM_MALFORMED', `the tool server’s answer to ${method} holds no list`)
      items.push(...raw.filter(isJsonObject))
      if (items.length > TOOLS_MAX)
        throw new GatewayError('UPSTREAM_TOO_LARGE', `the tool server offers more than ${TOOLS_MAX} items`)
      if (typeof result['nextCursor'] !== 'string') return items
      cursor = result['nextCursor']
    }
    throw new GatewayError('UPSTREAM_TOO_LARGE', `the tool server’s list has more than ${PAGES_MAX} pages`)
  }

  function upstreamOf(server: string): Upstream {
    const upstream = deps.upstreams.get(server)
    if (!upstream) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'no such server is configured')
    return upstream
  }

  function invalidate(server?: string): void {
    forgetOffers()
    for (const [key, one] of seen) if (deps.upstreams.get(one.server) !== one.upstream) seen.delete(key)
    if (server === undefined) return
    for (const store of [definitions, lists]) for (const key of store.keys()) if (key.startsWith(`${server} `)) store.delete(key)
  }
}

interface NamedTool {
  readonly server: string
  readonly definition: ToolDefinition
  readonly exposed: string
}

function keyOf({ server, context }: { server: string; context: string }): string {
  return `${server} ${context}`
}

/** A definition that does not even have the shape of one cannot be reviewed, so it is not offered. */
function readDefinition(raw: JsonObject): ToolDefinition[] {
  const parsed = ToolDefinition.safeParse(raw)
  return parsed.success ? [parsed.data] : []
}

function compiled(definition: ToolDefinition): { input: Validate; output: Validate | undefined } | undefined {
  try {
    const output = definition.outputSchema ? compileSchema(definition.outputSchema) : undefined
    return { input: compileSchema(closedInputSchema(definition.inputSchema)), output }
  } catch {
    // Why is shown by the review, which compiles it again; here the tool is simply not usable.
    return undefined
  }
}

function unusable(): { path: string; message: string } {
  return { path: '', message: 'the tool’s schema is not usable' }
}

function same(a: readonly ToolDefinition[], b: readonly ToolDefinition[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
