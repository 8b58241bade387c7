import { type Acted, type Action, type CompiledManifest, GatewayError, type JsonObject, type ReasonCode, isJsonObject } from '@sallyport/core'
import { grantedCapabilities, mayAsk } from './features.ts'
import { listPrompts, listResources, listTools } from './lists.ts'
import { encodeParams } from './param-headers.ts'
import type { McpRequest } from './request.ts'
import type { Binding, StateSeal } from './seal.ts'
import { progressToken } from './target.ts'
import type { Catalogue } from './upstream/catalogue.ts'
import type { LinkCall } from './upstream/link.ts'
import type { Upstream } from './upstream/upstream.ts'
import { META, RpcError, metaOf } from './wire.ts'

/** Rounds of questions a server may put to one client within one call. */
const ROUNDS_MAX = 10

export interface PerformDeps {
  readonly catalogue: Catalogue
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly manifest: (agent: string) => CompiledManifest | undefined
  readonly seal: StateSeal
  /** What the gateway says of itself to a client that opens a session. */
  readonly hello: (request: McpRequest) => JsonObject
  readonly subscribe: (request: McpRequest, action: Action) => Promise<void>
}

/** Performs one decided act. Lists are the gateway's own; everything else is one request to the server that has it. */
export async function perform(request: McpRequest, action: Action, deps: PerformDeps): Promise<Acted> {
  const { principal } = request
  const manifest = deps.manifest(principal.agent)
  switch (action.kind) {
    case 'session.open':
      return quiet(deps.hello(request))
    case 'tool.list':
      return quiet({ tools: await listTools(principal, manifest, deps) })
    case 'prompt.list':
      return quiet({ prompts: await listPrompts(principal, manifest, deps) })
    case 'resource.list': {
      const kind = request.method === 'resources/list' ? 'resources' : 'resourceTemplates'
      return quiet({ [kind]: await listResources(principal, manifest, { ...deps, kind }) })
    }
    case 'resource.subscribe':
      await deps.subscribe(request, action)
      return quiet({})
    case 'tool.call':
      return forward({ request, action, manifest }, 'tools/call', { name: action.name, arguments: action.args }, deps)
    case 'prompt.get':
      return forward({ request, action, manifest }, 'prompts/get', { name: action.name, arguments: action.args }, deps)
    case 'resource.read':
      return forward({ request, action, manifest }, 'resources/read', { uri: action.name }, deps)
    case 'complete':
      return forward({ request, action, manifest }, 'completion/complete', completionParams(request, action), deps)
  }
}

function quiet(content: JsonObject): Acted {
  return { status: 'success', content, changes: false }
}

function completionParams({ params }: McpRequest, action: Action): JsonObject {
  const ref = isJsonObject(params['ref']) ? params['ref'] : {}
  const name = action.name?.startsWith('prompt:') ? { name: action.name.slice('prompt:'.length) } : {}
  return { ref: { ...ref, ...name }, argument: params['argument'], ...(isJsonObject(params['context']) ? { context: params['context'] } : {}) }
}

interface Errand {
  readonly request: McpRequest
  readonly action: Action
  readonly manifest: CompiledManifest | undefined
}

async function forward(errand: Errand, method: string, params: JsonObject, deps: PerformDeps): Promise<Acted> {
  const { request, action, manifest } = errand
  const upstream = deps.upstreams.get(action.server ?? '')
  if (!upstream || !action.server) throw new GatewayError('UPSTREAM_UNAVAILABLE', 'no such server is configured')
  const where = { context: upstream.context(request.agent), prefer: request.era }
  const ask = { principal: request.principal, manifest, server: upstream.id, capabilities: request.capabilities }
  const reasons: ReasonCode[] = []
  const binding = bindingOf(request, action)
  const sealed = request.params['requestState']
  const opened = typeof sealed === 'string' ? deps.seal.open(sealed, binding) : undefined
  const call: LinkCall = {
    method,
    params: { ...params, ...answers(request, opened?.state, opened !== undefined), _meta: forwardedMeta(request) },
    timeoutMs: upstream.config.timeoutsMs[action.name ?? ''] ?? upstream.config.timeoutMs,
    signal: request.signal,
    charge: request.charge,
    headers: action.kind === 'tool.call' ? await paramHeadersOf(action, upstream, deps, where.context) : {},
    onNotification: (name, said) => relay(request, { name, said, logging: ask }),
    onRequest: async (name, asked) => {
      if (request.era === 'legacy' && mayAsk(ask, name)) return request.reply.ask(name, asked, request.signal)
      reasons.push('feature_not_in_manifest')
      throw new RpcError(-32_601, 'not available')
    },
  }
  const capabilities = grantedCapabilities(ask)
  try {
    let { result } = await upstream.call(where, call, capabilities)
    for (let round = 0; result['resultType'] === 'input_required' && request.era === 'legacy'; round++) {
      if (round >= ROUNDS_MAX) throw new GatewayError('UPSTREAM_MALFORMED', `the tool server asked more than ${ROUNDS_MAX} times`)
      const more = await askLegacy(request, result, (name) => mayAsk(ask, name))
      result = (await upstream.call(where, { ...call, params: { ...call.params, ...more } }, capabilities)).result
    }
    return concluded({ result, errand, reasons, ask, binding }, deps)
  } catch (error) {
    if (error instanceof RpcError) return { status: 'failure', content: peerError(error, action), changes: action.kind === 'tool.call', reasons }
    throw error
  }
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

interface Conclusion {
  readonly result: JsonObject
  readonly errand: Errand
  readonly reasons: readonly ReasonCode[]
  readonly ask: Parameters<typeof mayAsk>[0]
  readonly binding: Binding
}

/** Sorts what the server answered: done, failed in its own words, or in need of something from the client. */
function concluded({ result, errand, reasons, ask, binding }: Conclusion, deps: PerformDeps): Acted {
  const { resultType, ...content } = result
  const changes = errand.action.kind === 'tool.call'
  if (resultType === 'input_required') {
    const asked = isJsonObject(content['inputRequests']) ? Object.values(content['inputRequests']) : []
    const granted = asked.every((one) => isJsonObject(one) && typeof one['method'] === 'string' && mayAsk(ask, one['method']))
    if (!granted) return { status: 'input_required', content: { inputRequests: {} }, changes, reasons: ['feature_not_in_manifest'] }
    const state = typeof content['requestState'] === 'string' ? content['requestState'] : undefined
    const sealed = deps.seal.seal({ state, parked: undefined }, binding)
    return { status: 'input_required', content: { inputRequests: content['inputRequests'] ?? {}, requestState: sealed }, changes, reasons }
  }
  if (resultType !== undefined && resultType !== 'complete') throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server answered with an unknown type of result')
  return { status: content['isError'] === true ? 'tool_error' : 'success', content, changes, reasons }
}

function bindingOf(request: McpRequest, action: Action): Binding {
  // Not the digest of this round: that covers the answers too. What must not change between rounds is the call itself.
  const digest = JSON.stringify(action.args)
  return { agent: request.agent, session: request.principal.session, method: request.method, name: `${action.server}.${action.name}`, digest }
}

/** Answers are passed on only with the state that asked for them; without it the server asks again. */
function answers(request: McpRequest, state: string | undefined, asked: boolean): JsonObject {
  if (!asked) return {}
  const { inputResponses } = request.params
  return { ...(isJsonObject(inputResponses) ? { inputResponses } : {}), ...(state === undefined ? {} : { requestState: state }) }
}

async function askLegacy(request: McpRequest, result: JsonObject, may: (method: string) => boolean): Promise<JsonObject> {
  const asked = isJsonObject(result['inputRequests']) ? Object.entries(result['inputRequests']) : []
  const responses: Record<string, JsonObject> = {}
  for (const [key, one] of asked) {
    const method = isJsonObject(one) ? one['method'] : undefined
    if (!isJsonObject(one) || typeof method !== 'string' || !may(method)) throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server asked for something it may not ask')
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

function relay(request: McpRequest, { name, said, logging }: { name: string; said: JsonObject; logging: Parameters<typeof mayAsk>[0] }): void {
  const { _meta, ...params } = said
  const token = progressToken(request.params)
  if (name === 'notifications/progress' && token !== undefined) request.reply.notify(name, { ...params, progressToken: token })
  if (name !== 'notifications/message') return
  const { manifest, principal, server } = logging
  const granted = manifest?.tasks.get(principal.task ?? '')?.clientFeatures.get('logging')?.has(server) === true
  const wanted = request.era === 'legacy' || metaOf(request.params)[META.logLevel] !== undefined
  if (granted && wanted) request.reply.notify(name, params)
}

async function paramHeadersOf(action: Action, upstream: Upstream, deps: PerformDeps, context: string): Promise<Record<string, string>> {
  const tool = await deps.catalogue.tool({ server: upstream.id, context }, action.name ?? '')
  return encodeParams(tool?.params ?? [], action.args)
}
