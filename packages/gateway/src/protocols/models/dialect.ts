import { ERRORS, type ErrorCode, type JsonObject, type ReasonCode } from '@sallyport/core'

/** Something that went wrong, before a wire says it. */
export interface Problem {
  readonly status: number
  /** An error of `ERRORS`, or the first reason of a refusal. */
  readonly code: ErrorCode | ReasonCode
  readonly message: string
  readonly refusal?: JsonObject
}

/** How one family of wires says that something went wrong, as answers and within streams, and how it lists models. */
export interface Dialect {
  /** Header that carries the credential, both ways. */
  readonly credential: (secret: string) => Readonly<Record<string, string>>
  problem(problem: Problem): JsonObject
  /** As the last event of a stream. */
  event(problem: Problem): string
  models(names: readonly string[]): JsonObject
}

/** No stream has as many events. */
const SEQUENCE_LAST = 2_147_483_647

/** OpenAI: Chat Completions, Responses, embeddings. */
export const openaiDialect: Dialect = {
  credential: (secret) => ({ authorization: `Bearer ${secret}` }),
  problem: (problem) => ({ error: openaiError(problem) }),
  // Chat Completions reads `error`, Responses an event of the type `error` that comes after all others.
  event(problem) {
    const error = openaiError(problem)
    const event = { ...error, type: 'error', sequence_number: SEQUENCE_LAST, error }
    return `event: error\ndata: ${JSON.stringify(event)}\n\n`
  },
  models: (names) => ({
    object: 'list',
    data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'sallyport' })),
  }),
}

/** Anthropic: Messages. */
export const anthropicDialect: Dialect = {
  credential: (secret) => ({ 'x-api-key': secret }),
  problem: anthropicError,
  event: (problem) => `event: error\ndata: ${JSON.stringify(anthropicError(problem))}\n\n`,
  models: (names) => ({
    data: names.map((id) => ({ type: 'model', id, display_name: id, created_at: '1970-01-01T00:00:00Z' })),
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  }),
}

function openaiError({ status, code, message, refusal }: Problem): JsonObject {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error'
  return { message, type, param: null, code, ...(refusal && { sallyport: refusal }) }
}

const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

function anthropicError({ status, code, message, refusal }: Problem): JsonObject {
  const type = ANTHROPIC_TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error')
  return { type: 'error', error: { type, message, code, ...(refusal && { sallyport: refusal }) } }
}

/** A failure in the words of the table. */
export function problemOf({ code, message }: { readonly code: ErrorCode; readonly message: string }): Problem {
  return { status: ERRORS[code].http, code, message }
}
