import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Correlation,
  ERRORS,
  type Foreseen,
  GatewayError,
  isGatewayError,
  type JsonObject,
  plainPath,
  type Principal,
} from '@sallyport/core'
import type { ByteBudget } from '../../byte-budget.ts'
import { readBody } from '../../read-body.ts'
import type { Refusals } from '../../refusals.ts'
import { decodeBatch, decodeBody, decodeEvaluation, type Evaluation, type Semantic } from './decode.ts'
import { encodeFault, encodeForeseen } from './encode.ts'

export const METADATA_PATH = '/.well-known/authzen-configuration'
const EVALUATION_PATH = '/access/v1/evaluation'
const EVALUATIONS_PATH = '/access/v1/evaluations'
const HINT_CHARS_MAX = 128

/** One tool call that is asked about. */
export interface CallAsked {
  readonly principal: Principal
  readonly authorization: string | undefined
  readonly name: string
  readonly server?: string
  readonly args: JsonObject
  readonly correlation: Correlation
}

export interface AuthzenDeps {
  /** The agent behind a credential. @throws GatewayError `IDENTITY_*`, `KEYS_UNAVAILABLE`, `STORE_STALE` */
  readonly authenticate: (authorization: string | undefined) => Promise<Principal>
  /** What would be decided now; recorded, and nothing done. */
  readonly foresee: (asked: CallAsked) => Promise<Foreseen>
  readonly publicUrl: () => string
  /** Page of the console about a request for approval; absent where there is no console. */
  readonly approvalUrl?: (id: string) => string
  readonly bytes: ByteBudget
  readonly bodyBytesMax: number
  readonly refusals: Refusals
  readonly log: (message: string, error: unknown) => void
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  principal?: Principal
}

type Endpoint = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void>

/** The AuthZEN Authorization API 1.0: metadata, one evaluation, several. Host and Origin have been checked. */
export function createAuthzenEndpoint(deps: AuthzenDeps): Endpoint {
  return async (request, response, path) => {
    const exchange: Exchange = { request, response, path }
    const id = request.headers['x-request-id']
    if (id !== undefined) response.setHeader('x-request-id', id)
    let release = (): void => {}
    try {
      if (path === METADATA_PATH) return metadata(exchange)
      if (path !== EVALUATION_PATH && path !== EVALUATIONS_PATH)
        throw new GatewayError('REQUEST_PATH', `no such endpoint; see ${METADATA_PATH}`)
      const principal = await deps.authenticate(request.headers.authorization)
      exchange.principal = principal
      requirePost(request)
      const read = await readBody(request, deps.bodyBytesMax, deps.bytes)
      release = read.release
      const body = decodeBody(read.text)
      const batch = path === EVALUATIONS_PATH ? decodeBatch(body) : undefined
      const answer = batch
        ? { evaluations: await evaluateAll(exchange, principal, batch) }
        : encodeForeseen(await evaluate(exchange, principal, body), deps.approvalUrl)
      send(response, 200, { type: 'application/json', text: JSON.stringify(answer) })
    } catch (error) {
      await fail(exchange, error)
    } finally {
      release()
    }
  }

  function metadata({ request, response }: Exchange): void {
    if (request.method !== 'GET') throw new GatewayError('REQUEST_VERB', 'metadata is read with GET')
    const url = deps.publicUrl()
    const text = JSON.stringify({
      policy_decision_point: url,
      access_evaluation_endpoint: `${url}${EVALUATION_PATH}`,
      access_evaluations_endpoint: `${url}${EVALUATIONS_PATH}`,
    })
    send(response, 200, { type: 'application/json', text })
  }

  async function evaluate({ request }: Exchange, principal: Principal, value: JsonObject): Promise<Foreseen> {
    const { subject, resource, context } = decodeEvaluation(value)
    requireOwn(subject, principal)
    const server = resource.properties?.server
    return deps.foresee({
      principal,
      authorization: request.headers.authorization,
      name: resource.id,
      ...(server !== undefined && { server }),
      args: context?.arguments ?? {},
      correlation: correlationOf(request),
    })
  }

  /** One after the other, since the first that decides may end it. */
  async function evaluateAll(
    exchange: Exchange,
    principal: Principal,
    { semantic, evaluations }: { readonly semantic: Semantic; readonly evaluations: readonly JsonObject[] },
  ): Promise<readonly JsonObject[]> {
    const answers: JsonObject[] = []
    for (const one of evaluations) {
      if (exchange.response.destroyed) throw new GatewayError('REQUEST_CANCELLED', 'the client closed the request')
      const answer = await evaluate(exchange, principal, one).then(
        (foreseen) => encodeForeseen(foreseen, deps.approvalUrl),
        (error: unknown) => faultOf(exchange, error),
      )
      answers.push(answer)
      if (semantic === (answer['decision'] === true ? 'permit_on_first_permit' : 'deny_on_first_deny')) break
    }
    return answers
  }

  /** What is wrong with one evaluation denies that one. What is wrong with the gateway answers none. */
  async function faultOf(exchange: Exchange, error: unknown): Promise<JsonObject> {
    if (!isGatewayError(error) || [401, 499].includes(ERRORS[error.code].http) || ERRORS[error.code].http >= 500) throw error
    await recordRefusal(exchange, error)
    return encodeFault(error)
  }

  async function fail(exchange: Exchange, error: unknown): Promise<void> {
    const { request, response } = exchange
    const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error', { cause: error })
    if (known.code === 'INTERNAL') deps.log('internal error', error)
    else if (known.code !== 'REQUEST_CANCELLED')
      await recordRefusal(exchange, known).catch((failure: unknown) => deps.log('a refusal was not recorded', failure))
    if (response.headersSent || response.destroyed) return void response.destroy()
    const { http, retry } = ERRORS[known.code]
    if (http === 401) response.setHeader('www-authenticate', 'Bearer')
    if (retry) response.setHeader('retry-after', Math.ceil((known.retryAfterMs ?? 1_000) / 1_000))
    if (known.code === 'REQUEST_VERB') response.setHeader('allow', exchange.path === METADATA_PATH ? 'GET' : 'POST')
    if (!request.complete) response.setHeader('connection', 'close')
    // The specification wants a message and no object.
    send(response, http, { type: 'text/plain; charset=utf-8', text: `${known.code}: ${known.message}` })
  }

  async function recordRefusal({ principal, path }: Exchange, error: GatewayError): Promise<void> {
    const claims = { endpoint: 'authzen', path: plainPath(path) }
    await deps.refusals.record({ error, claims, ...(principal && { principal }) })
  }
}

/**
 * The gateway enforces; it answers nobody about the acts of somebody else. The subject is who the credential says: the agent, or the
 * person it acts for now.
 */
function requireOwn({ type, id, properties }: Evaluation['subject'], { agent, user }: Principal): void {
  const isOwn =
    type === 'agent'
      ? id === agent
      : user !== undefined && id === user.id && (properties?.issuer === undefined || properties.issuer === user.issuer)
  if (!isOwn)
    throw new GatewayError(
      'IDENTITY_FORBIDDEN',
      'the subject must be the agent of the credential or the person it acts for; nobody may ask about the acts of others',
    )
}

function requirePost(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new GatewayError('REQUEST_VERB', 'evaluations are asked for with POST')
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new GatewayError('REQUEST_TYPE', 'the content type must be application/json')
  if (request.headers['content-encoding'] !== undefined)
    throw new GatewayError('REQUEST_TYPE', 'compressed bodies are not accepted')
}

function correlationOf({ headers }: IncomingMessage): Correlation {
  const { traceparent } = headers
  return typeof traceparent === 'string' ? { traceparent: traceparent.slice(0, HINT_CHARS_MAX).toWellFormed() } : {}
}

function send(response: ServerResponse, status: number, { type, text }: { readonly type: string; readonly text: string }): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' })
  response.end(text)
}
