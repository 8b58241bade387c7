import type { IncomingMessage } from 'node:http'
import { type Correlation, GatewayError } from '@sallyport/core'
import { anthropicDialect } from './dialect.ts'
import type { Wire } from './wire.ts'

const VERSION = '2023-06-01'
/** Lists of names and dates; anything else would be words of the agent's own on their way out. */
const PLAIN = /^[A-Za-z0-9._, -]{1,500}$/

/** The caller's credential as an Authorization header, whichever header it came in. */
export function secretOf(request: IncomingMessage): string | undefined {
  const { authorization } = request.headers
  const key = headerOf(request, 'x-api-key')
  if (authorization !== undefined && key !== undefined && authorization !== `Bearer ${key}`)
    throw new GatewayError('IDENTITY_INVALID', 'two different credentials were sent')
  return authorization ?? (key === undefined ? undefined : `Bearer ${key}`)
}

/** Headers that belong to the wire: versions and opted-in features. Nothing else of a caller reaches a provider. */
export function passedHeaders(request: IncomingMessage, { dialect }: Wire): Readonly<Record<string, string>> {
  if (dialect !== anthropicDialect) return {}
  const beta = headerOf(request, 'anthropic-beta')
  const version = headerOf(request, 'anthropic-version')
  return {
    'anthropic-version': version !== undefined && PLAIN.test(version) ? version : VERSION,
    ...(beta !== undefined && PLAIN.test(beta) ? { 'anthropic-beta': beta } : {}),
  }
}

export function queryOf({ url = '' }: IncomingMessage): string {
  return url.endsWith('?beta=true') ? '?beta=true' : ''
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** Hints, each bounded and unverified. */
export function correlationOf(request: IncomingMessage): Correlation {
  const hint = (name: string): string | undefined => headerOf(request, name)?.slice(0, 128).toWellFormed()
  const trace = hint('traceparent')
  const session = hint('x-session-id') ?? hint('x-claude-code-session-id')
  const name = hint('user-agent')
  return {
    ...(trace === undefined ? {} : { traceparent: trace }),
    ...(session === undefined ? {} : { clientSession: session }),
    ...(name === undefined ? {} : { clientName: name }),
  }
}

/** @throws GatewayError `REQUEST_*` */
export function requireRequest(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new GatewayError('REQUEST_VERB', 'the endpoint takes POST')
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new GatewayError('REQUEST_TYPE', 'the content type must be application/json')
  if (request.headers['content-encoding'] !== undefined)
    throw new GatewayError('REQUEST_TYPE', 'compressed bodies are not accepted')
}
