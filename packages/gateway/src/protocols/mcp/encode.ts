import { ERRORS, type ErrorCode, GatewayError, type JsonObject, type Outbound, REASONS, isGatewayError } from '@sallyport/core'
import { LIST_TTL_MS } from './lists.ts'
import type { McpRequest } from './request.ts'
import { GATEWAY_INFO } from './upstream/connection.ts'
import { META, REFUSED, type RpcId, rpcError, rpcResult } from './wire.ts'

/** Failures that are the gateway's state, not the request's: HTTP says so too, with a time to come back. */
const HTTP_VISIBLE: ReadonlySet<ErrorCode> = new Set([
  'LIMIT_OVERLOADED', 'AUDIT_UNAVAILABLE', 'STORE_UNAVAILABLE', 'STORE_STALE', 'VAULT_UNAVAILABLE', 'KEYS_UNAVAILABLE',
  'IDENTITY_MISSING', 'IDENTITY_INVALID', 'IDENTITY_FOREIGN', 'IDENTITY_FORBIDDEN',
]) // prettier-ignore

export interface Encoded {
  readonly status: number
  readonly message: JsonObject
}

/** What an answer says besides. */
export interface Told {
  /** The tool declares what it answers; a client would take anything else, but an error, for a broken server. */
  readonly isTyped?: boolean
  /** Where people look at a request that waits; nobody sees more there than they may. */
  readonly approvalUrl?: ((id: string) => string) | undefined
  /** The result of the stateless revision that says how a call waits, where the client can take one. */
  readonly instead?: JsonObject
  /** Arguments that a person who said no would rather see. */
  readonly proposal?: JsonObject
}

/** What the pipeline answered, in the words of MCP. */
export function encode(request: McpRequest, id: RpcId, outbound: Outbound & Told): Encoded {
  if (outbound.ok && outbound.status === 'failure') {
    const { code, message, data } = outbound.content
    // The one upstream error whose HTTP status the revision fixes.
    const status = code === -32_021 && request.era === 'modern' ? 400 : 200
    return {
      status,
      message: rpcError(id, {
        code: Number(code),
        message: typeof message === 'string' ? message : 'the tool server reported an error',
        data,
      }),
    }
  }
  if (outbound.ok) return { status: 200, message: rpcResult(id, complete(request, outbound)) }
  return refusal(request, id, outbound)
}

function complete(request: McpRequest, outbound: Extract<Outbound, { ok: true }>): JsonObject {
  const { ttlMs: _ttl, cacheScope: _scope, ...content } = outbound.content
  const _meta = { [META.entry]: outbound.entry }
  if (request.era === 'legacy') return request.kind === 'session.open' ? content : { ...content, _meta }
  const cacheable = request.kind !== 'tool.call' && request.kind !== 'prompt.get' && request.kind !== 'complete'
  return {
    ...content,
    resultType: outbound.status === 'input_required' ? 'input_required' : 'complete',
    ...(cacheable && outbound.status !== 'input_required' ? { ttlMs: LIST_TTL_MS, cacheScope: 'private' } : {}),
    _meta: { ..._meta, [META.serverInfo]: GATEWAY_INFO },
  }
}

/** A refused tool call is a result the model can read; everything else is an error. Both carry the same facts. */
function refusal(request: McpRequest, id: RpcId, outbound: Extract<Outbound, { ok: false }> & Told): Encoded {
  const { effect, reasons, entry, retryAfterMs, waiting, proposal } = outbound
  const url = waiting && outbound.approvalUrl?.(waiting.id)
  const approval = waiting && { status: 'pending_approval', id: waiting.id, expiresMs: waiting.expiresMs, ...(url && { url }) }
  const facts = {
    effect,
    reasons,
    entry,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(approval && { approval }),
    ...(proposal && { proposal }),
  }
  const words = [...reasons.map((reason) => REASONS[reason].means), ...outbound.details].join('; ')
  const isolated = reasons.includes('agent_isolated')
  const status = isolated ? 403 : 200
  const meta = { [META.refusal]: facts, ...(request.era === 'modern' ? { [META.serverInfo]: GATEWAY_INFO } : {}) }
  if (outbound.instead) return { status, message: rpcResult(id, { ...outbound.instead, _meta: meta }) }
  if (request.kind === 'tool.call' && !isolated) {
    const said = `${words}. Reason: ${reasons.join(', ')}. Audit entry ${entry}.`
    const text = waiting
      ? `Not done yet. A person has to approve it: ${said} Request ${url ?? waiting.id}, open until ${new Date(waiting.expiresMs).toISOString()}. Send exactly the same call again later.`
      : `Refused by Sallyport: ${said}${proposal ? ` The person would rather see these arguments; sent, they are decided on like any others: ${JSON.stringify(proposal)}` : ''}`
    const result = {
      content: [{ type: 'text', text }],
      isError: !waiting || outbound.isTyped === true,
      _meta: meta,
    }
    return { status, message: rpcResult(id, request.era === 'modern' ? { ...result, resultType: 'complete' } : result) }
  }
  const absent = reasons.includes('resource_not_in_manifest') || reasons.includes('prompt_not_in_manifest')
  const uri = request.params['uri']
  const data = { ...facts, ...(absent && typeof uri === 'string' ? { uri } : {}) }
  return { status, message: rpcError(id, { code: absent ? -32_602 : REFUSED, message: `refused: ${words}`, data }) }
}

/** A failure after the message was understood. */
export function encodeFailure(id: RpcId | null, error: unknown): Encoded & { readonly retryAfterMs: number | undefined } {
  const known = isGatewayError(error) ? error : new GatewayError('INTERNAL', 'internal error')
  const { rpc, http, retry } = ERRORS[known.code]
  const data = { code: known.code, retry, ...(known.retryAfterMs === undefined ? {} : { retryAfterMs: known.retryAfterMs }) }
  const message = rpcError(id, { code: rpc, message: known.code === 'INTERNAL' ? 'internal error' : known.message, data })
  return {
    status: HTTP_VISIBLE.has(known.code) ? http : 200,
    message,
    retryAfterMs: known.retryAfterMs ?? (http === 503 ? 1_000 : undefined),
  }
}
