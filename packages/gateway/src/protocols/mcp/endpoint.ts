import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ERRORS,
  GatewayError,
  type JsonObject,
  type Outbound,
  type Principal,
  type CompiledManifest,
  handle,
  isGatewayError,
  isJsonObject,
  locateResource,
  plainPath,
  visibleResource,
} from '@sallyport/core'
import { boundedCache } from '../../bounded-cache.ts'
import { type ByteBudget, COST_FACTOR } from '../../byte-budget.ts'
import { readBody } from '../../read-body.ts'
import type { Refusals } from '../../refusals.ts'
import { type Incoming, WireFault, decode } from './decode.ts'
import { type Encoded, encode, encodeFailure, type Told } from './encode.ts'
import type { Hub, Interest, Listener } from './hub.ts'
import { METHODS } from './methods.ts'
import { mismatchedParam } from './param-headers.ts'
import type { PerformDeps } from './perform.ts'
import { accepts, correlationOf, headerOf, requirePost } from './read-request.ts'
import { type Question, type Reply, openReply } from './reply.ts'
import type { McpRequest } from './request.ts'
import type { StageDeps } from './stages.ts'
import type { OfferedTool } from './upstream/catalogue.ts'
import { openWaiting, type WaitingDeps } from './waiting.ts'
import { META, REFUSED, type RpcId, RpcError, metaOf, rpcError, rpcResult } from './wire.ts'

export interface EndpointDeps
  extends
    Pick<PerformDeps, 'catalogue' | 'upstreams' | 'manifest'>,
    Pick<StageDeps, 'identify'>,
    Omit<WaitingDeps, 'exposed' | 'answer'> {
  readonly hub: Hub
  readonly refusals: Refusals
  readonly isolated: (agent: string) => boolean
  readonly budget: ByteBudget
  readonly bodyBytesMax: number
  /** Registers something to cut when an agent is isolated; returns how to forget it. */
  readonly onCut: (agent: string, cut: () => void) => () => void
  /** Where a client learns how to get a credential. @see RFC 9728 */
  readonly resourceMetadata: (agent: string) => string
  readonly log: (message: string, error: unknown) => void
}

/** One HTTP exchange at `/a/{agent}/mcp`. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly agent: string
  readonly abort: AbortController
  readonly charge: (bytes: number) => void
  principal?: Principal
  /** The agent was isolated meanwhile. */
  isCut?: boolean
}

/** Sessions whose declared capabilities are remembered. */
const DECLARED_MAX = 10_000
/** Resources one stream may ask to hear of. */
const LISTENED_MAX = 100

/** Serves both revision families at one URL per agent. Host and Origin have been checked. */
export function createEndpoint(
  deps: EndpointDeps,
): (request: IncomingMessage, response: ServerResponse, agent: string) => Promise<void> {
  const questions = new Map<string, Question>()
  /** Calls in progress, for `notifications/cancelled`; a caller can name its own only. */
  const running = new Map<string, AbortController>()
  /** Capabilities of handshake-era clients, by session: they are declared once and hold for later requests. */
  const declared = boundedCache<JsonObject>(DECLARED_MAX)
  const waiting = openWaiting(waitingDeps())

  return async (request, response, agent) => {
    let charged = 0
    const charge = (bytes: number): void => {
      deps.budget.take(bytes * COST_FACTOR)
      charged += bytes * COST_FACTOR
    }
    const exchange: Exchange = { request, response, agent, charge, abort: new AbortController() }
    response.once('close', () => {
      if (!response.writableFinished) exchange.abort.abort()
    })
    let release = (): void => {}
    const forget = deps.onCut(agent, () => {
      exchange.isCut = true
      exchange.abort.abort()
      if (response.headersSent) response.destroy()
    })
    try {
      const principal = await deps.identify(request.headers.authorization, agent)
      exchange.principal = principal
      if (request.method === 'GET') return await follow(exchange, principal)
      requirePost(request)
      const body = await readBody(request, deps.bodyBytesMax, deps.budget)
      release = body.release
      await serve(exchange, principal, decode(body.text, request.headers))
    } catch (error) {
      await fail(exchange, error)
    } finally {
      forget()
      release()
      deps.budget.give(charged)
    }
  }

  async function serve(exchange: Exchange, principal: Principal, message: Incoming): Promise<void> {
    const { response } = exchange
    if (message.type !== 'request') {
      requireLive(exchange.agent)
      if (message.type === 'response') settleQuestion(principal, message)
      else if (message.method === 'notifications/cancelled') running.get(callKey(principal, message.params['requestId']))?.abort()
      response.writeHead(202).end()
      return
    }
    const { id, era, method, params } = message
    const handling = METHODS[era][method]
    if (!handling) throw new WireFault(new GatewayError('REQUEST_METHOD', 'no such method'), id, { era })
    const reply = openReply({
      response,
      streams: accepts(exchange.request, 'text/event-stream'),
      owner: principal.session,
      questions,
    })
    const inbound: McpRequest = {
      agent: exchange.agent,
      authorization: exchange.request.headers.authorization,
      kind: 'act' in handling ? handling.act : 'session.open',
      correlation: correlationOf(exchange.request, params),
      era,
      method,
      params,
      reply,
      signal: exchange.abort.signal,
      header: (name) => headerOf(exchange.request, name),
      capabilities: capabilitiesOf(principal, message),
      charge: exchange.charge,
      principal,
    }
    if ('own' in handling) return own(handling.own, { exchange, inbound, id })
    checkParamHeaders(inbound, id)
    const key = callKey(principal, id)
    running.set(key, exchange.abort)
    try {
      const { status, message: answer } = encode(inbound, id, told(inbound, await waiting.perform(inbound)))
      reply.end(answer, status)
    } catch (error) {
      await answerFailure(exchange, reply, { id, error })
    } finally {
      if (running.get(key) === exchange.abort) running.delete(key)
    }
  }

  async function own(
    what: 'ping' | 'logLevel' | 'listen' | 'task',
    { exchange, inbound, id }: { exchange: Exchange; inbound: McpRequest; id: RpcId },
  ): Promise<void> {
    requireLive(inbound.agent, id)
    if (what === 'ping') return inbound.reply.end(rpcResult(id, {}))
    if (what === 'task') return ownTask(exchange, inbound, id)
    if (what === 'logLevel') {
      const granted = deps
        .manifest(inbound.agent)
        ?.tasks.get(inbound.principal.task ?? '')
        ?.clientFeatures.has('logging')
      if (!granted) throw new WireFault(new GatewayError('REQUEST_METHOD', 'logging is not granted'), id, { era: 'legacy' })
      return inbound.reply.end(rpcResult(id, {}))
    }
    const outbound = await handle(inbound, deps.stages)
    if (!outbound.ok) return inbound.reply.end(...spread(encode(inbound, id, outbound)))
    return listen(exchange, inbound, id)
  }

  /** What became of an act that waited for people; it may be carried out on the way. */
  async function ownTask(exchange: Exchange, inbound: McpRequest, id: RpcId): Promise<void> {
    try {
      inbound.reply.end(rpcResult(id, await waiting.task(inbound)))
    } catch (error) {
      await answerFailure(exchange, inbound.reply, { id, error })
    }
  }

  function waitingDeps(): WaitingDeps {
    return {
      ...deps,
      exposed: (server, name) => deps.catalogue.exposed(server, name),
      answer: (request, outbound) => encode(request, 0, told(request, outbound)).message,
    }
  }

  /** What an answer says besides what was decided. */
  function told<T extends Outbound>(inbound: McpRequest, outbound: T): T & Told {
    return { ...outbound, isTyped: isTyped(inbound), approvalUrl: deps.approvalUrl }
  }

  /** `subscriptions/listen`: acknowledged first, then open until someone leaves. */
  async function listen(exchange: Exchange, inbound: McpRequest, id: RpcId): Promise<void> {
    const asked = isJsonObject(inbound.params['notifications']) ? inbound.params['notifications'] : {}
    const manifest = deps.manifest(inbound.agent)
    const wanted = Array.isArray(asked['resourceSubscriptions']) ? asked['resourceSubscriptions'] : []
    if (wanted.length > LISTENED_MAX)
      throw new WireFault(new GatewayError('REQUEST_PARAMS', `more than ${LISTENED_MAX} resources`), id)
    const visible = wanted.filter(
      (uri): uri is string => typeof uri === 'string' && manifest !== undefined && isVisible(inbound.principal, manifest, uri),
    )
    const uris = [...new Set(visible)]
    const interest: Interest = {
      tools: asked['toolsListChanged'] === true,
      prompts: asked['promptsListChanged'] === true,
      resources: asked['resourcesListChanged'] === true,
      uris: new Set(uris),
    }
    const end = (): void => void exchange.response.destroy()
    const remove = follows({ principal: inbound.principal, reply: inbound.reply, id, interest, end })
    if (!remove) throw new WireFault(new GatewayError('REQUEST_NOT_ACCEPTABLE', 'this method answers with an event stream'), id)
    inbound.reply.notify('notifications/subscriptions/acknowledged', {
      _meta: { [META.subscription]: id },
      notifications: {
        ...(interest.tools ? { toolsListChanged: true } : {}),
        ...(interest.prompts ? { promptsListChanged: true } : {}),
        ...(interest.resources ? { resourcesListChanged: true } : {}),
        ...(uris.length > 0 ? { resourceSubscriptions: uris } : {}),
      },
    })
    await Promise.all(uris.map((uri) => watch(inbound, uri)))
    await closed(exchange.response)
    remove()
  }

  /** The stream of changes of the handshake era. */
  async function follow(exchange: Exchange, principal: Principal): Promise<void> {
    requireLive(exchange.agent)
    const reply = openReply({
      response: exchange.response,
      streams: accepts(exchange.request, 'text/event-stream'),
      owner: principal.session,
      questions,
    })
    const interest: Interest = { tools: true, prompts: true, resources: true, uris: new Set() }
    const remove = follows({ principal, reply, interest, end: () => void exchange.response.destroy() })
    if (!remove) throw new GatewayError('REQUEST_VERB', 'GET opens an event stream only')
    await closed(exchange.response)
    remove()
  }

  /** A place first, then the stream: whoever finds no place is told so by status. `undefined` when the client takes no stream. */
  function follows(listener: Listener): (() => void) | undefined {
    const remove = deps.hub.add(listener)
    if (listener.reply.stream()) return remove
    remove()
    return undefined
  }

  async function watch(inbound: McpRequest, uri: string): Promise<void> {
    const request = {
      ...inbound,
      kind: 'resource.subscribe' as const,
      method: 'resources/subscribe',
      params: { ...inbound.params, uri },
    }
    await handle(request, deps.stages).catch((error: unknown) => deps.log('a subscription failed', error))
  }

  /** An answer counts only from the caller who was asked. */
  function settleQuestion(principal: Principal, message: Extract<Incoming, { type: 'response' }>): void {
    const question = questions.get(String(message.id))
    if (!question || question.owner !== principal.session) return
    if (message.result) return question.resolve(message.result)
    const code = message.error?.['code']
    question.reject(new RpcError(typeof code === 'number' ? code : -32_603, 'the client declined'))
  }

  function capabilitiesOf({ session }: Principal, { era, method, params }: Extract<Incoming, { type: 'request' }>): JsonObject {
    const own = era === 'modern' ? metaOf(params)[META.capabilities] : params['capabilities']
    if (era === 'legacy' && method === 'initialize' && isJsonObject(own)) declared.set(session, own)
    return era === 'modern' ? (isJsonObject(own) ? own : {}) : (declared.get(session) ?? {})
  }

  function knownTool({ agent, params }: McpRequest): OfferedTool | undefined {
    const target = deps.catalogue.resolve(typeof params['name'] === 'string' ? params['name'] : '')
    const context = deps.upstreams.get(target?.server ?? '')?.context(agent) ?? ''
    return target && deps.catalogue.known({ server: target.server, context }, target.name)
  }

  /** Whether the tool declares the form of its results. */
  function isTyped(inbound: McpRequest): boolean {
    return inbound.kind === 'tool.call' && knownTool(inbound)?.definition.outputSchema !== undefined
  }

  function checkParamHeaders(inbound: McpRequest, id: RpcId): void {
    if (inbound.era !== 'modern' || inbound.kind !== 'tool.call') return
    const tool = knownTool(inbound)
    const args = isJsonObject(inbound.params['arguments']) ? inbound.params['arguments'] : {}
    const name = tool && mismatchedParam(tool.params, args, inbound.header)
    if (name !== undefined)
      throw new WireFault(new GatewayError('REQUEST_HEADER_MISMATCH', `Mcp-Param-${name} and the body disagree`), id)
  }

  function requireLive(agent: string, id: RpcId | null = null): void {
    if (deps.isolated(agent))
      throw new WireFault(new GatewayError('IDENTITY_FORBIDDEN', 'the agent is isolated'), id, { reasons: ['agent_isolated'] })
  }

  async function answerFailure(exchange: Exchange, reply: Reply, { id, error }: { id: RpcId; error: unknown }): Promise<void> {
    if (error instanceof WireFault || (isGatewayError(error) && !isRecorded(error)))
      await recordRefusal(exchange, error instanceof WireFault ? error.error : error)
    if (!isGatewayError(error) || error.code === 'INTERNAL')
      deps.log('internal error', error instanceof Error ? (error.cause ?? error) : error)
    if (exchange.isCut)
      return reply.end(
        rpcError(id, {
          code: REFUSED,
          message: 'refused: the agent is isolated',
          data: { effect: 'deny', reasons: ['agent_isolated'] },
        }),
        403,
      )
    const { status, message, retryAfterMs } = encodeFailure(id, error)
    if (retryAfterMs !== undefined && !exchange.response.headersSent)
      exchange.response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000))
    reply.end(message, status)
  }

  /** A failure before the message was understood: HTTP and JSON-RPC say the same. */
  async function fail(exchange: Exchange, error: unknown): Promise<void> {
    const { response } = exchange
    const wire = error instanceof WireFault ? error : undefined
    const cause: unknown = wire ? wire.error : error
    const known = isGatewayError(cause) ? cause : new GatewayError('INTERNAL', 'internal error')
    if (known.code === 'INTERNAL') deps.log('internal error', error)
    const recorded =
      known.code === 'REQUEST_CANCELLED'
        ? undefined
        : recordRefusal(exchange, known).catch((failure: unknown) => deps.log('a refusal was not recorded', failure))
    // Without fresh state the log is likely out of reach too, and a refusal needs no record to be safe.
    if (known.code !== 'STORE_STALE') await recorded
    if (response.headersSent || response.destroyed) return void response.destroy()
    const { rpc, http, retry } = ERRORS[known.code]
    if (http === 401) response.setHeader('www-authenticate', challenge(known, deps.resourceMetadata(exchange.agent)))
    if (retry) response.setHeader('retry-after', Math.ceil((known.retryAfterMs ?? 1_000) / 1_000))
    if (known.code === 'REQUEST_VERB') response.setHeader('allow', 'POST, GET')
    if (!exchange.request.complete) response.setHeader('connection', 'close')
    // A client of the handshake era takes 404 for the end of its session.
    const legacyUnknown = known.code === 'REQUEST_METHOD' && isJsonObject(wire?.data) && wire.data['era'] === 'legacy'
    const data = wire?.data === undefined || known.code === 'REQUEST_METHOD' ? { code: known.code } : wire.data
    const code = isJsonObject(wire?.data) && wire.data['reasons'] ? REFUSED : rpc
    const text = JSON.stringify(rpcError(wire?.id ?? null, { code, message: known.message, data }))
    response.writeHead(legacyUnknown ? 200 : http, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(text)
  }

  async function recordRefusal(exchange: Exchange, error: GatewayError): Promise<void> {
    const claims = {
      agent: exchange.agent,
      method: plainPath(headerOf(exchange.request, 'mcp-method') ?? exchange.request.method ?? ''),
    }
    await deps.refusals.record({ error, claims, ...(exchange.principal ? { principal: exchange.principal } : {}) })
  }
}

/** Failures of an act have their own outcome entry; only what failed before a decision is still unrecorded. */
function isRecorded(error: GatewayError): boolean {
  return !error.code.startsWith('REQUEST_') && !error.code.startsWith('IDENTITY_')
}

/** @see RFC 6750, section 3; RFC 9728, section 5.1 */
function challenge(error: GatewayError, metadata: string): string {
  const fault = error.code === 'IDENTITY_INVALID' ? ', error="invalid_token"' : ''
  return `Bearer resource_metadata="${metadata}"${fault}`
}

function isVisible(principal: Principal, manifest: CompiledManifest, uri: string): boolean {
  const found = locateResource(principal, manifest, uri)
  return found !== undefined && visibleResource(principal, manifest, { server: found.server, name: uri })
}

function callKey({ session }: Principal, id: unknown): string {
  return `${session} ${typeof id} ${String(id)}`
}

function closed(response: ServerResponse): Promise<void> {
  return response.destroyed ? Promise.resolve() : new Promise((resolve) => response.once('close', resolve))
}

function spread({ message, status }: Encoded): [JsonObject, number] {
  return [message, status]
}
