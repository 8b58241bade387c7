import { GatewayError, Id, isJsonObject, type Json, type JsonObject, parseJson } from '@sallyport/core'
import { z } from 'zod'

/** Most evaluations of one request: each is looked at and recorded like an act. */
export const EVALUATIONS_MAX = 50
const TEXT_CHARS_MAX = 256
const Text = z.string().min(1).max(TEXT_CHARS_MAX)

/** What of a request counts. Other members are allowed by the specification; they are ignored and never believed. */
const Evaluation = z.object({
  subject: z.object({
    type: z.enum(['agent', 'user']),
    id: Text,
    properties: z.object({ issuer: Text.optional() }).optional(),
  }),
  action: z.object({ name: z.literal('tool.call') }),
  resource: z.object({ type: z.literal('tool'), id: Text, properties: z.object({ server: Id.optional() }).optional() }),
  context: z
    .object({ arguments: z.custom<JsonObject>((value) => isJsonObject(value as Json), 'must be an object').optional() })
    .optional(),
})
export type Evaluation = z.infer<typeof Evaluation>

const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const
export type Semantic = (typeof SEMANTICS)[number]

const Batch = z.object({
  evaluations: z.array(z.custom<JsonObject>((value) => isJsonObject(value as Json), 'must be an object')).max(EVALUATIONS_MAX),
  options: z.object({ evaluations_semantic: z.enum(SEMANTICS).default('execute_all') }).prefault({}),
})

/** Members that stand once for all evaluations of a request, unless one has its own. */
const SHARED = ['subject', 'action', 'resource', 'context'] as const

/** @throws GatewayError `REQUEST_MALFORMED`, `REQUEST_PARAMS` */
export function decodeBody(text: string): JsonObject {
  const body = parseJson(text)
  if (!isJsonObject(body)) throw new GatewayError('REQUEST_PARAMS', 'the body is not an object')
  return body
}

/** @throws GatewayError `REQUEST_PARAMS` */
export function decodeEvaluation(value: JsonObject): Evaluation {
  return read(Evaluation, value)
}

/**
 * Several evaluations, each with what it takes over from the whole; `undefined` where the request is a single one in this form.
 * @throws GatewayError `REQUEST_PARAMS`
 * @see AuthZEN Authorization API 1.0, Access Evaluations API
 */
export function decodeBatch(
  body: JsonObject,
): { readonly semantic: Semantic; readonly evaluations: readonly JsonObject[] } | undefined {
  const { evaluations: list } = body
  if (list === undefined || (Array.isArray(list) && list.length === 0)) return undefined
  const { evaluations, options } = read(Batch, body)
  const shared = Object.fromEntries(SHARED.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
  return { semantic: options.evaluations_semantic, evaluations: evaluations.map((one) => ({ ...shared, ...one })) }
}

function read<S extends z.ZodType>(schema: S, value: JsonObject): z.output<S> {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  // Messages of the schema name what is expected and never what came.
  throw new GatewayError('REQUEST_PARAMS', `${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'not valid'}`)
}
