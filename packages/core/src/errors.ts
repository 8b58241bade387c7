/**
 * Every expected failure, with how each wire reports it. `docs/reference/errors.md` is generated from this table.
 * `rpc` is the JSON-RPC code (JSON-RPC 2.0 §5.1; MCP 2026-07-28 for −32020…−32022).
 */
export const ERRORS = {
  CONFIG_INVALID: { http: 500, rpc: -32603, retry: false, means: 'a configuration or manifest file is not valid' },
  CONFIG_INSECURE: { http: 500, rpc: -32603, retry: false, means: 'a secret or setting is too weak to start with' },
  REQUEST_MALFORMED: { http: 400, rpc: -32700, retry: false, means: 'the body is not the JSON this endpoint takes' },
  REQUEST_INVALID: { http: 400, rpc: -32600, retry: false, means: 'the message is not a valid request' },
  REQUEST_PARAMS: { http: 400, rpc: -32602, retry: false, means: 'the parameters of the request are not valid' },
  REQUEST_TOO_LARGE: { http: 413, rpc: -32600, retry: false, means: 'the body is over the limit' },
  REQUEST_TYPE: { http: 415, rpc: -32600, retry: false, means: 'the content type is not application/json' },
  REQUEST_NOT_ACCEPTABLE: { http: 406, rpc: -32600, retry: false, means: 'the client accepts neither JSON nor an event stream' },
  REQUEST_METHOD: { http: 404, rpc: -32601, retry: false, means: 'no such method' },
  REQUEST_VERB: { http: 405, rpc: -32600, retry: false, means: 'the endpoint does not take this HTTP method' },
  REQUEST_PATH: { http: 404, rpc: -32600, retry: false, means: 'no such endpoint' },
  REQUEST_ORIGIN: { http: 403, rpc: -32600, retry: false, means: 'the Host or Origin header is not one this gateway serves' },
  REQUEST_HEADER_MISMATCH: { http: 400, rpc: -32020, retry: false, means: 'a header and the body disagree' },
  REQUEST_CAPABILITY: { http: 400, rpc: -32021, retry: false, means: 'the client lacks a capability the request needs' },
  REQUEST_VERSION: { http: 400, rpc: -32022, retry: false, means: 'the protocol version is not supported' },
  REQUEST_CHANGED: { http: 409, rpc: -32603, retry: false, means: 'what was about to be used is not what was inspected' },
  REQUEST_CANCELLED: { http: 499, rpc: -32603, retry: false, means: 'the client closed the request' },
  IDENTITY_MISSING: { http: 401, rpc: -32600, retry: false, means: 'no credential was sent' },
  IDENTITY_INVALID: { http: 401, rpc: -32600, retry: false, means: 'the credential is unknown, expired or revoked' },
  IDENTITY_FOREIGN: { http: 403, rpc: -32600, retry: false, means: 'the credential belongs to another agent' },
  IDENTITY_FORBIDDEN: { http: 403, rpc: -32600, retry: false, means: 'the role may not do this' },
  IDENTITY_CONFIRM: { http: 403, rpc: -32600, retry: false, means: 'the person has to confirm this request with their passkey' },
  IDENTITY_GRANT: { http: 400, rpc: -32600, retry: false, means: 'the token exchange request is not valid' },
  KEYS_UNAVAILABLE: { http: 503, rpc: -32603, retry: true, means: 'the keys of an issuer cannot be fetched' },
  LIMIT_OVERLOADED: { http: 503, rpc: -32603, retry: true, means: 'the byte budget for bodies in flight is used up' },
  UPSTREAM_UNAVAILABLE: { http: 502, rpc: -32603, retry: true, means: 'the tool server cannot be reached' },
  UPSTREAM_TIMEOUT: { http: 504, rpc: -32603, retry: true, means: 'the tool server did not answer in time' },
  UPSTREAM_MALFORMED: { http: 502, rpc: -32603, retry: false, means: 'the tool server’s answer breaks its protocol' },
  UPSTREAM_TOO_LARGE: { http: 502, rpc: -32603, retry: false, means: 'the tool server’s answer is over the limit' },
  UPSTREAM_LIMITED: { http: 429, rpc: -32603, retry: true, means: 'the provider takes no more requests now' },
  UPSTREAM_REFUSED: { http: 400, rpc: -32602, retry: false, means: 'the provider does not accept the request' },
  MODEL_UNTRANSLATABLE: {
    http: 400,
    rpc: -32602,
    retry: false,
    means: 'the wire of the provider cannot carry a part of the request; the message names it',
  },
  UPSTREAM_CANCELLED: { http: 499, rpc: -32603, retry: false, means: 'the act was cut off before the tool server answered' },
  CLASSIFIER_UNAVAILABLE: { http: 503, rpc: -32603, retry: true, means: 'the classifier failed, was too slow or too busy' },
  STORE_UNAVAILABLE: { http: 503, rpc: -32603, retry: true, means: 'the state store cannot be used' },
  STORE_LOCKED: { http: 503, rpc: -32603, retry: true, means: 'another process holds the home folder' },
  STORE_MOVED: { http: 409, rpc: -32603, retry: true, means: 'another replica changed the state meanwhile; ask again' },
  STORE_STALE: { http: 503, rpc: -32603, retry: true, means: 'this replica has no fresh state, so nothing may happen' },
  VAULT_UNAVAILABLE: { http: 503, rpc: -32603, retry: true, means: 'content cannot be kept or read, so nothing may happen' },
  CONTENT_ERASED: { http: 410, rpc: -32602, retry: false, means: 'the content was erased; its record remains' },
  AUDIT_ENTRY_TOO_LARGE: {
    http: 413,
    rpc: -32600,
    retry: false,
    means: 'the audit entry of the act would be too large, so it may not happen',
  },
  AUDIT_UNAVAILABLE: { http: 503, rpc: -32603, retry: true, means: 'the audit log cannot be written, so nothing may happen' },
  AUDIT_INVALID: { http: 500, rpc: -32603, retry: false, means: 'the audit log does not verify' },
  AUDIT_FORBIDDEN: { http: 403, rpc: -32603, retry: false, means: 'this process may append to the audit log but not read it' },
  SINK_UNAVAILABLE: {
    http: 502,
    rpc: -32603,
    retry: true,
    means: 'a destination of events cannot be reached or does not accept them',
  },
  SINK_REJECTED: { http: 502, rpc: -32603, retry: false, means: 'a destination of events will never take what it was sent' },
  NOT_FOUND: { http: 404, rpc: -32602, retry: false, means: 'no such thing' },
  CONFLICT: { http: 409, rpc: -32600, retry: false, means: 'the state does not allow it' },
  PRECONDITION_FAILED: { http: 412, rpc: -32600, retry: false, means: 'what was to be changed is not what was looked at' },
  LIMIT_RATE: { http: 429, rpc: -32603, retry: true, means: 'too many attempts; wait' },
  INTERNAL: { http: 500, rpc: -32603, retry: false, means: 'a bug; details are in the gateway’s own log' },
} as const satisfies Record<string, { http: number; rpc: number; retry: boolean; means: string }>
export type ErrorCode = keyof typeof ERRORS

/** The one class of expected failures. Messages: lower case, no full stop, no secret, no input echoed. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly retryAfterMs: number | undefined
  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'GatewayError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

/** Compares by code, so that an error from another copy of this package still counts. */
export function isGatewayError(error: unknown): error is GatewayError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && Object.hasOwn(ERRORS, error.code)
}
