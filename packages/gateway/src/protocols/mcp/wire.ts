import { type Json, type JsonObject, isJsonObject } from '@sallyport/core'

/** The stateless revision; each request carries its version and capabilities in `_meta`. */
export const MODERN_VERSION = '2026-07-28'
/** Revisions of the handshake era, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const
export type Era = 'modern' | 'legacy'

export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  logLevel: 'io.modelcontextprotocol/logLevel',
  subscription: 'io.modelcontextprotocol/subscriptionId',
  /** Ours: the decision's index in the audit log, and why something was refused. */
  entry: 'dev.sallyport/entry',
  refusal: 'dev.sallyport/refusal',
} as const

/** Extension in which a client learns later what became of a call (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

/** JSON-RPC code of an act the gateway refused; the data says why. Outside the range MCP reserves (−32020…−32099). */
export const REFUSED = -32_010

export type RpcId = string | number

/** A peer answered with a JSON-RPC error. Its message is the peer's text. */
export class RpcError extends Error {
  readonly code: number
  readonly data: Json | undefined
  /** HTTP status it came with, where there was one. */
  httpStatus: number | undefined
  constructor(code: number, message: string, data?: Json) {
    super(message)
    this.name = 'RpcError'
    this.code = code
    this.data = data
  }
}

export function rpcResult(id: RpcId, result: JsonObject): JsonObject {
  return { jsonrpc: '2.0', id, result }
}

export function rpcError(id: RpcId | null, error: { code: number; message: string; data?: Json | undefined }): JsonObject {
  return {
    jsonrpc: '2.0',
    id,
    error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) },
  }
}

export function rpcRequest(id: RpcId, method: string, params: JsonObject): JsonObject {
  return { jsonrpc: '2.0', id, method, params }
}

export function rpcNotification(method: string, params: JsonObject): JsonObject {
  return { jsonrpc: '2.0', method, params }
}

export function metaOf(params: JsonObject): JsonObject {
  return isJsonObject(params['_meta']) ? params['_meta'] : {}
}

/** Both ends make the sentinel; with one alone the value means what it says. */
const SENTINEL = /^=\?base64\?(.*)\?=$/s

/** Reads a header value that may carry the base64 sentinel. `undefined` when the sentinel's content is malformed. */
export function decodeHeader(value: string): string | undefined {
  const encoded = SENTINEL.exec(value.trim())?.[1]
  if (encoded === undefined) return value.trim()
  const bytes = Buffer.from(encoded, 'base64')
  const text = bytes.toString('utf8')
  return bytes.toString('base64') === encoded && Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}

/** Writes a header value; what plain ASCII cannot carry exactly goes into the base64 sentinel. */
export function encodeHeader(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?base64?')
  return plain ? value : `=?base64?${Buffer.from(value, 'utf8').toString('base64')}?=`
}
