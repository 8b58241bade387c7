import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AuditLog, CLIENT_FEATURES, type CompiledManifest, type JsonObject, type Pin, type Principal } from '@sallyport/core'
import type { Budgets } from '../../budgets.ts'
import type { Config, ServerConfig } from '../../config.ts'
import type { ByteBudget } from '../../byte-budget.ts'
import type { Refusals } from '../../refusals.ts'
import { committer } from './committer.ts'
import { openParking } from './conversation.ts'
import { createEndpoint } from './endpoint.ts'
import { openHub, watchResource } from './hub.ts'
import type { McpRequest } from './request.ts'
import { openSeal } from './seal.ts'
import { openStages } from './stages.ts'
import { type Catalogue, openCatalogue } from './upstream/catalogue.ts'
import { GATEWAY_INFO } from './upstream/connection.ts'
import { type Upstream, openUpstream } from './upstream/upstream.ts'
import { LEGACY_VERSIONS, MODERN_VERSION } from './wire.ts'

export interface McpDeps {
  readonly config: Config
  readonly audit: Pick<AuditLog, 'append'>
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly manifest: (agent: string) => CompiledManifest | undefined
  readonly manifests: () => readonly CompiledManifest[]
  readonly pins: () => readonly Pin[]
  readonly budgets: Budgets
  readonly bytes: ByteBudget
  readonly refusals: Refusals
  readonly commitKey: Uint8Array
  readonly sealKey: Uint8Array
  readonly nowMs: () => number
  readonly publicUrl: () => string
  readonly log: (message: string, error: unknown) => void
}

/** The MCP side of the gateway: its endpoint for agents and its connections to tool servers. */
export interface Mcp {
  readonly endpoint: (request: IncomingMessage, response: ServerResponse, agent: string) => Promise<void>
  readonly catalogue: Catalogue
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Makes the open connections match a new configuration; unchanged servers stay as they are. */
  reconfigure(servers: Readonly<Record<string, ServerConfig>>): Promise<void>
  /** Ends everything an agent has open. */
  cut(agent: string): void
  /** An agent's grants have changed. */
  changed(agent: string): void
  streams(): number
  close(): Promise<void>
}

export function openMcp(deps: McpDeps): Mcp {
  const upstreams = new Map<string, Upstream>()
  const stop = new AbortController()
  const cuts = new Map<string, Set<() => void>>()
  const { nowMs, manifest } = deps
  const catalogue = openCatalogue({ upstreams, pins: deps.pins, nowMs, signal: stop.signal })
  const parking = openParking()
  const hub = openHub({ manifest, streamsMax: deps.config.limits.streamsMax })
  for (const [id, config] of Object.entries(deps.config.servers)) upstreams.set(id, open(id, config))
  const stages = openStages({
    ...deps,
    catalogue,
    upstreams,
    seal: openSeal(deps.sealKey, nowMs),
    parking,
    hello: (request) => hello(request, manifest(request.agent)),
    subscribe,
    newId: randomUUID,
    commit: committer(deps.commitKey),
    version: GATEWAY_INFO.version,
  })
  const endpoint = createEndpoint({
    stages,
    identify: deps.identify,
    catalogue,
    upstreams,
    hub,
    manifest,
    refusals: deps.refusals,
    isolated: (agent) => deps.isolation(agent).isolated,
    budget: deps.bytes,
    bodyBytesMax: deps.config.limits.bodyBytesMax,
    onCut,
    resourceMetadata: (agent) => `${deps.publicUrl()}/.well-known/oauth-protected-resource/a/${agent}/mcp`,
    log: deps.log,
  })
  return { endpoint, catalogue, upstreams, reconfigure, cut, changed: (agent) => hub.changed(agent), streams: hub.size, close }

  function open(id: string, config: ServerConfig): Upstream {
    return openUpstream(id, config, {
      nowMs,
      features: () => features(id, deps.manifests()),
      onEvent: (method, params) => {
        if (method.endsWith('/list_changed')) catalogue.invalidate(id)
        hub.publish(id, method, params)
      },
    })
  }

  async function subscribe(request: McpRequest, action: { server?: string; name?: string }): Promise<void> {
    const upstream = upstreams.get(action.server ?? '')
    const uri = action.name ?? ''
    const on = request.method === 'resources/subscribe'
    hub.subscribe(request.principal.session, uri, on)
    if (upstream && on) await watchResource(upstream, { context: upstream.context(request.agent), uri, signal: stop.signal })
  }

  function onCut(agent: string, end: () => void): () => void {
    const known = cuts.get(agent) ?? new Set()
    cuts.set(agent, known)
    known.add(end)
    return () => {
      known.delete(end)
      if (known.size === 0 && cuts.get(agent) === known) cuts.delete(agent)
    }
  }

  function cut(agent: string): void {
    for (const end of cuts.get(agent) ?? []) end()
    parking.cut(agent)
  }

  async function reconfigure(servers: Readonly<Record<string, ServerConfig>>): Promise<void> {
    const gone = [...upstreams].filter(([id, upstream]) => JSON.stringify(servers[id]) !== JSON.stringify(upstream.config))
    for (const [id] of gone) upstreams.delete(id)
    for (const [id, config] of Object.entries(servers)) if (!upstreams.has(id)) upstreams.set(id, open(id, config))
    for (const [id] of gone) catalogue.invalidate(id)
    await Promise.all(gone.map(([, upstream]) => upstream.close()))
  }

  async function close(): Promise<void> {
    stop.abort()
    parking.close()
    await Promise.all([...upstreams.values()].map((upstream) => upstream.close()))
  }
}

/** Client features that some agent's manifest grants a server; nothing else is announced to it. */
function features(server: string, manifests: readonly CompiledManifest[]): JsonObject {
  const tasks = manifests.flatMap((manifest) => [...manifest.tasks.values()])
  const granted = CLIENT_FEATURES.filter((feature) => feature !== 'logging' && tasks.some((task) => task.clientFeatures.get(feature)?.has(server)))
  return Object.fromEntries(granted.map((feature) => [feature, {}]))
}

/** What the gateway tells a client that opens a session: itself, and only what the agent's task could use. */
function hello(request: McpRequest, manifest: CompiledManifest | undefined): JsonObject {
  const task = manifest?.tasks.get(request.principal.task ?? '')
  const capabilities = {
    tools: { listChanged: true },
    ...(task && task.resources.exact.size > 0 ? { resources: { listChanged: true, subscribe: true } } : {}),
    ...(task && task.prompts.size > 0 ? { prompts: { listChanged: true } } : {}),
    ...(task && task.prompts.size + task.resources.exact.size > 0 ? { completions: {} } : {}),
    ...(task?.clientFeatures.has('logging') ? { logging: {} } : {}),
  }
  if (request.era === 'modern') return { supportedVersions: [MODERN_VERSION], capabilities }
  const asked = request.params['protocolVersion']
  const version = LEGACY_VERSIONS.find((known) => known === asked) ?? LEGACY_VERSIONS[0]
  return { protocolVersion: version, capabilities, serverInfo: GATEWAY_INFO }
}
