import { GatewayError, type JsonObject, isJsonObject, parseJson } from '@sallyport/core'
import { RpcError } from '../wire.ts'

/** A message from a tool server, sorted by what it is. */
export type Message =
  | { readonly type: 'result'; readonly id: unknown; readonly result: JsonObject }
  | { readonly type: 'error'; readonly id: unknown; readonly error: RpcError }
  | { readonly type: 'request'; readonly id: string | number; readonly method: string; readonly params: JsonObject }
  | { readonly type: 'notification'; readonly method: string; readonly params: JsonObject }

/** @throws GatewayError `UPSTREAM_MALFORMED` */
export function parseMessage(text: string): Message {
  const value = parse(text)
  if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') throw malformed('a message is not JSON-RPC 2.0')
  const { id, method, result, error } = value
  const params = value['params'] ?? {}
  if (typeof method === 'string') {
    if (!isJsonObject(params)) throw malformed('params is not an object')
    if (typeof id === 'string' || typeof id === 'number') return { type: 'request', id, method, params }
    return { type: 'notification', method, params }
  }
  if (isJsonObject(result)) return { type: 'result', id, result }
  if (isJsonObject(error) && typeof error['code'] === 'number' && typeof error['message'] === 'string') {
    return { type: 'error', id, error: new RpcError(error['code'], error['message'], error['data']) }
  }
  throw malformed('a message is neither request, result nor error')
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch (cause) {
    throw new GatewayError('UPSTREAM_MALFORMED', 'the tool server sent text that is not plain JSON', { cause })
  }
}

function malformed(message: string): GatewayError {
  return new GatewayError('UPSTREAM_MALFORMED', message)
}
