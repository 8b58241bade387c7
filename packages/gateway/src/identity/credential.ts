import { createHash } from 'node:crypto'
import { GatewayError, Id, type JsonObject } from '@sallyport/core'
import { decodeJwt, decodeProtectedHeader, type JWTVerifyGetKey } from 'jose'
import { boundedCache } from '../bounded-cache.ts'
import type { Issuer } from '../config.ts'
import type { AgentRecord } from '../state-records.ts'
import type { State } from '../state.ts'
import { hashAgentKey, isAgentKey } from './agent-key.ts'
import { requireCurrent, verifyIssuerToken, type IssuerToken } from './issuer-token.ts'
import { openKeySource, type FetchJwks } from './key-source.ts'
import { SESSION_TOKEN_TYPE, verifySessionToken, type SessionClaims } from './session-token.ts'

/** A verified credential: whose it is and what it may be used for. */
export interface Credential {
  readonly agent: string
  readonly id: string
  readonly method: 'agent_key' | 'session_token' | 'jwt'
  readonly task?: string
  readonly session: string
  readonly purpose?: string
  readonly user?: { readonly id: string; readonly issuer: string; readonly attributes: JsonObject }
  readonly epoch: number
  readonly expiresMs?: number
}

export interface CredentialDeps {
  readonly state: State
  readonly issuers: readonly Issuer[]
  readonly sessionKey: Uint8Array
  readonly nowMs: () => number
  readonly fetchJwks: FetchJwks
}

/** Longest token looked at. */
export const TOKEN_CHARS_MAX = 16_384
/** Verified signatures remembered, so that a busy session is not verified on every call. */
const VERIFIED_MAX = 10_000
/** Issuer of local users' tokens and of sessions they open themselves. */
export const LOCAL_ISSUER = 'sallyport:local'
/** Credential of a session that a local user opened over the control plane: dead with the user. */
export const USER_CREDENTIAL_PREFIX = 'user:'

type Verified =
  | { readonly type: 'session'; readonly claims: SessionClaims }
  | { readonly type: 'issuer'; readonly issuer: Issuer; readonly token: IssuerToken }

/**
 * Verifies one secret or token. Signatures may come from the cache; expiry, revocation and epoch never do.
 * The function it returns throws GatewayError `IDENTITY_INVALID` or `KEYS_UNAVAILABLE`.
 */
export function createVerifier(deps: CredentialDeps): (secret: string) => Promise<Credential> {
  const { state, nowMs } = deps
  const verified = boundedCache<Verified>(VERIFIED_MAX)
  const issuers = deps.issuers
    .filter((issuer) => issuer.identifies === 'agents')
    .map((issuer) => ({ issuer, keys: openKeySource(issuer, deps) }))

  return async (secret) => {
    if (isAgentKey(secret)) return fromKey(secret, state, nowMs())
    const token = await verifyToken(secret)
    return token.type === 'session'
      ? fromSession(token.claims, state, nowMs())
      : fromIssuer(token.issuer, token.token, { state, nowMs: nowMs() })
  }

  async function verifyToken(text: string): Promise<Verified> {
    const key = createHash('sha256').update(text).digest('base64')
    const known = verified.get(key)
    if (known !== undefined) return known
    const fresh = await verifySignature(text, issuers, deps.sessionKey)
    verified.set(key, fresh)
    return fresh
  }
}

async function verifySignature(
  text: string,
  issuers: readonly { issuer: Issuer; keys: JWTVerifyGetKey }[],
  sessionKey: Uint8Array,
): Promise<Verified> {
  const { typ, iss } = peek(text)
  if (typ === SESSION_TOKEN_TYPE) return { type: 'session', claims: await verifySessionToken(text, sessionKey) }
  const trusted = issuers.find(({ issuer }) => issuer.issuer === iss)
  if (trusted === undefined) throw invalid('the token’s issuer is not configured')
  return { type: 'issuer', issuer: trusted.issuer, token: await verifyIssuerToken(text, trusted.issuer, trusted.keys) }
}

/** Reads, without believing, what is needed to choose how to verify. */
export function peek(text: string): { typ?: string | undefined; iss?: string | undefined } {
  if (text.length > TOKEN_CHARS_MAX) throw invalid('the token is too long')
  try {
    const { typ } = decodeProtectedHeader(text)
    const { iss } = decodeJwt(text)
    return { typ, iss: typeof iss === 'string' ? iss : undefined }
  } catch (cause) {
    throw invalid('neither an agent key nor a token', cause)
  }
}

function fromKey(secret: string, state: State, nowMs: number): Credential {
  const key = state.keyByHash(hashAgentKey(secret))
  const agent = key && state.agent(key.agent)
  if (key === undefined || agent === undefined) throw invalid('the agent key is unknown')
  requireLiveKey(key, nowMs)
  requireEpoch(key.epoch, agent)
  return {
    agent: key.agent,
    id: key.id,
    method: 'agent_key',
    session: key.id,
    epoch: key.epoch,
    ...optional('task', key.task),
    ...optional('expiresMs', key.expiresMs),
  }
}

function fromSession(claims: SessionClaims, state: State, nowMs: number): Credential {
  const agent = state.agent(claims.aud)
  if (agent === undefined) throw invalid('the agent is unknown')
  if (nowMs >= claims.exp * 1000) throw invalid('the session token is expired')
  requireEpoch(claims.epoch, agent)
  requireLiveOrigin(claims, state, nowMs)
  return {
    agent: claims.aud,
    id: claims.cid,
    method: 'session_token',
    task: claims.task,
    session: claims.sid,
    user: { id: claims.sub, issuer: claims.usr.iss, attributes: claims.usr.attributes as JsonObject },
    epoch: claims.epoch,
    expiresMs: claims.exp * 1000,
    ...optional('purpose', claims.purpose),
  }
}

/** A session dies with the key it was issued for, and with the local user it acts for. */
function requireLiveOrigin(claims: SessionClaims, state: State, nowMs: number): void {
  if (claims.usr.iss === LOCAL_ISSUER) {
    const user = state.user(claims.sub)
    if (user === undefined || user.disabledMs !== undefined) throw invalid('the user is unknown or disabled')
  }
  if (claims.cid.startsWith('jwt:') || claims.cid === `${USER_CREDENTIAL_PREFIX}${claims.sub}`) return
  const key = state.keyById(claims.cid)
  if (key === undefined || key.agent !== claims.aud) throw invalid('the key of the session is unknown')
  requireLiveKey(key, nowMs)
}

function fromIssuer(issuer: Issuer, token: IssuerToken, at: { readonly state: State; readonly nowMs: number }): Credential {
  requireCurrent(token, issuer, at.nowMs)
  const name = token.payload[issuer.agentClaim]
  const task = issuer.taskClaim === undefined ? undefined : token.payload[issuer.taskClaim]
  const agent = typeof name === 'string' ? at.state.agent(name) : undefined
  if (agent === undefined) throw invalid('the token names no registered agent')
  if (task !== undefined && !Id.safeParse(task).success) throw invalid('the token’s task is not valid')
  // A token carries no epoch of ours: one issued before the last isolation is as dead as a key of that time.
  if (agent.isolated === undefined && agent.epoch > 0 && (token.payload.iat ?? 0) * 1000 < agent.epochMs)
    throw invalid('the token was issued before the agent was isolated')
  const id = `jwt:${issuer.issuer}#${String(token.payload.jti ?? token.payload.sub)}`.slice(0, 600)
  return {
    agent: agent.id,
    id,
    method: 'jwt',
    session: id,
    epoch: agent.epoch,
    expiresMs: token.expiresMs,
    ...optional('task', task as string | undefined),
  }
}

function requireLiveKey(
  key: { readonly revokedMs?: number | undefined; readonly expiresMs?: number | undefined },
  nowMs: number,
): void {
  if (key.revokedMs !== undefined && key.revokedMs <= nowMs) throw invalid('the agent key is revoked')
  if (key.expiresMs !== undefined && key.expiresMs <= nowMs) throw invalid('the agent key is expired')
}

/** While the agent is isolated its credentials still identify it, so that the refusal can name the reason. */
function requireEpoch(epoch: number, agent: AgentRecord): void {
  if (epoch < agent.epoch && agent.isolated === undefined) throw invalid('the credential was issued before the agent was isolated')
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V }
}

function invalid(message: string, cause?: unknown): GatewayError {
  return new GatewayError('IDENTITY_INVALID', message, cause === undefined ? {} : { cause })
}
