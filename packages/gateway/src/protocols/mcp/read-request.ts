import type { IncomingMessage } from 'node:http'
import { GatewayError, isJsonObject, type JsonObject } from '@sallyport/core'
import type { McpRequest } from './request.ts'
import { META, metaOf } from './wire.ts'

/** @throws GatewayError `REQUEST_*` unless it is a POST of plain JSON from a client that takes an answer */
export function requirePost(request: IncomingMessage): void {
  if (request.method !== 'POST') throw new GatewayError('REQUEST_VERB', 'the endpoint takes POST, and GET for a stream')
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new GatewayError('REQUEST_TYPE', 'the content type must be application/json')
  if (request.headers['content-encoding'] !== undefined)
    throw new GatewayError('REQUEST_TYPE', 'compressed bodies are not accepted')
  if (!accepts(request, 'application/json') && !accepts(request, 'text/event-stream'))
    throw new GatewayError('REQUEST_NOT_ACCEPTABLE', 'accept application/json or text/event-stream')
}

export function accepts(request: IncomingMessage, type: string): boolean {
  const { accept } = request.headers
  return accept === undefined ? type === 'application/json' : accept.includes(type) || accept.includes('*/*')
}

export function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** Hints, each bounded; a conflict between them is the reader's to see. */
export function correlationOf(request: IncomingMessage, params: JsonObject): McpRequest['correlation'] {
  const { traceparent, [META.clientInfo]: info } = metaOf(params)
  const clientInfo = isJsonObject(params['clientInfo']) ? params['clientInfo'] : isJsonObject(info) ? info : {}
  const hint = (value: unknown): string | undefined => (typeof value === 'string' ? value.slice(0, 128).toWellFormed() : undefined)
  const trace = hint(traceparent) ?? hint(request.headers['traceparent'])
  const session = hint(request.headers['x-session-id'])
  const name = hint(clientInfo['name'])
  return {
    ...(trace ? { traceparent: trace } : {}),
    ...(session ? { clientSession: session } : {}),
    ...(name ? { clientName: name } : {}),
  }
}
