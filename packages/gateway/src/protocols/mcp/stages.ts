import {
  type Action,
  type AuditLog,
  type Facts,
  type Foresight,
  type Gathered,
  type Handling,
  type JsonObject,
  type Principal,
  type Performing,
  type Released,
  type Releasing,
  type Source,
  type Stages,
  type Target,
  type ToolFacts,
  GatewayError,
  isGatewayError,
  isJsonObject,
  locateResource,
  release,
} from '@sallyport/core'
import type { Approvals } from '../../approvals.ts'
import type { Budgets } from '../../budgets.ts'
import type { Entered, Flow } from '../../flow.ts'
import type { Guard } from '../../guard.ts'
import { handleContent, type ContentDeps } from '../../handle-content.ts'
import { reserveBudgets } from '../../reserve-budgets.ts'
import { type PerformDeps, perform } from './perform.ts'
import type { Asked, McpRequest } from './request.ts'
import { targetOf } from './target.ts'
import type { OfferedTool } from './upstream/catalogue.ts'

export interface StageDeps extends Omit<PerformDeps, 'offered' | 'requireLive' | 'overhear'> {
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly isolation: (agent: string) => { readonly isolated: boolean; readonly epoch: number }
  /** Which acts are stopped because too few witnesses vouch for the log. */
  readonly unwitnessed: () => Facts['unwitnessed']
  readonly budgets: Budgets
  readonly guard: Guard
  readonly flow: Flow
  readonly approvals: Pick<Approvals, 'facts' | 'consume' | 'ask'>
  readonly audit: Pick<AuditLog, 'append'>
  readonly nowMs: () => number
  readonly newId: () => string
  readonly commit: Handling['commit']
  readonly vault: ContentDeps['vault']
  readonly version: string
  readonly replica?: string
}

/** The pipeline's stages for MCP: where the pure decision meets catalogue, budgets, log and tool servers. */
export function openStages(deps: StageDeps): Stages<McpRequest> & Pick<Foresight<Asked>, 'identify' | 'normalise' | 'foresee'> {
  const { catalogue, nowMs, newId, version } = deps
  /** The definition each act was decided on. What follows uses this one, whatever the server says in the meantime. */
  const decidedOn = new WeakMap<Action, OfferedTool>()
  const performDeps: PerformDeps = { ...deps, offered: (action) => decidedOn.get(action), requireLive, overhear }
  return {
    identify: (request: Asked) => deps.identify(request.authorization, request.agent),
    normalise: (request: Asked, principal) => restored(targetOf(request, { catalogue, locate }), request, principal),
    handling: (principal, action) => handleContent({ principal, action, manifest: deps.manifest(principal.agent) }, deps),
    inspect: (principal, content) => deps.guard.inspect(principal, content),
    gather,
    ...reserveBudgets({ budgets: deps.budgets, gather }),
    record: (entry) => deps.audit.append(entry),
    consume: (approval) => deps.approvals.consume(approval),
    ask: (asking) => deps.approvals.ask(asking),
    async act(request, action, allowed) {
      requireLive(allowed.principal.agent)
      const sent = outgoing(request, action, allowed)
      return perform(sent.request, sent.action, performDeps)
    },
    release: releaseActed,
    remember,
    nowMs,
    newId,
    version,
    ...(deps.replica === undefined ? {} : { replica: deps.replica }),
  }

  function locate({ principal }: Asked, uri: string): ReturnType<typeof locateResource> {
    const manifest = deps.manifest(principal.agent)
    return manifest && locateResource(principal, manifest, uri)
  }

  /** Placeholders of this session stand for what they were made from where the grant is cleared for it; elsewhere they stay. */
  function restored(target: Target, { kind }: Asked, principal: Principal): Target {
    const recipient = { principal, cleared: clearedOf(principal, { ...target, kind }) }
    if (recipient.cleared.length === 0) return target
    return { ...target, args: deps.guard.restore(target.args, recipient) }
  }

  /** Classes the grant of an act names: what its tool may be given, and the agent may see of it. */
  function clearedOf(principal: Principal, { kind, server, name }: Pick<Action, 'kind' | 'server' | 'name'>): readonly string[] {
    if (kind !== 'tool.call') return []
    return (
      deps
        .manifest(principal.agent)
        ?.tasks.get(principal.task ?? '')
        ?.tools.get(`${server}.${name}`)?.content?.classes ?? []
    )
  }

  /** What leaves: with placeholders where the decision obliges to redact. The definition decided on goes with it. */
  function outgoing(
    request: McpRequest,
    action: Action,
    { principal, decision, inspected }: Performing,
  ): { request: McpRequest; action: Action } {
    const redact = decision.obligations.find((one) => one.type === 'redact' && one.mode === 'enforce')
    if (redact?.type !== 'redact') return { request, action }
    const inputs = request.params['inputResponses']
    const given = isJsonObject(inputs) ? { args: action.args, inputs } : action.args
    const safe = deps.guard.redact(given, inspected, { principal, cleared: redact.cleared })
    const args = isJsonObject(inputs) && isJsonObject(safe['args']) ? safe['args'] : safe
    const sent = { ...action, args }
    const offer = decidedOn.get(action)
    if (offer) decidedOn.set(sent, offer)
    if (!isJsonObject(inputs)) return { request, action: sent }
    return { request: { ...request, params: { ...request.params, inputResponses: safe['inputs'] } }, action: sent }
  }

  /** Recording takes time, and a process may be stopped for any: what was decided must still hold when it is done. */
  function requireLive(agent: string): void {
    if (deps.isolation(agent).isolated) throw new GatewayError('REQUEST_CANCELLED', 'the agent is isolated')
  }

  async function gather(principal: Principal, action: Action): Promise<Gathered> {
    const manifest = deps.manifest(principal.agent)
    const grant =
      action.kind === 'tool.call'
        ? manifest?.tasks.get(principal.task ?? '')?.tools.get(`${action.server}.${action.name}`)
        : undefined
    const [tool, flow] = grant ? await Promise.all([toolFacts(principal, action), deps.flow.facts(principal, action, grant)]) : []
    // Read after the last wait: what is decided on is what is true now.
    const current = deps.manifest(principal.agent)
    const unwitnessed = deps.unwitnessed()
    const known = {
      nowMs: nowMs(),
      ...(current ? { manifest: current } : {}),
      isolation: deps.isolation(principal.agent),
      ...(unwitnessed && { unwitnessed }),
      ...(tool ? { tool } : {}),
      ...(flow ? { flow } : {}),
      ...(isListing(action.kind) ? {} : { guard: deps.guard.facts(principal, action) }),
    }
    const approval = deps.approvals.facts(principal, action, known)
    return approval ? { ...known, approval } : known
  }

  /** What a server said is in the session from now on, with the trust that the operator puts in it. */
  function remember({ principal, action, facts, acted, inspected, entry }: Releasing): void | Promise<void> {
    if (isListing(action.kind) || action.kind === 'resource.subscribe' || !facts.guard) return
    const texts = [{ ...enteredBy(action, facts.guard.source), classes: inspected.classes, value: acted.content, entry }]
    return deps.flow.remember(principal, { texts })
  }

  /** What it says on the way is as much worth as what it answers. */
  function overhear(...[action, { principal, words, classes }]: Parameters<PerformDeps['overhear']>): Promise<void> {
    const { source } = deps.guard.facts(principal, action)
    return deps.flow.remember(principal, { texts: [{ ...enteredBy(action, source), classes, value: [...words] }] })
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

  /** The guard first: what is not released at all need not be shaped. Marks of foreign text come last, around what is left. */
  function releaseActed(releasing: Releasing): Released {
    const { principal, action, acted } = releasing
    if (acted.status === 'failure') return { effect: 'allow', reasons: [], content: acted.content }
    const task = deps.manifest(principal.agent)?.tasks.get(principal.task ?? '')
    const isConsequential = [...(task?.tools.values() ?? [])].some(({ scope, tier }) => scope !== 'read' || tier !== 'low')
    const guarded = deps.guard.release(releasing, { cleared: clearedOf(principal, action), isConsequential })
    if (guarded.effect === 'deny') return guarded
    const shaped = shapeActed({ ...releasing, acted: { ...acted, content: guarded.content } })
    const content =
      shaped.effect === 'allow' && acted.status !== 'input_required' ? deps.guard.wrap(shaped.content, action) : shaped.content
    return { ...guarded, ...shaped, content, reasons: [...guarded.reasons, ...shaped.reasons] }
  }

  function shapeActed({ action, decision, acted }: Releasing): Released {
    if (acted.status === 'input_required') {
      // Nothing is left to ask where the grant or the guard stopped it, and the reasons say which.
      const { inputRequests } = acted.content
      const isStopped = isJsonObject(inputRequests) && Object.keys(inputRequests).length === 0 && (acted.reasons ?? []).length > 0
      return { effect: isStopped ? 'deny' : 'allow', reasons: [...(acted.reasons ?? [])], content: acted.content }
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

/** Where content of an act comes from, as the operator describes its server. */
function enteredBy({ kind, server, name }: Action, { trust, classes }: Source): Omit<Entered, 'classes' | 'value'> {
  return {
    origin: 'tool',
    ...(server !== undefined && { server }),
    // A resource's address may be somebody's own words.
    ...(kind === 'tool.call' && name !== undefined && { name }),
    integrity: trust === 'user' ? 'agent' : trust,
    declared: classes,
  }
}

function isListing(kind: Action['kind']): boolean {
  return kind === 'session.open' || kind === 'tool.list' || kind === 'resource.list' || kind === 'prompt.list'
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
