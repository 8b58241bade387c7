import {
  type Acted,
  type Action,
  type CompiledManifest,
  GatewayError,
  type JsonObject,
  type Principal,
  type ReasonCode,
  isJsonObject,
  isReduced,
  jcs,
} from '@sallyport/core'
import type { Guard, Listener } from '../../guard.ts'
import { type Conversation, type Parking, PARKED_MS_MAX, converse } from './conversation.ts'
import { grantedCapabilities, mayAsk } from './features.ts'
import { encodeParams } from './param-headers.ts'
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
  try {
    const { era } = await upstream.connect(where.context, where.prefer)
    const asks = Object.keys(grantedCapabilities(trip.ask)).length > 0
    if (request.era === 'modern' && era === 'legacy' && asks) return await bridge(trip, deps)
    let result = await trip.send({})
    for (let round = 0; result['resultType'] === 'input_required' && request.era === 'legacy'; round++) {
      if (round >= ROUNDS_MAX) throw new GatewayError('UPSTREAM_MALFORMED', `the tool server asked more than ${ROUNDS_MAX} times`)
      result = await trip.send({
        params: { ...trip.call.params, ...(await askLegacy(request, result, (name) => mayAsk(trip.ask, name))) },
      })
    }
    return concluded(result, trip, deps.seal)
  } catch (error) {
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
  const hear = deps.guard.listen(request.principal, action)
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
    onNotification: (name, said) => relay(request, { name, said, ask, action, hear }),
    onRequest: guarded(ask, reasons, (name, asked) => request.reply.ask(name, asked, request.signal)),
  }
  const send = async (changes: Partial<LinkCall>): Promise<JsonObject> => {
    deps.requireLive(request.agent)
    return (await upstream.call(where, { ...call, ...changes }, capabilities)).result
  }
  return { request, action, call, ask, binding, opened, changes: action.kind === 'tool.call', reasons, send }
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
    ...(error.code === -32_021 && isJsonObject(requiredCapabilities) ? { data: { requiredCapabilities } } : {}),
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

async function askLegacy(request: McpRequest, result: JsonObject, may: (method: string) => boolean): Promise<JsonObject> {
  const asked = isJsonObject(result['inputRequests']) ? Object.entries(result['inputRequests']) : []
  const responses: Record<string, JsonObject> = {}
  for (const [key, one] of asked) {
    const method = isJsonObject(one) ? one['method'] : undefined
    if (!isJsonObject(one) || typeof method !== 'string' || !may(method))
      throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server asked for something it may not ask')
    responses[key] = await request.reply.ask(method, isJsonObject(one['params']) ? one['params'] : {}, request.signal)
  }
  const { requestState } = result
  return { inputResponses: responses, ...(typeof requestState === 'string' ? { requestState } : {}) }
}

/** Tracing passes through as what it is, a hint; a token to report progress under is ours to map. Nothing else does. */
function forwardedMeta({ params }: McpRequest): JsonObject {
  const { traceparent, tracestate, [META.logLevel]: logLevel } = metaOf(params)
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
    ...(typeof logLevel === 'string' ? { [META.logLevel]: logLevel } : {}),
    ...(progressToken(params) === undefined ? {} : { progressToken: progressToken(params) ?? null }),
  }
}

interface Said {
  readonly name: string
  readonly said: JsonObject
  readonly ask: Ask
  readonly action: Action
  readonly hear: Listener
}

/** Passes on what a server says while it works. Its words are no result: where a grant limits what a result may hold, they stay here. */
function relay(request: McpRequest, { name, said, ask, action, hear }: Said): void {
  const { manifest, principal, server } = ask
  const task = manifest?.tasks.get(principal.task ?? '')
  const grant = task?.tools.get(`${server}.${action.name}`)
  const isWordless = action.kind === 'tool.call' && (!grant || isReduced(grant))
  const { _meta, message, ...params } = said
  const heard = isWordless || message === undefined ? undefined : hear(message)
  const words = heard === undefined ? {} : { message: heard }
  const token = progressToken(request.params)
  if (name === 'notifications/progress' && token !== undefined)
    request.reply.notify(name, { ...params, ...words, progressToken: token })
  if (name !== 'notifications/message' || isWordless) return
  const granted = task?.clientFeatures.get('logging')?.has(server) === true
  const wanted = request.era === 'legacy' || metaOf(request.params)[META.logLevel] !== undefined
  if (!granted || !wanted) return
  const { data, ...rest } = params
  const passed = data === undefined ? undefined : hear(data)
  request.reply.notify(name, { ...rest, ...words, ...(passed === undefined ? {} : { data: passed }) })
}
