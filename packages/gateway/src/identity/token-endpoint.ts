import type { IncomingMessage, ServerResponse } from 'node:http'
import { ERRORS, GatewayError, isGatewayError } from '@sallyport/core'
import type { ByteBudget } from '../byte-budget.ts'
import { readBody } from '../read-body.ts'
import type { Refusals } from '../refusals.ts'
import type { Exchange } from './exchange.ts'

const FORM_BYTES_MAX = 65_536

export interface TokenEndpointDeps {
  readonly exchange: Exchange
  readonly refusals: Refusals
  readonly budget: ByteBudget
  readonly log: (message: string, error: unknown) => void
}

/** `POST /oauth/token`. Errors have the shape of RFC 6749, section 5.2. */
export function createTokenEndpoint(
  deps: TokenEndpointDeps,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    try {
      if (request.method !== 'POST') throw new GatewayError('REQUEST_VERB', 'the token endpoint takes POST')
      if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) {
        throw new GatewayError('REQUEST_TYPE', 'the content type must be application/x-www-form-urlencoded')
      }
      const body = await readBody(request, FORM_BYTES_MAX, deps.budget)
      const {
        status,
        body: answer,
        refusal,
      } = await deps.exchange(new URLSearchParams(body.text), request.headers.authorization).finally(body.release)
      if (refusal)
        await deps.refusals.record({
          error: { code: status === 401 ? 'IDENTITY_INVALID' : 'IDENTITY_GRANT', message: refusal.detail },
          claims: { endpoint: 'token', error: refusal.code },
        })
      send(response, status, answer)
    } catch (error) {
      const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error', { cause: error })
      if (known.code === 'INTERNAL') deps.log('internal error', error)
      else
        await deps.refusals
          .record({ error: known, claims: { endpoint: 'token' } })
          .catch((failure: unknown) => deps.log('a refusal was not recorded', failure))
      const { http, retry } = ERRORS[known.code]
      if (retry) response.setHeader('retry-after', '1')
      if (!request.complete) response.setHeader('connection', 'close')
      send(response, http, { error: http >= 500 ? 'temporarily_unavailable' : 'invalid_request', error_description: known.message })
    }
  }
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return
  const text = JSON.stringify(body)
  // RFC 6749, section 5.1: a token must not stay in any cache.
  const challenge = status === 401 ? { 'www-authenticate': 'Bearer' } : {}
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    pragma: 'no-cache',
    ...challenge,
  })
  response.end(text)
}
