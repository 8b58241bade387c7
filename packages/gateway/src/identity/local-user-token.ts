import type { KeyObject } from 'node:crypto'
import { GatewayError, Id } from '@sallyport/core'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { publicKeyOf } from '../ed25519.ts'
import type { UserRecord } from '../state-records.ts'
import type { State } from '../state.ts'
import { LOCAL_ISSUER } from './credential.ts'

/** Audience of local users' tokens: this gateway's token exchange. */
export const LOCAL_AUDIENCE = 'sallyport'
/** Longest life of a local user's token. */
export const LOCAL_TTL_MS_MAX = 300_000
/** A token dated this far ahead is refused: both clocks are this machine's. */
const AHEAD_MS_MAX = 5_000

const LocalClaims = z.object({
  sub: Id,
  jti: z.string().min(16).max(128),
  iat: z.int(),
  exp: z.int(),
  /** Optional narrowing by the user: only this agent, only this task. */
  agent: Id.optional(),
  task: Id.optional(),
})

/** A one-time statement of a local user: "this is me", for one token exchange. */
export interface LocalUserToken {
  readonly user: UserRecord
  readonly jti: string
  readonly expiresMs: number
  readonly agent?: string | undefined
  readonly task?: string | undefined
}

/** Signs a one-time token with the user's own key, for tests and for the command line. */
export async function signLocalUserToken(
  claims: { readonly user: string; readonly jti: string; readonly agent?: string; readonly task?: string },
  options: { readonly key: KeyObject; readonly nowMs: number; readonly ttlMs?: number },
): Promise<string> {
  const iat = Math.floor(options.nowMs / 1000)
  const { user, jti, ...narrowing } = claims
  return new SignJWT(narrowing)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'JWT' })
    .setIssuer(LOCAL_ISSUER)
    .setAudience(LOCAL_AUDIENCE)
    .setSubject(user)
    .setJti(jti)
    .setIssuedAt(iat)
    .setExpirationTime(iat + Math.floor((options.ttlMs ?? 60_000) / 1000))
    .sign(options.key)
}

/**
 * Verifies a local user's token. Using it up is for the caller, together with what it is used for.
 * @throws GatewayError `IDENTITY_INVALID`
 */
export async function verifyLocalUserToken(token: string, state: State, nowMs: number): Promise<LocalUserToken> {
  try {
    const { payload } = await jwtVerify(token, (_, { payload: body }) => keyOf(claimedSubject(String(body)), state), {
      algorithms: ['EdDSA'],
      issuer: LOCAL_ISSUER,
      audience: LOCAL_AUDIENCE,
      currentDate: new Date(nowMs),
    })
    const claims = LocalClaims.parse(payload)
    const user = state.user(claims.sub)
    if (user === undefined) throw new TypeError('no such user')
    if ((claims.exp - claims.iat) * 1000 > LOCAL_TTL_MS_MAX || claims.iat * 1000 > nowMs + AHEAD_MS_MAX)
      throw new TypeError('lives too long')
    return { user, jti: claims.jti, expiresMs: claims.exp * 1000, agent: claims.agent, task: claims.task }
  } catch (cause) {
    throw new GatewayError('IDENTITY_INVALID', 'the user token is not valid', { cause })
  }
}

/** The payload is not verified yet; it only chooses the key that must then verify it. */
function claimedSubject(body: string): string {
  const { sub } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { sub?: unknown }
  if (typeof sub !== 'string') throw new TypeError('no subject')
  return sub
}

function keyOf(id: string, state: State): KeyObject {
  const user = state.user(id)
  if (user?.publicKey === undefined || user.disabledMs !== undefined) throw new TypeError('no such user')
  return publicKeyOf(user.publicKey)
}
