import { GatewayError, type JsonObject, type Pin, type PinState, ToolDefinition, type Validate, isJsonObject, standingsOf } from '@sallyport/core'
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
  /** The tool as last seen, without asking. */
  known(server: string, name: string): OfferedTool | undefined
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

export interface CatalogueDeps {
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly pins: () => readonly Pin[]
  readonly nowMs: () => number
  readonly signal: AbortSignal
}

export function openCatalogue(deps: CatalogueDeps): Catalogue {
  const definitions = new Map<string, Fetched<readonly ToolDefinition[]>>()
  const lists = new Map<string, Fetched<readonly JsonObject[]>>()
  /** Last definitions per server, for names and collisions. */
  const seen = new Map<string, readonly ToolDefinition[]>()
  let classified: ReadonlyMap<string, OfferedTool> | undefined

  return { resolve, exposed, tool, known: (server, name) => classify().get(`${server}.${name}`), tools, offered, list, invalidate }

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
    const owner = bare.find((server) => seen.get(server)?.some((definition) => definition.name === name)) ?? (bare.length === 1 ? bare[0] : undefined)
    return owner === undefined ? undefined : { server: owner, name }
  }

  async function tool(at: { server: string; context: string }, name: string): Promise<OfferedTool | undefined> {
    await refresh(at)
    return classify().get(`${at.server}.${name}`)
  }

  async function tools(at: { server: string; context: string }): Promise<readonly OfferedTool[]> {
    await refresh(at)
    return [...classify().values()].filter((offer) => offer.server === at.server)
  }

  async function offered(): Promise<readonly OfferedTool[]> {
    await Promise.allSettled([...deps.upstreams.keys()].map((server) => refresh({ server, context: '' })))
    return [...classify().values()]
  }

  async function refresh(at: { server: string; context: string }): Promise<void> {
    const upstream = upstreamOf(at.server)
    const key = `${at.server} ${at.context}`
    const known = definitions.get(key)
    // Asked for anew at every call when the limit is 0, but two calls at the same moment share one answer.
    if (known && deps.nowMs() - known.atMs <= upstream.config.pinRecheckMs && (upstream.config.pinRecheckMs > 0 || known.atMs === deps.nowMs())) {
      await known.items
      return
    }
    const items = fetchAll(upstream, at.context, 'tools').then((raw) => raw.flatMap(readDefinition))
    definitions.set(key, { atMs: deps.nowMs(), items })
    try {
      const now = await items
      const before = seen.get(at.server)
      if (!before || !same(before, now)) {
        seen.set(at.server, now)
        classified = undefined
      }
    } catch (error) {
      if (definitions.get(key)?.items === items) definitions.delete(key)
      throw error
    }
  }

  function classify(): ReadonlyMap<string, OfferedTool> {
    if (classified) return classified
    const all = [...seen].flatMap(([server, items]) => items.map((definition) => ({ server, definition, exposed: exposed(server, definition.name) })))
    const made = new Map<string, OfferedTool>()
    for (const { offered: offer, state, hash, pin, detail } of standingsOf(all, deps.pins())) {
      const params = paramHeaders(offer.definition.inputSchema)
      const validators = compiled(offer.definition)
      made.set(`${offer.server}.${offer.definition.name}`, {
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
    classified = made
    return made
  }

  async function list(at: { server: string; context: string }, kind: ListKind): Promise<readonly JsonObject[]> {
    const key = `${at.server} ${at.context} ${kind}`
    const known = lists.get(key)
    if (known && deps.nowMs() - known.atMs <= LIST_AGE_MS_MAX) return known.items
    const items = fetchAll(upstreamOf(at.server), at.context, kind)
    lists.set(key, { atMs: deps.nowMs(), items })
    items.catch(() => lists.delete(key))
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
      if (items.length > TOOLS_MAX) throw new GatewayError('UPSTREAM_TOO_LARGE', `the tool server offers more than ${TOOLS_MAX} items`)
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
    classified = undefined
    if (server === undefined) return
    for (const store of [definitions, lists]) for (const key of store.keys()) if (key.startsWith(`${server} `)) store.delete(key)
  }
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
