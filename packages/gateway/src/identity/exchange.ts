import { GatewayError, isGatewayError, Id, type AuditLog, type JsonObject, type User } from '@sallyport/core'
import { z } from 'zod'
import type { Issuer } from '../config.ts'
import type { Change, State } from '../state.ts'
import { LOCAL_ISSUER, peek, type Credential } from './credential.ts'
import { requireCurrent, verifyIssuerToken } from './issuer-token.ts'
import { openKeySource, type FetchJwks } from './key-source.ts'
import { verifyLocalUserToken } from './local-user-token.ts'
import { issueSessionToken, SESSION_TTL_MS_MAX } from './session-token.ts'

export interface ExchangeDeps {
  readonly state: State
  readonly issuers: readonly Issuer[]
  readonly sessionKey: Uint8Array
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
  readonly fetchJwks: FetchJwks
  /** `identifier.verify` */
  readonly verify: (secret: string) => Promise<Credential>
  /** Whether the agent's current manifest has this task type. */
  readonly hasTask: (agent: string, task: string) => boolean
  readonly audit: Pick<AuditLog, 'append'>
}

export interface ExchangeAnswer {
  readonly status: number
  readonly body: JsonObject
  /** Why it was refused, for a `refusal` entry; absent when a token was issued. */
  readonly refusal?: { readonly code: string; readonly detail: string }
}

/** Answers `POST /oauth/token`. @see RFC 8693; errors as RFC 6749, section 5.2 */
export type Exchange = (form: URLSearchParams, authorization: string | undefined) => Promise<ExchangeAnswer>

const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const TOKEN_TYPES = [ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:id_token', 'urn:ietf:params:oauth:token-type:jwt'] as const
const PARAMETERS_MAX = 20
const SESSION_ID_BYTES = 16

const Request = z.object({
  grant_type: z.literal(GRANT),
  subject_token: z.string().min(1).max(16_384),
  subject_token_type: z.enum(TOKEN_TYPES),
  actor_token: z.string().min(1).max(16_384).optional(),
  actor_token_type: z.enum(TOKEN_TYPES).optional(),
  requested_token_type: z.enum([ACCESS_TOKEN, 'urn:ietf:params:oauth:token-type:jwt']).optional(),
  scope: Id.optional(),
  task: Id.optional(),
  purpose: z.string().max(500).optional(),
})
type Request = z.infer<typeof Request>

type OauthError =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'unsupported_grant_type'
  | 'temporarily_unavailable'

/** A refusal in OAuth's words. Only this file throws and catches it. */
class Refused extends Error {
  readonly error: OauthError
  readonly code: string
  constructor(error: OauthError, message: string, code = 'IDENTITY_GRANT') {
    super(message)
    this.error = error
    this.code = code
  }
}

interface VerifiedUser {
  readonly user: User
  readonly expiresMs: number
  /** Written together with the session, so that a one-time token works once. */
  readonly spend: readonly Change[]
  readonly agent?: string | undefined
  readonly task?: string | undefined
}

/**
 * Makes the token exchange: agent credential + verified user token → a session token of at most 15 minutes for one task type.
 * The tokens that came in are never passed on.
 */
export function createExchange(deps: ExchangeDeps): Exchange {
  const issuers = deps.issuers
    .filter((issuer) => issuer.identifies === 'users')
    .map((issuer) => ({ issuer, keys: openKeySource(issuer, deps) }))

  return async (form, authorization) => {
    try {
      deps.state.requireFresh()
      const request = parse(form)
      const client = await authenticate(request, authorization, deps)
      const user = await verifyUser(request.subject_token)
      return await issue(request, client, user)
    } catch (error) {
      return refuse(error)
    }
  }

  async function verifyUser(token: string): Promise<VerifiedUser> {
    const nowMs = deps.nowMs()
    const { iss } = peek(token)
    if (iss === LOCAL_ISSUER) {
      const { user, jti, expiresMs, agent, task } = await verifyLocalUserToken(token, deps.state, nowMs)
      const spent = { id: `${user.id}/${jti}`, expiresMs }
      if (deps.state.isSpent(spent.id)) throw new Refused('invalid_grant', 'the user token was used before')
      return {
        user: { id: user.id, issuer: LOCAL_ISSUER, attributes: user.attributes },
        expiresMs: Infinity,
        spend: [{ op: 'insert', kind: 'spent', value: spent }],
        agent,
        task,
      }
    }
    const trusted = issuers.find(({ issuer }) => issuer.issuer === iss)
    if (trusted === undefined) throw new Refused('invalid_grant', 'the user token’s issuer is not configured')
    const verified = await verifyIssuerToken(token, trusted.issuer, trusted.keys)
    requireCurrent(verified, trusted.issuer, nowMs)
    const user = {
      id: String(verified.payload.sub),
      issuer: trusted.issuer.issuer,
      attributes: attributesOf(verified.payload, trusted.issuer),
    }
    return { user, expiresMs: verified.expiresMs, spend: [] }
  }

  async function issue(request: Request, client: Credential, subject: VerifiedUser): Promise<ExchangeAnswer> {
    const nowMs = deps.nowMs()
    const task = chooseTask(request, client, subject)
    if (!deps.hasTask(client.agent, task)) throw new Refused('invalid_scope', 'the agent’s manifest has no such task type')
    // Again after the last wait.
    deps.state.requireFresh()
    const agent = deps.state.agent(client.agent)
    if (agent === undefined || agent.isolated !== undefined)
      throw new Refused('invalid_grant', 'the agent is isolated', 'agent_isolated')
    await deps.state.prune(nowMs)
    if (subject.spend.length > 0) await deps.state.transact(subject.spend)
    const session = Buffer.from(deps.randomBytes(SESSION_ID_BYTES)).toString('base64url')
    const ttlMs = Math.min(SESSION_TTL_MS_MAX, (client.expiresMs ?? Infinity) - nowMs, subject.expiresMs - nowMs)
    const { token, expiresMs } = await issueSessionToken(
      {
        agent: client.agent,
        user: subject.user,
        session,
        task,
        epoch: client.epoch,
        credential: client.id,
        ...(request.purpose && { purpose: request.purpose }),
      },
      { key: deps.sessionKey, nowMs, ttlMs },
    )
    await deps.audit.append({
      type: 'admin',
      actor: { type: 'agent', id: client.agent, credential: client.id, method: client.method },
      verb: 'session.exchange',
      target: client.agent,
      outcome: 'done',
      detail: { session, task, user: subject.user.id, issuer: subject.user.issuer, expiresMs },
    })
    const expiresIn = Math.max(0, Math.floor((expiresMs - nowMs) / 1000))
    return {
      status: 200,
      body: { access_token: token, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: expiresIn, scope: task },
    }
  }
}

/** One value per parameter. @see RFC 6749, section 3.2: parameters must not be sent more than once */
function parse(form: URLSearchParams): Request {
  const fields = new Map<string, string>()
  for (const [name, value] of form) {
    if (fields.has(name) || fields.size >= PARAMETERS_MAX)
      throw new Refused('invalid_request', 'a parameter was sent twice, or too many were sent')
    if (value !== '') fields.set(name, value)
  }
  if (fields.get('grant_type') !== GRANT && fields.has('grant_type'))
    throw new Refused('unsupported_grant_type', `the grant type must be ${GRANT}`)
  const result = Request.safeParse(Object.fromEntries(fields))
  if (!result.success)
    throw new Refused(
      'invalid_request',
      `not valid: ${[...new Set(result.error.issues.map((issue) => issue.path.join('.')))].join(', ')}`,
    )
  return result.data
}

/** The client is an agent: key or token as Bearer, key as the password of Basic, or as `actor_token`; exactly one of them. */
async function authenticate(request: Request, authorization: string | undefined, deps: ExchangeDeps): Promise<Credential> {
  const fromHeader = authorization === undefined || authorization === '' ? undefined : parseHeader(authorization)
  if (fromHeader !== undefined && request.actor_token !== undefined)
    throw new Refused('invalid_request', 'send the agent’s credential once')
  const secret = fromHeader?.secret ?? request.actor_token
  if (secret === undefined) throw new Refused('invalid_client', 'send the agent’s credential', 'IDENTITY_MISSING')
  const credential = await verifyClient(secret, deps)
  if (fromHeader?.name !== undefined && fromHeader.name !== credential.agent)
    throw new Refused('invalid_client', 'the key belongs to another agent', 'IDENTITY_FOREIGN')
  if (credential.method === 'session_token')
    throw new Refused('invalid_client', 'a session token cannot be exchanged again', 'IDENTITY_FORBIDDEN')
  return credential
}

async function verifyClient(secret: string, deps: ExchangeDeps): Promise<Credential> {
  try {
    return await deps.verify(secret)
  } catch (error) {
    if (isGatewayError(error) && error.code === 'IDENTITY_INVALID') throw new Refused('invalid_client', error.message, error.code)
    throw error
  }
}

function parseHeader(authorization: string): { readonly secret: string; readonly name?: string } {
  const [, scheme = '', value = ''] = /^(bearer|basic) +([A-Za-z0-9._~+/=-]+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() === 'bearer') return { secret: value }
  const text = Buffer.from(value, 'base64').toString('utf8')
  const at = text.indexOf(':')
  if (scheme === '' || at < 0) throw new Refused('invalid_client', 'the authorization header is neither Bearer nor Basic')
  return { name: text.slice(0, at), secret: text.slice(at + 1) }
}

/** The task comes from the request, within what key and user allow; a key for one task needs no parameter. */
function chooseTask(request: Request, client: Credential, subject: VerifiedUser): string {
  if (request.scope !== undefined && request.task !== undefined && request.scope !== request.task)
    throw new Refused('invalid_request', 'scope and task disagree')
  if (subject.agent !== undefined && subject.agent !== client.agent)
    throw new Refused('invalid_grant', 'the user token is for another agent')
  const task = request.task ?? request.scope ?? client.task ?? subject.task
  if (task === undefined) throw new Refused('invalid_scope', 'name the task type in scope')
  if (client.task !== undefined && client.task !== task)
    throw new Refused('invalid_scope', 'the credential is for another task type')
  if (subject.task !== undefined && subject.task !== task)
    throw new Refused('invalid_grant', 'the user token is for another task type')
  return task
}

function attributesOf(payload: Readonly<Record<string, unknown>>, issuer: Issuer): JsonObject {
  const kept = issuer.attributes.map((name): [string, unknown] => [name, Object.hasOwn(payload, name) ? payload[name] : undefined])
  return Object.fromEntries(kept.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) as JsonObject
}

function refuse(error: unknown): ExchangeAnswer {
  const { error: word, code, message } = translate(error)
  const status = word === 'invalid_client' ? 401 : word === 'temporarily_unavailable' ? 503 : 400
  return { status, body: { error: word, error_description: message }, refusal: { code, detail: message } }
}

function translate(error: unknown): Refused {
  if (error instanceof Refused) return error
  if (!isGatewayError(error)) throw error
  if (error.code === 'IDENTITY_INVALID') return new Refused('invalid_grant', error.message, error.code)
  // Two exchanges of one user token at the same moment: the second insert loses.
  if (error.code === 'CONFLICT') return new Refused('invalid_grant', 'the user token was used before')
  if (error.code === 'KEYS_UNAVAILABLE') return new Refused('temporarily_unavailable', error.message, error.code)
  throw new GatewayError(error.code, error.message, { cause: error })
}
