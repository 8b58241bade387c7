import { randomUUID } from 'node:crypto'
import {
  type Acted,
  type Action,
  type ArgumentReceiver,
  type CompiledManifest,
  GatewayError,
  type Json,
  type JsonObject,
  type Principal,
  type ReasonCode,
  isJsonObject,
  jcs,
} from '@sallyport/core'
import type { Guard, Talk } from '../../guard.ts'
import { type Conversation, type Parking, PARKED_MS_MAX, converse } from './conversation.ts'
import { grantedCapabilities, knownCapabilities, mayAsk } from './features.ts'
import { encodeParams } from './param-headers.ts'
import { relay } from './relay.ts'
import type { McpRequest } from './request.ts'
import type { Binding, Opened, StateSeal } from './seal.ts'
import { progressToken } from './target.ts'
import type { OfferedTool } from './upstream/catalogue.ts'
import type { LinkCall } from './upstream/link.ts'
import type { Upstream } from './upstream/upstream.ts'
import { META, RpcError, metaOf } from './wire.ts'

/** Rounds of questions a server may put to one client within one call. */
const ROUNDS_MAX = 10
/** Name of the one question in a bridged round. */
const QUESTION = 'question'

export interface ForwardDeps {
  /** The definition of the tool that the decision to call it was made on. */
  readonly offered: (action: Action) => OfferedTool | undefined
  readonly upstreams: ReadonlyMap<string, Upstream>
  /** Asked right before anything is sent. @throws GatewayError when the agent may not act any more, or nobody knows */
  readonly requireLive: (agent: string) => void
  readonly seal: StateSeal
  readonly parking: Parking
  readonly guard: Guard
  /** Puts what a server says while it works into the memory of the session. @throws GatewayError `STORE_UNAVAILABLE` */
  readonly overhear: (
    action: Action,
    heard: { principal: Principal; words: readonly Json[]; classes: readonly string[] },
  ) => Promise<void>
}

/** One request to take to the server that has what it asks for. */
export interface Errand {
  readonly request: McpRequest
  readonly action: Action
  readonly manifest: CompiledManifest | undefined
  readonly method: string
  readonly params: JsonObject
}

type Ask = {
  readonly principal: Principal
  readonly manifest: CompiledManifest | undefined
  readonly server: string
  readonly capabilities: JsonObject
}

/** What one errand needs on its way, whatever the revisions at both ends. */
interface Trip {
  readonly request: McpRequest
  readonly action: Action
  readonly call: LinkCall
  readonly ask: Ask
  readonly binding: Binding
  readonly opened: Opened | undefined
  readonly changes: boolean
  /** Filled while the server works. */
  readonly reasons: ReasonCode[]
  readonly talk: Talk
  /** Resolves when everything said so far was remembered and passed on. */
  readonly quiet: () => Promise<void>
  /** Puts a question of the server to the client on its stream, and brings the answer back. @throws RpcError */
  readonly putToClient: OnRequest
  /** Sends the request, with changed parameters or listeners. */
  readonly send: (changes: Partial<LinkCall>) => Promise<JsonObject>
}

/**
 * Takes an act to its server. Client and server may speak different revisions: a server that asks with `input_required` is
 * answered by asking a handshake-era client on its stream; a handshake-era server that asks in mid-call makes the client of the
 * stateless revision come back with the answer.
 */
export async function forward(errand: Errand, deps: ForwardDeps): Promise<Acted> {
  const { request, action } = errand
  const upstream = deps.upstreams.get(action.server ?? '')
  if (!upstream) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'no such server is configured')
  const where = { context: upstream.context(request.agent), prefer: request.era }
  const trip = prepare(errand, { upstream, where }, deps)
  const acted = await travel(trip, { upstream, where }, deps)
  await trip.quiet()
  const { reasons, ...seen } = trip.talk.noted()
  return { ...acted, reasons: [...(acted.reasons ?? []), ...reasons], seen }
}

async function travel(trip: Trip, { upstream, where }: Way, deps: ForwardDeps): Promise<Acted> {
  const { request, action } = trip
  try {
    const { era } = await upstream.connect(where.context, where.prefer)
    const asks = Object.keys(grantedCapabilities(trip.ask)).length > 0
    if (request.era === 'modern' && era === 'legacy' && asks) return await bridge(trip, deps)
    let result = await trip.send({})
    for (let round = 0; result['resultType'] === 'input_required' && request.era === 'legacy'; round++) {
      if (round >= ROUNDS_MAX) throw new GatewayError('UPSTREAM_MALFORMED', `the tool server asked more than ${ROUNDS_MAX} times`)
      result = await trip.send({
        params: { ...trip.call.params, ...(await askLegacy(trip, result)) },
      })
    }
    return concluded(result, trip, deps.seal)
  } catch (error) {
    if (error instanceof NotExchanged) return { status: 'input_required', content: { inputRequests: {} }, changes: trip.changes }
    if (error instanceof RpcError)
      return { status: 'failure', content: peerError(error, action), changes: trip.changes, reasons: trip.reasons }
    throw error
  }
}

interface Way {
  readonly upstream: Upstream
  readonly where: Parameters<Upstream['call']>[0]
}

function prepare(errand: Errand, { upstream, where }: Way, deps: ForwardDeps): Trip {
  const { request, action, manifest, method, params } = errand
  const ask: Ask = { principal: request.principal, manifest, server: upstream.id, capabilities: request.capabilities }
  const capabilities = grantedCapabilities(ask)
  const binding = bindingOf(request, action)
  const sealed = request.params['requestState']
  const opened = typeof sealed === 'string' ? deps.seal.open(sealed, binding) : undefined
  const reasons: ReasonCode[] = []
  const talk = deps.guard.talk(action, { principal: request.principal, receiver: receiverOf({ action, manifest, request }) })
  const { pass, quiet, remember } = listener(errand, talk, deps)
  const putToClient = viaGuard(request, talk, remember)
  const { timeoutsMs } = upstream.config
  const timeoutMs =
    (Object.hasOwn(timeoutsMs, action.name ?? '') ? timeoutsMs[action.name ?? ''] : undefined) ?? upstream.config.timeoutMs
  const call: LinkCall = {
    method,
    params: { ...params, ...answers(request, opened), _meta: forwardedMeta(request) },
    // A server that may ask a person waits for the person.
    timeoutMs: Object.keys(capabilities).length > 0 ? Math.max(timeoutMs, PARKED_MS_MAX) : timeoutMs,
    signal: request.signal,
    charge: request.charge,
    headers: encodeParams(deps.offered(action)?.params ?? [], action.args),
    onNotification: (name, said) => relay(request, { name, said, ask, action, hear: talk.hear, pass }),
    onRequest: guarded(ask, reasons, putToClient),
  }
  const send = async (changes: Partial<LinkCall>): Promise<JsonObject> => {
    deps.requireLive(request.agent)
    return (await upstream.call(where, { ...call, ...changes }, capabilities)).result
  }
  const changes = action.kind === 'tool.call'
  return { request, action, call, ask, binding, opened, changes, reasons, talk, quiet, putToClient, send }
}

/** What a server says before its result reaches the client in order, and nothing of it before the session remembers it. */
function listener({ action, request: { principal } }: Errand, talk: Talk, { overhear }: ForwardDeps) {
  let last: Promise<void> = Promise.resolve()
  const remember = (words: readonly Json[]): Promise<void> => overhear(action, { principal, words, classes: talk.noted().classes })
  return {
    remember,
    quiet: () => last,
    pass(notice: () => void, words: readonly Json[]): void {
      last = last.then(async () => {
        if (words.length > 0) await remember(words)
        notice()
      })
      // Whoever asks for quiet hears of it.
      last.catch(() => undefined)
    },
  }
}

type OnRequest = NonNullable<LinkCall['onRequest']>

/** Lets a question pass when the manifest grants it and the client can answer; the record says when one did not. */
function guarded(ask: Ask, reasons: ReasonCode[], pass: OnRequest): OnRequest {
  return async (method, params) => {
    if (mayAsk(ask, method)) return pass(method, params)
    reasons.push('feature_not_in_manifest')
    throw new RpcError(-32_601, 'not available')
  }
}

/** The guard let a question or its answer go no further. */
class NotExchanged extends RpcError {}

/** Both ways through the guard: what a person reads, and what the server gets of the answer. */
function viaGuard(request: McpRequest, talk: Talk, remember: (words: readonly Json[]) => Promise<void>): OnRequest {
  return async (method, params) => {
    const asked = await talk.ask(params)
    if (!asked) throw new NotExchanged(-32_603, 'the question was not put to the client')
    await remember([asked])
    const given = await talk.answer(await request.reply.ask(method, asked, request.signal))
    if (!given) throw new NotExchanged(-32_603, 'the client declined')
    return given
  }
}

function receiverOf({ action, manifest, request }: Pick<Errand, 'action' | 'manifest' | 'request'>): ArgumentReceiver {
  const grant = manifest?.tasks.get(request.principal.task ?? '')?.tools.get(`${action.server}.${action.name}`)
  if (action.kind !== 'tool.call' || !grant) return { scope: 'read', tier: 'low', cleared: [] }
  return { scope: grant.scope, tier: grant.tier, cleared: grant.content?.classes ?? [] }
}

/** One round of a call that stays open at a handshake-era server while its client comes and goes. */
async function bridge(trip: Trip, { parking, seal }: ForwardDeps): Promise<Acted> {
  const { request, binding, opened, changes, reasons } = trip
  const conversation = opened?.parked === undefined ? begin(trip) : resume(trip, parking.take(opened.parked))
  const onAbort = (): void => conversation.abort()
  if (request.signal.aborted) onAbort()
  else request.signal.addEventListener('abort', onAbort, { once: true })
  try {
    const step = await conversation.next()
    if (step.type === 'done') return concluded(step.result, trip, seal)
    const requestState = seal.seal({ state: undefined, parked: parking.park(request.agent, conversation) }, binding)
    return {
      status: 'input_required',
      content: { inputRequests: { [QUESTION]: { method: step.method, params: step.params } }, requestState },
      changes,
      reasons,
    }
  } catch (error) {
    // Nobody will come back for a call whose round failed.
    conversation.abort()
    throw error
  } finally {
    request.signal.removeEventListener('abort', onAbort)
  }
}

function begin({ ask, reasons, send }: Trip): Conversation {
  return converse((signal, question) => send({ signal, onRequest: guarded(ask, reasons, question) }))
}

function resume({ request }: Trip, conversation: Conversation): Conversation {
  const { inputResponses } = request.params
  const given = isJsonObject(inputResponses) ? inputResponses[QUESTION] : undefined
  conversation.answer(isJsonObject(given) ? given : undefined)
  return conversation
}

/** What an agent may know of a server's JSON-RPC error: its code, in our words. The server's words may hold paths, SQL or keys. */
function peerError(error: RpcError, action: Action): JsonObject {
  const messages: Readonly<Record<number, string>> = {
    [-32_601]: 'the tool server has no such method',
    [-32_602]: 'the tool server does not accept the parameters, or has no such thing',
    [-32_021]: 'the tool server needs a capability the client lacks',
  }
  const known = messages[error.code]
  const data = isJsonObject(error.data) ? error.data : {}
  const { requiredCapabilities } = data
  return {
    code: known ? error.code : -32_603,
    message: known ?? 'the tool server reported an error',
    ...(error.code === -32_602 && action.kind === 'resource.read' ? { data: { uri: action.name ?? '' } } : {}),
    ...(error.code === -32_021 && isJsonObject(requiredCapabilities)
      ? { data: { requiredCapabilities: knownCapabilities(requiredCapabilities) } }
      : {}),
  }
}

/** Sorts what the server answered: done, failed in its own words, or in need of something from the client. */
function concluded(result: JsonObject, trip: Trip, seal: StateSeal): Acted {
  const { resultType, ...content } = result
  const { ask, binding, changes, reasons } = trip
  if (resultType === 'input_required') {
    const asked = isJsonObject(content['inputRequests']) ? Object.values(content['inputRequests']) : []
    const granted = asked.every((one) => isJsonObject(one) && typeof one['method'] === 'string' && mayAsk(ask, one['method']))
    if (!granted) return { status: 'input_required', content: { inputRequests: {} }, changes, reasons: ['feature_not_in_manifest'] }
    const state = typeof content['requestState'] === 'string' ? content['requestState'] : undefined
    const sealed = seal.seal({ state, parked: undefined }, binding)
    return {
      status: 'input_required',
      content: { inputRequests: content['inputRequests'] ?? {}, requestState: sealed },
      changes,
      reasons,
    }
  }
  if (resultType !== undefined && resultType !== 'complete')
    throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server answered with an unknown type of result')
  return { status: content['isError'] === true ? 'tool_error' : 'success', content, changes, reasons }
}

function bindingOf(request: McpRequest, action: Action): Binding {
  // Not the digest of this round: that covers the answers too. What must not change between rounds is the call itself.
  const digest = jcs(action.args)
  return {
    agent: request.agent,
    session: request.principal.session,
    method: request.method,
    name: `${action.server}.${action.name}`,
    digest,
  }
}

/** Answers are passed on only with the state that asked for them; without it the server asks again. */
function answers(request: McpRequest, opened: Opened | undefined): JsonObject {
  if (!opened) return {}
  const { inputResponses } = request.params
  return {
    ...(isJsonObject(inputResponses) ? { inputResponses } : {}),
    ...(opened.state === undefined ? {} : { requestState: opened.state }),
  }
}

async function askLegacy({ ask, putToClient }: Trip, result: JsonObject): Promise<JsonObject> {
  const asked = isJsonObject(result['inputRequests']) ? Object.entries(result['inputRequests']) : []
  const responses: Record<string, JsonObject> = {}
  for (const [key, one] of asked) {
    const method = isJsonObject(one) ? one['method'] : undefined
    if (!isJsonObject(one) || typeof method !== 'string' || !mayAsk(ask, method))
      throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server asked for something it may not ask')
    responses[key] = await putToClient(method, isJsonObject(one['params']) ? one['params'] : {})
  }
  const { requestState } = result
  return { inputResponses: responses, ...(typeof requestState === 'string' ? { requestState } : {}) }
}

/** Levels a client may ask for (RFC 5424). */
const LOG_LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'])
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Where a trace goes on, and how much a client wants to hear, in nothing but the forms that are fixed: words of an agent's own
 * (`tracestate`, a token of its choosing) would be a way out that no grant covers.
 */
function forwardedMeta({ params }: McpRequest): JsonObject {
  const { traceparent, [META.logLevel]: logLevel } = metaOf(params)
  return {
    ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) ? { traceparent } : {}),
    ...(typeof logLevel === 'string' && LOG_LEVELS.has(logLevel) ? { [META.logLevel]: logLevel } : {}),
    // The caller's own token is put back on the way out.
    ...(progressToken(params) === undefined ? {} : { progressToken: randomUUID() }),
  }
}
