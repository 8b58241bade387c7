import type { IncomingHttpHeaders } from 'node:http'
import { type ErrorCode, GatewayError, type Json, type JsonObject, isJsonObject, parseJson } from '@sallyport/core'
import { type Era, LEGACY_VERSIONS, META, MODERN_VERSION, type RpcId, decodeHeader, metaOf } from './wire.ts'

const METHOD_LENGTH_MAX = 128
const ID_LENGTH_MAX = 256

/** One message of a client, sorted by what it is. */
export type Incoming =
  | { readonly type: 'request'; readonly era: Era; readonly id: RpcId; readonly method: string; readonly params: JsonObject }
  | { readonly type: 'notification'; readonly era: Era; readonly method: string; readonly params: JsonObject }
  | {
      readonly type: 'response'
      readonly id: RpcId
      readonly result: JsonObject | undefined
      readonly error: JsonObject | undefined
    }

/** A message that breaks the protocol, with what its answer must repeat. */
export class WireFault extends Error {
  readonly error: GatewayError
  readonly id: RpcId | null
  readonly data: Json | undefined
  constructor(error: GatewayError, id: RpcId | null, data?: Json) {
    super(error.message)
    this.error = error
    this.id = id
    this.data = data
  }
}

/** Methods whose target is repeated in `Mcp-Name` (MCP 2026-07-28, transports, standard headers). */
const NAMED: Readonly<Record<string, string>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  // Tasks extension, streamable HTTP: routing headers.
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}

/**
 * Reads one POST body. The body says which revision it speaks; headers are compared with it and never override it.
 * @throws WireFault
 */
export function decode(text: string, headers: IncomingHttpHeaders): Incoming {
  const message = parse(text)
  if (Array.isArray(message)) throw fault('REQUEST_INVALID', 'batches are not part of the protocol')
  if (!isJsonObject(message) || message['jsonrpc'] !== '2.0') throw fault('REQUEST_INVALID', 'the message is not JSON-RPC 2.0')
  const id = readId(message['id'])
  const { method } = message
  if (method === undefined) return decodeResponse(message, id)
  if (typeof method !== 'string' || method === '' || method.length > METHOD_LENGTH_MAX)
    throw fault('REQUEST_INVALID', 'method is not a name', id)
  const params = message['params'] ?? {}
  if (!isJsonObject(params)) throw fault('REQUEST_PARAMS', 'params is not an object', id)
  if (params['_meta'] !== undefined && !isJsonObject(params['_meta'])) throw fault('REQUEST_PARAMS', '_meta is not an object', id)
  const era = eraOf({ id, method, params }, headers)
  if (id === null) {
    const named = one(headers['mcp-method'])
    if (era === 'modern' && named !== undefined && named !== method)
      throw fault('REQUEST_HEADER_MISMATCH', 'Mcp-Method and the body disagree')
    return { type: 'notification', era, method, params }
  }
  if (era === 'modern') checkStandardHeaders({ id, method, params }, headers)
  return { type: 'request', era, id, method, params }
}

function decodeResponse(message: JsonObject, id: RpcId | null): Incoming {
  const { result, error } = message
  if (id === null || isJsonObject(result) === isJsonObject(error))
    throw fault('REQUEST_INVALID', 'the message is neither request nor response', id)
  return { type: 'response', id, result: isJsonObject(result) ? result : undefined, error: isJsonObject(error) ? error : undefined }
}

function eraOf(message: { id: RpcId | null; method: string; params: JsonObject }, headers: IncomingHttpHeaders): Era {
  const { id, params } = message
  const meta = metaOf(params)
  const claimed = meta[META.version]
  const announced = one(headers['mcp-protocol-version'])
  if (claimed === undefined) {
    if (announced === MODERN_VERSION && id !== null)
      throw missing(
        id,
        [META.version, META.capabilities].filter((key) => meta[key] === undefined),
      )
    if (announced !== undefined && announced !== MODERN_VERSION && !isLegacy(announced))
      throw unsupported(id, announced, LEGACY_VERSIONS)
    return announced === MODERN_VERSION ? 'modern' : 'legacy'
  }
  if (typeof claimed !== 'string') throw fault('REQUEST_PARAMS', `${META.version} is not a string`, id)
  if (announced !== undefined && announced !== claimed)
    throw fault('REQUEST_HEADER_MISMATCH', 'MCP-Protocol-Version and the body disagree', id)
  if (isLegacy(claimed)) return 'legacy'
  if (claimed !== MODERN_VERSION) throw unsupported(id, claimed, [MODERN_VERSION])
  if (id !== null && !isJsonObject(meta[META.capabilities])) throw missing(id, [META.capabilities])
  return 'modern'
}

function checkStandardHeaders(message: { id: RpcId; method: string; params: JsonObject }, headers: IncomingHttpHeaders): void {
  const { id, method, params } = message
  const required = (name: string): string => {
    const raw = one(headers[name.toLowerCase()])
    const value = raw === undefined ? undefined : decodeHeader(raw)
    if (value === undefined) throw fault('REQUEST_HEADER_MISMATCH', `${name} is missing or malformed`, id)
    return value
  }
  required('MCP-Protocol-Version')
  if (required('Mcp-Method') !== method) throw fault('REQUEST_HEADER_MISMATCH', 'Mcp-Method and the body disagree', id)
  const field = Object.hasOwn(NAMED, method) ? NAMED[method] : undefined
  if (field !== undefined && required('Mcp-Name') !== params[field])
    throw fault('REQUEST_HEADER_MISMATCH', 'Mcp-Name and the body disagree', id)
}

function parse(text: string): Json {
  try {
    return parseJson(text)
  } catch (error) {
    throw new WireFault(error instanceof GatewayError ? error : new GatewayError('REQUEST_MALFORMED', 'not valid JSON'), null)
  }
}

function readId(id: Json | undefined): RpcId | null {
  if (id === undefined) return null
  if (typeof id === 'string' && id.length <= ID_LENGTH_MAX) return id
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id
  throw fault('REQUEST_INVALID', 'id is neither a string nor an integer')
}

function isLegacy(version: string): boolean {
  return LEGACY_VERSIONS.some((known) => known === version)
}

function missing(id: RpcId, keys: readonly string[]): WireFault {
  return new WireFault(new GatewayError('REQUEST_PARAMS', `_meta lacks ${keys.join(', ')}`), id, { missing: keys })
}

/** `supported` names the versions of the family the message speaks: the other family has another handshake. */
function unsupported(id: RpcId | null, requested: string, supported: readonly string[]): WireFault {
  return new WireFault(new GatewayError('REQUEST_VERSION', 'the protocol version is not supported'), id, {
    supported,
    requested: requested.slice(0, 64),
  })
}

function fault(code: ErrorCode, message: string, id: RpcId | null = null): WireFault {
  return new WireFault(new GatewayError(code, message), id)
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
