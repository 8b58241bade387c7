import { GatewayError, isJsonObject, jcs, type Json, sha256Hex } from '@sallyport/core'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { openIdempotency } from './idempotency.ts'
import { inputSchemaOf, ROUTES } from './openapi.ts'
import { inputOfQuery } from './query.ts'
import type { RouteDeps } from './route-deps.ts'

const KEY_CHARS_MAX = 255

/** Every verb as a route: POST takes its input as the body, and those that change nothing take it as a query, too. */
export function addVerbRoutes(app: FastifyInstance, { link, nowMs, requireSession, confirmOf }: RouteDeps): void {
  const idempotency = openIdempotency<Json>(nowMs)
  for (const { verb, path } of ROUTES) {
    const properties = (inputSchemaOf(verb)['properties'] ?? {}) as Record<string, Record<string, unknown>>
    app.post(`/api/v1${path}`, async (request) => {
      const session = requireSession(request, 'change')
      const input = bodyOf(request)
      const ifMatch = request.headers['if-match']?.replace(/^"(.*)"$/, '$1')
      if (ifMatch !== undefined && !verb.version)
        throw new GatewayError('REQUEST_PARAMS', 'this has no version, so If-Match cannot be kept to')
      const call = (): Promise<Json> =>
        link.call({
          verb: verb.name,
          input,
          session,
          ...confirmOf(request),
          ...background(request),
          ...(ifMatch !== undefined && { ifMatch }),
        })
      const key = verb.reads ? undefined : idempotencyKey(request)
      return key === undefined ? call() : idempotency.once(`${sha256Hex(session)} ${path} ${key}`, jcs(input), call)
    })
    if (!verb.reads) continue
    app.get(`/api/v1${path}`, async (request, reply) => {
      const session = requireSession(request, 'read')
      const input = inputOfQuery(new URL(request.url, 'http://localhost').searchParams, properties)
      return conditional(request, reply, await link.call({ verb: verb.name, input, session, ...background(request) }))
    })
  }
}

function bodyOf({ body }: FastifyRequest): Json {
  if (isJsonObject(body as Json)) return body as Json
  throw new GatewayError('REQUEST_MALFORMED', 'the body is a JSON object')
}

function idempotencyKey({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key === 'string' && key.length >= 1 && key.length <= KEY_CHARS_MAX) return key
  throw new GatewayError('REQUEST_PARAMS', `Idempotency-Key has 1 to ${KEY_CHARS_MAX} characters`)
}

/** What a page asks by itself, as long as it is open. */
function background({ headers }: FastifyRequest): { background?: true } {
  return headers['sallyport-background'] === undefined ? {} : { background: true }
}

/** RFC 9110 §13.1.2: the same answer is not sent again. */
function conditional(request: FastifyRequest, reply: FastifyReply, answer: Json): Json | FastifyReply {
  const etag = `"${sha256Hex(JSON.stringify(answer)).slice(0, 32)}"`
  reply.header('etag', etag)
  return request.headers['if-none-match'] === etag ? reply.code(304).send() : answer
}
