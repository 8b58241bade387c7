import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type ApprovalRecord,
  type AuditLog,
  CLIENT_FEATURES,
  type CompiledManifest,
  type Facts,
  type Foreseen,
  type JsonObject,
  type Pin,
  type Principal,
  type ArgumentProposal,
} from '@sallyport/core'
import type { Approvals } from '../../approvals.ts'
import type { Budgets } from '../../budgets.ts'
import type { ByteBudget } from '../../byte-budget.ts'
import { committer } from '../../committer.ts'
import { approvalUrl } from '../../config-console.ts'
import type { Config, ServerConfig } from '../../config.ts'
import { openCuts } from '../../cuts.ts'
import type { Flow } from '../../flow.ts'
import type { Guard } from '../../guard.ts'
import type { ContentDeps } from '../../handle-content.ts'
import type { Refusals } from '../../refusals.ts'
import { openParking } from './conversation.ts'
import { createEndpoint } from './endpoint.ts'
import { type CallAsked, openForesee } from './foresee.ts'
import { type Hub, openHub, watchResource } from './hub.ts'
import type { McpRequest } from './request.ts'
import { openSeal } from './seal.ts'
import { openStages, type StageDeps } from './stages.ts'
import { type Catalogue, openCatalogue } from './upstream/catalogue.ts'
import { GATEWAY_INFO } from './upstream/connection.ts'
import { type Servers, openServers } from './upstream/servers.ts'
import type { Upstream, UpstreamDeps } from './upstream/upstream.ts'
import { type FlaggedDefinition, watchDefinitions } from './watch-definitions.ts'
import { LEGACY_VERSIONS, MODERN_VERSION, TASKS_EXTENSION } from './wire.ts'

export interface McpDeps {
  readonly config: Config
  readonly audit: Pick<AuditLog, 'append'>
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  /** @throws GatewayError `STORE_STALE` when it is not known */
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly unwitnessed: () => Facts['unwitnessed']
  readonly manifest: (agent: string) => CompiledManifest | undefined
  readonly manifests: () => readonly CompiledManifest[]
  readonly pins: () => readonly Pin[]
  readonly budgets: Budgets
  readonly guard: Guard
  readonly flow: Flow
  readonly approvals: Approvals
  /** Arguments of an act that waits. @throws GatewayError when they are gone */
  readonly keptArguments: (record: ApprovalRecord) => Promise<JsonObject>
  /** Arguments that somebody proposed instead. @throws GatewayError when they are gone */
  readonly keptProposal: (proposal: ArgumentProposal) => Promise<JsonObject>
  readonly bytes: ByteBudget
  readonly refusals: Refusals
  readonly commitKey: Uint8Array
  readonly vault: ContentDeps['vault']
  readonly sealKey: Uint8Array
  readonly nowMs: () => number
  /** This process among several gateways over one log. */
  readonly replica?: string
  readonly publicUrl: () => string
  readonly log: (message: string, error: unknown) => void
  /** Records that a definition looks hostile. */
  readonly onHostile: (flagged: FlaggedDefinition) => void
}

/** The MCP side of the gateway: its endpoint for agents and its connections to tool servers. */
export interface Mcp {
  readonly endpoint: (request: IncomingMessage, response: ServerResponse, agent: string) => Promise<void>
  /** What would be decided about a tool call now, without doing anything. */
  readonly foresee: (asked: CallAsked) => Promise<Foreseen>
  readonly catalogue: Catalogue
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Makes the open connections match a new configuration; unchanged servers stay as they are. */
  reconfigure(servers: Readonly<Record<string, ServerConfig>>): Promise<void>
  /** Ends everything an agent has open. */
  cut(agent: string): void
  /** Ends every stream of change notices: what its agents may see is not known any more. */
  cutStreams(): void
  /** An agent's grants have changed. */
  changed(agent: string): void
  streams(): number
  close(): Promise<void>
}

export function openMcp(deps: McpDeps): Mcp {
  const { config, nowMs, manifest } = deps
  const stop = new AbortController()
  const cuts = openCuts()
  const parking = openParking()
  const hub = openHub({ manifest, streamsMax: config.limits.streamsMax })
  const servers = openServers(config.servers, { depsOf, gone: (id) => catalogue.invalidate(id) })
  const catalogue = openCatalogue({
    upstreams: servers.all,
    pins: deps.pins,
    nowMs,
    signal: stop.signal,
    onDefinitions: watchDefinitions(deps),
  })
  const shared = { ...deps, catalogue, upstreams: servers.all, hub }
  const stageDeps: StageDeps = {
    ...shared,
    seal: openSeal(deps.sealKey, nowMs),
    parking,
    hello: (request) => hello(request, manifest(request.agent)),
    subscribe: (request, action) => subscribe(request, action, { servers, hub, signal: stop.signal }),
    newId: randomUUID,
    commit: committer(deps.commitKey),
    version: GATEWAY_INFO.version,
  }
  const stages = openStages(stageDeps)
  const { console: people } = config
  const endpoint = createEndpoint({
    ...shared,
    stages,
    isolated: (agent) => deps.isolation(agent).isolated,
    ...(people && { approvalUrl: approvalUrl(people) }),
    budget: deps.bytes,
    bodyBytesMax: config.limits.bodyBytesMax,
    onCut: (agent, end) => cuts.add(agent, end),
    resourceMetadata: (agent) => `${deps.publicUrl()}/.well-known/oauth-protected-resource/a/${agent}/mcp`,
  })
  return {
    endpoint,
    foresee: openForesee(stageDeps),
    catalogue,
    upstreams: servers.all,
    reconfigure: (next) => servers.reconfigure(next),
    cut(agent) {
      cuts.cut(agent)
      parking.cut(agent)
    },
    cutStreams: () => hub.cut(),
    changed: (agent) => hub.changed(agent),
    streams: hub.size,
    async close() {
      stop.abort()
      parking.close()
      await servers.close()
    },
  }

  function depsOf(id: string): UpstreamDeps {
    return {
      nowMs,
      features: () => features(id, deps.manifests()),
      onEvent: (method, params) => {
        if (method.endsWith('/list_changed')) catalogue.invalidate(id)
        hub.publish(id, method, params)
      },
    }
  }
}

async function subscribe(
  request: McpRequest,
  action: { readonly server?: string; readonly name?: string },
  { servers, hub, signal }: { servers: Servers; hub: Hub; signal: AbortSignal },
): Promise<void> {
  const upstream = servers.all.get(action.server ?? '')
  const uri = action.name ?? ''
  const on = request.method === 'resources/subscribe'
  hub.subscribe(request.principal.session, uri, on)
  if (upstream && on) await watchResource(upstream, { context: upstream.context(request.agent), uri, signal })
}

/** Client features that some agent's manifest grants a server; nothing else is announced to it. */
function features(server: string, manifests: readonly CompiledManifest[]): JsonObject {
  const tasks = manifests.flatMap((manifest) => [...manifest.tasks.values()])
  const granted = CLIENT_FEATURES.filter(
    (feature) => feature !== 'logging' && tasks.some((task) => task.clientFeatures.get(feature)?.has(server)),
  )
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
  if (request.era === 'modern')
    return { supportedVersions: [MODERN_VERSION], capabilities: { ...capabilities, extensions: { [TASKS_EXTENSION]: {} } } }
  const asked = request.params['protocolVersion']
  const version = LEGACY_VERSIONS.find((known) => known === asked) ?? LEGACY_VERSIONS[0]
  return { protocolVersion: version, capabilities, serverInfo: GATEWAY_INFO }
}
