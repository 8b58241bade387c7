import { type ErrorCode, ERRORS, GatewayError, isGatewayError } from '@sallyport/core'

/** A problem as RFC 9457 says it; `code` is the stable name, the type names the page about it. */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: ErrorCode
  readonly detail: string
}

export const PROBLEM_TYPE = 'application/problem+json'

/** What a caller is told; nothing internal is in it. */
export function problemOf(error: unknown): Problem {
  const known = isGatewayError(error) ? error : (fromServer(error) ?? new GatewayError('INTERNAL', 'a bug; the call had no answer'))
  const { http: status, means: title } = ERRORS[known.code]
  return { type: `urn:sallyport:error:${known.code}`, title, status, code: known.code, detail: known.message }
}

/** What the HTTP library refuses by itself, in our words. */
function fromServer(error: unknown): GatewayError | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  if (status === 413) return new GatewayError('REQUEST_TOO_LARGE', 'the body is over 1 MiB')
  if (status === 415) return new GatewayError('REQUEST_TYPE', 'send application/json')
  if (status === 404) return new GatewayError('REQUEST_PATH', 'no such path')
  if (typeof status === 'number' && status >= 400 && status < 500)
    return new GatewayError('REQUEST_MALFORMED', 'the request is not one this server takes')
  return undefined
}
