import { randomUUID } from 'node:crypto'
import type { AuditLog, Candidate, CompiledManifest, Facts, Principal } from '@sallyport/core'
import type { Budgets } from '../../budgets.ts'
import type { ByteBudget } from '../../byte-budget.ts'
import { committer } from '../../committer.ts'
import type { ProvidersConfig } from '../../config-providers.ts'
import type { Config } from '../../config.ts'
import { openCuts } from '../../cuts.ts'
import type { Flow } from '../../flow.ts'
import { GATEWAY_VERSION } from '../../gateway-version.ts'
import type { Guard } from '../../guard.ts'
import type { ContentDeps } from '../../handle-content.ts'
import type { PromptVersions } from '../../prompt-versions.ts'
import type { Refusals } from '../../refusals.ts'
import { openRepeats } from '../../repeats.ts'
import { type Breaker, openBreaker } from './breaker.ts'
import { candidatesOf } from './candidates.ts'
import { createEndpoint, type ModelEndpoint } from './endpoint.ts'
import { openProviderLink, type ProviderLink } from './provider-link.ts'
import { type ModelSockets, openModelSockets } from './socket.ts'
import { openStages } from './stages.ts'
import { openTurns } from './turns.ts'

export interface ModelsDeps {
  readonly config: Config
  readonly audit: Pick<AuditLog, 'append'>
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly unwitnessed: () => Facts['unwitnessed']
  readonly manifest: (agent: string) => CompiledManifest | undefined
  readonly prompts: PromptVersions
  readonly budgets: Budgets
  readonly guard: Guard
  readonly bytes: ByteBudget
  readonly refusals: Refusals
  readonly commitKey: Uint8Array
  readonly vault: ContentDeps['vault']
  readonly nowMs: () => number
  readonly replica?: string
  readonly flow?: Flow
  readonly log: (message: string, error: unknown) => void
}

/** The model side of the gateway: its endpoint for agents and its connections to providers. */
export interface Models {
  readonly serve: ModelEndpoint['serve']
  /** Takes a socket on which the Responses wire is spoken. */
  readonly upgrade: ModelSockets['upgrade']
  /** Uses other providers from the next call on. What is unchanged keeps its connections and its health. */
  reconfigure(providers: ProvidersConfig): void
  /** Ends everything an agent has open. */
  cut(agent: string): void
  /** Ends all sockets, within a second, and takes no more. The listener waits for them, so this comes before its end. */
  readonly endSockets: ModelSockets['close']
  close(): Promise<void>
}

export function openModels(deps: ModelsDeps): Models {
  const { config, nowMs } = deps
  const cuts = openCuts()
  const links = new Map<string, ProviderLink>()
  const breakers = new Map<string, Breaker>()
  let candidates: ReadonlyMap<string, readonly Candidate[]> = new Map()
  reconfigure(config.providers)
  const stages = openStages({
    ...deps,
    link: (provider) => links.get(provider),
    breaker: breakerOf,
    random: Math.random,
    repeats: openRepeats(),
    turns: openTurns({ nowMs: () => performance.now(), defer: setImmediate }),
    candidates: () => candidates,
    newId: randomUUID,
    commit: committer(deps.commitKey),
    version: GATEWAY_VERSION,
  })
  const endpoint = createEndpoint({
    ...deps,
    stages,
    budget: deps.bytes,
    bodyBytesMax: config.limits.bodyBytesMax,
    onCut: (agent, end) => cuts.add(agent, end),
  })
  const sockets = openModelSockets({
    endpoint,
    budget: deps.bytes,
    bodyBytesMax: config.limits.bodyBytesMax,
    onCut: (agent, end) => cuts.add(agent, end),
  })
  return {
    serve: endpoint.serve,
    upgrade: sockets.upgrade,
    reconfigure,
    cut: (agent) => cuts.cut(agent),
    endSockets: sockets.close,
    close,
  }

  function reconfigure(providers: ProvidersConfig): void {
    candidates = candidatesOf(providers)
    for (const [id, link] of links) if (JSON.stringify(providers[id]) !== JSON.stringify(link.config)) retire(id, link)
    for (const [id, provider] of Object.entries(providers)) if (!links.has(id)) links.set(id, openProviderLink(provider))
  }

  function retire(id: string, link: ProviderLink): void {
    links.delete(id)
    for (const key of breakers.keys()) if (key.startsWith(`${id} `)) breakers.delete(key)
    link.retire().catch((error: unknown) => deps.log('a connection to a provider could not be closed', error))
  }

  function breakerOf({ provider, model }: Candidate): Breaker {
    const key = `${provider} ${model}`
    const breaker = breakers.get(key) ?? openBreaker({ nowMs, random: Math.random })
    breakers.set(key, breaker)
    return breaker
  }

  async function close(): Promise<void> {
    await Promise.all([...links.values()].map((link) => link.close()))
  }
}
