import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  ERRORS,
  GatewayError,
  handle,
  isGatewayError,
  isJsonObject,
  type JsonObject,
  type Outbound,
  parseJson,
  plainPath,
  type Principal,
  type ReasonCode,
} from '@sallyport/core'
import type { ByteBudget } from '../../byte-budget.ts'
import type { Flow } from '../../flow.ts'
import { type Body, readBody } from '../../read-body.ts'
import type { Refusals } from '../../refusals.ts'
import { anthropicDialect, type Dialect, openaiDialect, type Problem, problemOf } from './dialect.ts'
import { correlationOf, headerOf, passedHeaders, queryOf, requireRequest, secretOf } from './headers.ts'
import type { ModelRequest } from './model-request.ts'
import { rememberAnswer } from './remember.ts'
import { openReply, type Reply } from './reply.ts'
import type { ModelStages } from './stages.ts'
import type { Ask, Wire } from './wire.ts'
import { WIRES } from './wires/index.ts'

export interface EndpointDeps {
  readonly stages: ModelStages
  readonly identify: (authorization: string | undefined, agent: string) => Promise<Principal>
  readonly refusals: Refusals
  readonly budget: ByteBudget
  readonly bodyBytesMax: number
  readonly flow?: Flow
  /** Registers something to cut when an agent is isolated; returns how to forget it. */
  readonly onCut: (agent: string, cut: () => void) => () => void
  readonly log: (message: string, error: unknown) => void
}

/** One call, however it came. */
interface Exchange {
  /** Its headers: those of a socket's beginning, where it came over one. */
  readonly request: IncomingMessage
  readonly agent: string
  readonly reply: Reply
  readonly dialect: Dialect
  readonly abort: AbortController
  readonly charge: (bytes: number) => void
  principal?: Principal
  /** The agent was isolated meanwhile. */
  isCut?: boolean
}

export interface ModelEndpoint {
  /** One HTTP exchange below `/a/{agent}/v1`. */
  readonly serve: (request: IncomingMessage, response: ServerResponse, at: { agent: string; path: string }) => Promise<void>
  /** One call that came over a socket, paid for from the byte budget; answers whatever happens, also when it cannot be read. */
  readonly serveFrame: (request: IncomingMessage, at: Frame) => Promise<void>
  /** @throws GatewayError `IDENTITY_*` */
  readonly identify: (request: IncomingMessage, agent: string) => Promise<Principal>
}

/** A call of a socket. @throws GatewayError `REQUEST_*` when it is read */
interface Frame extends Pick<Arrival, 'agent' | 'path' | 'reply'> {
  readonly read: () => string
}

/** How a call came. */
interface Arrival {
  readonly agent: string
  readonly path: string
  readonly reply: Reply
  readonly read: () => Promise<Pick<Body, 'text' | 'release'>>
}

/** Reasons that pass with time. */
const LIMITS: ReadonlySet<ReasonCode> = new Set(['rate_limited', 'budget_exhausted', 'loop_detected'])
const NOTHING_ASKED: Ask = { model: '', streams: false, turns: [], places: [], features: [], bound: { answers: 0 }, params: {} }

/** Serves every model wire at one base URL per agent. Host and Origin have been checked. */
export function createEndpoint(deps: EndpointDeps): ModelEndpoint {
  return {
    identify: (request, agent) => deps.identify(secretOf(request), agent),
    serve: (request, response, at) =>
      run(request, {
        ...at,
        reply: openReply(response),
        read() {
          requireRequest(request)
          return readBody(request, deps.bodyBytesMax, deps.budget)
        },
      }),
    serveFrame: (request, { read, ...at }) =>
      run(request, { ...at, read: async () => ({ text: read(), release: () => undefined }) }),
  }

  async function run(request: IncomingMessage, { agent, path, reply, read }: Arrival): Promise<void> {
    const wire = WIRES.find((one) => one.path === path)
    let charged = 0
    const charge = (bytes: number): void => {
      deps.budget.take(bytes)
      charged += bytes
    }
    const dialect = wire?.dialect ?? (request.headers['x-api-key'] === undefined ? openaiDialect : anthropicDialect)
    const exchange: Exchange = { request, agent, reply, dialect, charge, abort: new AbortController() }
    const unwatch = reply.onGone(() => exchange.abort.abort())
    let release = (): void => {}
    const forget = deps.onCut(agent, () => {
      exchange.isCut = true
      exchange.abort.abort()
      if (reply.isBegun()) reply.destroy()
    })
    try {
      const authorization = secretOf(request)
      exchange.principal = await deps.identify(authorization, agent)
      if (path === '/v1/models') return await list(exchange, authorization)
      if (!wire) throw new GatewayError('REQUEST_PATH', 'no such model endpoint')
      const body = await read()
      release = body.release
      await call(exchange, { wire, authorization, raw: body.text })
    } catch (error) {
      await fail(exchange, error)
    } finally {
      forget()
      unwatch()
      release()
      deps.budget.give(charged)
    }
  }

  async function list(exchange: Exchange, authorization: string | undefined): Promise<void> {
    if (exchange.request.method !== 'GET') throw new GatewayError('REQUEST_VERB', 'the endpoint takes GET')
    const [wire] = WIRES
    const inbound = inboundOf(exchange, { wire: wire as Wire, authorization, raw: '', body: {}, ask: NOTHING_ASKED })
    const outbound = await handle({ ...inbound, kind: 'model.list' }, deps.stages)
    if (!outbound.ok) return refuse(exchange, outbound)
    const names = outbound.content['models'] as readonly string[]
    exchange.reply.send(200, JSON.stringify(exchange.dialect.models(names)))
  }

  async function call(
    exchange: Exchange,
    { wire, authorization, raw }: { readonly wire: Wire; readonly authorization: string | undefined; readonly raw: string },
  ): Promise<void> {
    const body = parseJson(raw)
    if (!isJsonObject(body)) throw new GatewayError('REQUEST_MALFORMED', 'the body is not an object')
    const inbound = inboundOf(exchange, { wire, authorization, raw, body, ask: wire.decode(body) })
    const outbound = await handle(inbound, deps.stages)
    if (!outbound.ok) return refuse(exchange, outbound)
    await remember(inbound, outbound)
    deliver(exchange, inbound, outbound.content)
  }

  function inboundOf(
    { request, agent, reply, abort, charge, principal }: Exchange,
    own: Pick<ModelRequest, 'wire' | 'authorization' | 'raw' | 'body' | 'ask'>,
  ): ModelRequest {
    return {
      ...own,
      agent,
      kind: own.wire.kind,
      correlation: correlationOf(request),
      query: queryOf(request),
      headers: passedHeaders(request, own.wire),
      principal: principal as Principal,
      signal: abort.signal,
      reply,
      charge,
    }
  }

  /** The session knows what is delivered before it is. */
  async function remember(request: ModelRequest, { content, entry }: Extract<Outbound, { ok: true }>): Promise<void> {
    const history = deps.stages.history(request)
    if (!deps.flow || !history || !request.answer || request.kind !== 'model.call') return
    const said = request.answer.type === 'stream' ? request.answer.relay.said() : request.wire.said(content)
    await rememberAnswer(deps.flow, request.principal, { said, end: history.end, digest: deps.stages.digest, classes: [], entry })
  }

  /** The bytes that came, unless something in them was changed. */
  function deliver({ reply }: Exchange, { answer }: ModelRequest, content: JsonObject): void {
    if (answer?.type === 'stream') {
      answer.relay.flush()
      return reply.end()
    }
    const isSame = answer === undefined || content === answer.value
    reply.send(200, answer && isSame ? answer.raw : JSON.stringify(content))
  }

  function refuse(exchange: Exchange, outbound: Extract<Outbound, { ok: false }>): void {
    const { effect, reasons, entry, details, exhausted, retryAfterMs } = outbound
    const isLimit = reasons.every((reason) => LIMITS.has(reason))
    answerProblem(exchange, {
      status: isLimit ? 429 : 403,
      code: reasons[0] ?? 'no_vote',
      message: `refused: ${reasons.join(', ')}${details.length > 0 ? ` (${details.join('; ')})` : ''}`,
      refusal: {
        effect,
        reasons,
        entry,
        ...(exhausted && { budget: { ...exhausted } }),
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      },
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    })
  }

  function answerProblem({ reply, dialect, request }: Exchange, problem: Problem & { readonly retryAfterMs?: number }): void {
    if (reply.isGone()) return
    if (reply.isBegun()) {
      reply.write(dialect.event(problem))
      return reply.end()
    }
    const { retryAfterMs } = problem
    // Clients of both families try again by themselves; a refusal stays one.
    reply.set({
      'x-should-retry': problem.refusal ? 'false' : String(problem.status === 429 || problem.status >= 500),
      ...(retryAfterMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterMs / 1_000)) }),
      ...(request.complete ? {} : { connection: 'close' }),
    })
    reply.send(problem.status, JSON.stringify(dialect.problem(problem)))
  }

  async function fail(exchange: Exchange, error: unknown): Promise<void> {
    const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error')
    if (known.code === 'INTERNAL') deps.log('internal error', error instanceof Error ? (error.cause ?? error) : error)
    else if (!isRecorded(known) && known.code !== 'REQUEST_CANCELLED') await recordRefusal(exchange, known)
    if (exchange.isCut) {
      const reasons = ['agent_isolated'] as const
      const problem = { status: 403, code: reasons[0], message: 'refused: the agent is isolated' } as const
      return answerProblem(exchange, { ...problem, refusal: { effect: 'deny', reasons } })
    }
    const retryAfterMs = known.retryAfterMs ?? (ERRORS[known.code].retry ? 1_000 : undefined)
    answerProblem(exchange, { ...problemOf(known), ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })
  }

  async function recordRefusal({ request, agent, principal }: Exchange, error: GatewayError): Promise<void> {
    const claims = {
      agent,
      path: plainPath((request.url ?? '').split('?', 1)[0] ?? ''),
      verb: headerOf(request, ':method') ?? request.method ?? '',
    }
    await deps.refusals
      .record({ error, claims, ...(principal ? { principal } : {}) })
      .catch((failure: unknown) => deps.log('a refusal was not recorded', failure))
  }
}

/** Failures of an act have their own outcome entry; only what failed before a decision is still unrecorded. */
function isRecorded(error: GatewayError): boolean {
  return !error.code.startsWith('REQUEST_') && !error.code.startsWith('IDENTITY_')
}
