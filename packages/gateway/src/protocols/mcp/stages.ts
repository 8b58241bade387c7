import {
  type Acted,
  type Action,
  type AuditLog,
  type Decision,
  type Gathered,
  type JsonObject,
  type Principal,
  type Released,
  type Stages,
  type ToolFacts,
  budgetsOf,
  isGatewayError,
  isJsonObject,
  locateResource,
  release,
} from '@sallyport/core'
import type { Budgets } from '../../budgets.ts'
import { type PerformDeps, perform } from './perform.ts'
import type { McpRequest } from './request.ts'
import { targetOf } from './target.ts'
import type { OfferedTool } from './upstream/catalogue.ts'

export interface StageDeps extends Omit<PerformDeps, 'offered'> {
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly budgets: Budgets
  readonly audit: Pick<AuditLog, 'append'>
  readonly nowMs: () => number
  readonly newId: () => string
  readonly commit: Stages<McpRequest>['commit']
  readonly version: string
}

/** The pipeline's stages for MCP: where the pure decision meets catalogue, budgets, log and tool servers. */
export function openStages(deps: StageDeps): Stages<McpRequest> {
  const { catalogue, nowMs, newId, commit, version } = deps
  /** The definition each act was decided on. What follows uses this one, whatever the server says in the meantime. */
  const decidedOn = new WeakMap<Action, OfferedTool>()
  const performDeps: PerformDeps = { ...deps, offered: (action) => decidedOn.get(action) }
  return {
    identify: (request) => deps.identify(request.authorization, request.agent),
    normalise: (request) => targetOf(request, { catalogue, locate }),
    gather,
    reserve: (principal, action, gathered) => {
      const draws = gathered.manifest ? budgetsOf(principal, action, gathered.manifest) : []
      return { ...gathered, budget: deps.budgets.reserve(draws, gathered.nowMs) }
    },
    settle: (_principal, _action, facts) => {
      if (facts.budget.reserved) deps.budgets.refund(facts.budget.keys, facts.nowMs)
    },
    record: (entry) => deps.audit.append(entry),
    act: (request, _principal, action) => perform(request, action, performDeps),
    release: releaseActed,
    nowMs,
    newId,
    commit,
    version,
  }

  function locate({ principal }: McpRequest, uri: string): ReturnType<typeof locateResource> {
    const manifest = deps.manifest(principal.agent)
    return manifest && locateResource(principal, manifest, uri)
  }

  async function gather(principal: Principal, action: Action): Promise<Gathered> {
    const manifest = deps.manifest(principal.agent)
    const granted =
      manifest &&
      action.kind === 'tool.call' &&
      manifest.tasks.get(principal.task ?? '')?.tools.has(`${action.server}.${action.name}`)
    const tool = granted ? await toolFacts(principal, action) : undefined
    // Read after the last wait: what is decided on is what is true now.
    const current = deps.manifest(principal.agent)
    return {
      nowMs: nowMs(),
      ...(current ? { manifest: current } : {}),
      isolation: deps.isolation(principal.agent),
      ...(tool ? { tool } : {}),
    }
  }

  async function toolFacts(principal: Principal, action: Action): Promise<ToolFacts> {
    const { server = '', name = '' } = action
    try {
      const context = deps.upstreams.get(server)?.context(principal.agent) ?? ''
      const offer = await catalogue.tool({ server, context }, name)
      if (offer) decidedOn.set(action, offer)
      return factsOf(offer, action.args)
    } catch (error) {
      if (isGatewayError(error)) return { state: 'unverifiable' }
      throw error
    }
  }

  function releaseActed(action: Action, decision: Decision, acted: Acted): Released {
    if (acted.status === 'failure') return { effect: 'allow', reasons: [], content: acted.content }
    if (acted.status === 'input_required') {
      return {
        effect: acted.reasons?.includes('feature_not_in_manifest') ? 'deny' : 'allow',
        reasons: [...(acted.reasons ?? [])],
        content: acted.content,
      }
    }
    if (action.kind !== 'tool.call') {
      const { _meta, ...content } = acted.content
      return { effect: 'allow', reasons: [], content }
    }
    const blocks = acted.content['content']
    const content = Array.isArray(blocks) ? blocks.filter(isJsonObject) : []
    const { structuredContent, isError } = acted.content
    const result = {
      content,
      ...(structuredContent === undefined ? {} : { structuredContent }),
      ...(isError === true ? { isError } : {}),
    }
    const validate = decidedOn.get(action)?.validateOutput
    const released = release(decision, result, validate)
    return {
      effect: released.effect,
      reasons: [...released.reasons, ...released.observed],
      content: { ...released.result } as JsonObject,
    }
  }
}

function factsOf(offer: OfferedTool | undefined, args: JsonObject): ToolFacts {
  if (!offer) return { state: 'unknown' }
  const state = offer.state === 'approved' || offer.state === 'colliding' ? offer.state : 'unreviewed'
  const violation = offer.validateInput(args)
  return {
    state,
    definitionHash: offer.hash,
    ...(offer.pin ? { effect: offer.pin.effect } : {}),
    ...(violation ? { violation } : {}),
  }
}
