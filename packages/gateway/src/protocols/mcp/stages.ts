import {
  type Acted,
  type Action,
  type AuditLog,
  type Decision,
  type Facts,
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

export interface StageDeps extends PerformDeps {
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  readonly budgets: Budgets
  readonly audit: Pick<AuditLog, 'append'>
  readonly nowMs: () => number
  readonly newId: () => string
  readonly commitKey: Uint8Array
  readonly version: string
}

/** The pipeline's stages for MCP: where the pure decision meets catalogue, budgets, log and tool servers. */
export function openStages(deps: StageDeps): Stages<McpRequest> {
  const { catalogue, nowMs, newId, commitKey, version } = deps
  return {
    identify: (request) => deps.identify(request.authorization, request.agent),
    normalise: (request) => targetOf(request, { catalogue, locate }),
    gather,
    settle: (_principal, _action, facts) => {
      if (facts.budget.reserved) deps.budgets.refund(facts.budget.keys, facts.nowMs)
    },
    record: (entry) => deps.audit.append(entry),
    act: (request, _principal, action) => perform(request, action, deps),
    release: releaseActed,
    nowMs,
    newId,
    commitKey,
    version,
  }

  function locate({ principal }: McpRequest, uri: string): ReturnType<typeof locateResource> {
    const manifest = deps.manifest(principal.agent)
    return manifest && locateResource(principal, manifest, uri)
  }

  async function gather(principal: Principal, action: Action): Promise<Facts> {
    const manifest = deps.manifest(principal.agent)
    const granted = manifest && action.kind === 'tool.call' && manifest.tasks.get(principal.task ?? '')?.tools.has(`${action.server}.${action.name}`)
    const tool = granted ? await toolFacts(principal, action) : undefined
    // Read after the last wait: what is decided on is what is true now.
    const at = nowMs()
    const current = deps.manifest(principal.agent)
    return {
      nowMs: at,
      ...(current ? { manifest: current } : {}),
      isolation: deps.isolation(principal.agent),
      ...(tool ? { tool } : {}),
      budget: deps.budgets.reserve(current ? budgetsOf(principal, action, current) : [], at),
    }
  }

  async function toolFacts(principal: Principal, action: Action): Promise<ToolFacts> {
    const { server = '', name = '' } = action
    try {
      const context = deps.upstreams.get(server)?.context(principal.agent) ?? ''
      return factsOf(await catalogue.tool({ server, context }, name), action.args)
    } catch (error) {
      if (isGatewayError(error)) return { state: 'unverifiable' }
      throw error
    }
  }

  function releaseActed(action: Action, decision: Decision, acted: Acted): Released {
    if (acted.status === 'failure') return { effect: 'allow', reasons: [], content: acted.content }
    if (acted.status === 'input_required') {
      return { effect: acted.reasons?.includes('feature_not_in_manifest') ? 'deny' : 'allow', reasons: [...(acted.reasons ?? [])], content: acted.content }
    }
    if (action.kind !== 'tool.call') {
      const { _meta, ...content } = acted.content
      return { effect: 'allow', reasons: [], content }
    }
    const blocks = acted.content['content']
    const content = Array.isArray(blocks) ? blocks.filter(isJsonObject) : []
    const { structuredContent, isError } = acted.content
    const result = { content, ...(structuredContent === undefined ? {} : { structuredContent }), ...(isError === true ? { isError } : {}) }
    const validate = catalogue.known(action.server ?? '', action.name ?? '')?.validateOutput
    const released = release(decision, result, validate)
    return { effect: released.effect, reasons: [...released.reasons, ...released.observed], content: { ...released.result } as JsonObject }
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
