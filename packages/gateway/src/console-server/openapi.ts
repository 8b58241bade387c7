import { ERRORS } from '@sallyport/core'
import { z } from 'zod'
import { VERBS, type Verb } from '../control/index.ts'

type Schema = Record<string, unknown>

/** Verbs with routes of their own: their answers hold what only a cookie may carry. */
const OWN_ROUTES: ReadonlySet<string> = new Set(['me', 'passkey.prepare', 'passkey.add', 'passkey.confirm', 'sign-out'])

/** Every verb that is a route as it is, with its path under `/api/v1`; the gateway refuses the others to browsers as well. */
export const ROUTES: readonly { readonly verb: Verb; readonly path: string }[] = Object.values(VERBS)
  .map((verb) => verb as unknown as Verb)
  .filter(({ name, isLocal }) => !OWN_ROUTES.has(name) && !isLocal)
  .map((verb) => ({ verb, path: `/${verb.name.replaceAll('.', '/')}` }))

/** Names of the routes that one of these roles may call. */
export function routesFor(roles: readonly string[]): string[] {
  return ROUTES.filter(({ verb }) => verb.roles.some((role) => roles.includes(role))).map(({ verb }) => verb.name)
}

/** JSON Schema 2020-12 of what a verb takes. */
export function inputSchemaOf({ input }: Pick<Verb, 'input'>): Schema {
  return strip(z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }))
}

/** The whole API as OpenAPI 3.1, made from the schemas that judge it. */
export function openApi(version: string): Schema {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Sallyport control plane',
      version,
      description:
        'Verbs of the control plane; how people sign in, and the live stream, are in docs/operating/console.md. A session is a cookie; whatever is not GET carries `sallyport-csrf` as `GET /session` says it. What is marked `x-sallyport-confirm` may want a passkey over exactly this request: ask `POST /confirm/options`, and send it again with `sallyport-confirm`.',
    },
    servers: [{ url: '/api/v1' }],
    security: [{ session: [] }],
    paths: Object.fromEntries(ROUTES.map(({ verb, path }) => [path, operations(verb)])),
    components: {
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: '__Host-sallyport' } },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'code', 'detail'],
          properties: {
            type: { type: 'string', format: 'uri' },
            title: { type: 'string' },
            status: { type: 'integer' },
            code: { enum: Object.keys(ERRORS) },
            detail: { type: 'string' },
          },
        },
      },
      responses: {
        Problem: {
          description: 'What went wrong (RFC 9457)',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
    },
  }
}

function operations(verb: Verb): Schema {
  const input = inputSchemaOf(verb)
  const common = {
    summary: verb.summary,
    tags: [verb.name.split('.', 1)[0]],
    'x-sallyport-roles': verb.roles,
    ...(verb.confirm && { 'x-sallyport-confirm': true }),
    responses: {
      '200': {
        description: 'What it gives',
        content: { 'application/json': { schema: strip(z.toJSONSchema(verb.output, { io: 'output', unrepresentable: 'any' })) } },
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
  const post = {
    ...common,
    operationId: verb.name,
    parameters: [
      header('sallyport-csrf', 'As `GET /session` says it', true),
      ...(verb.reads ? [] : [header('Idempotency-Key', 'The same answer again for ten minutes')]),
      ...(verb.version ? [header('If-Match', 'The `etag` of what is changed')] : []),
      ...(verb.confirm ? [header('sallyport-confirm', 'Base64url of JSON: `{ atMs, nonce, response }`')] : []),
    ],
    requestBody: { required: true, content: { 'application/json': { schema: input } } },
  }
  if (!verb.reads) return { post }
  return { get: { ...common, operationId: `get.${verb.name}`, parameters: queryOf(input) }, post }
}

function header(name: string, description: string, required = false): Schema {
  return { name, in: 'header', required, description, schema: { type: 'string' } }
}

function queryOf(input: Schema): Schema[] {
  const required = new Set(input['required'] as string[] | undefined)
  return Object.entries((input['properties'] ?? {}) as Record<string, Schema>).map(([name, schema]) => {
    const isObject = schema['type'] === 'object'
    const where = { name, in: 'query', required: required.has(name) }
    return isObject ? { ...where, content: { 'application/json': { schema } } } : { ...where, schema }
  })
}

function strip(schema: object): Schema {
  const { $schema: _, ...rest } = schema as Schema
  return rest
}
