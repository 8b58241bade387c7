import { GatewayError, Id, type JsonObject } from '@sallyport/core'
import { jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'

/** Longest life of a session token. */
export const SESSION_TTL_MS_MAX = 900_000
export const SESSION_TOKEN_TYPE = 'sallyport-session+jwt'
const ISSUER = 'sallyport'

/** What a session token says. Signed by this gateway, for this gateway. */
export const SessionClaims = z.object({
  iss: z.literal(ISSUER),
  /** The agent it is for. */
  aud: Id,
  /** The originating user, as the user's issuer names them. */
  sub: z.string().min(1).max(256),
  act: z.strictObject({ sub: Id }),
  usr: z.strictObject({ iss: z.string().min(1).max(500), attributes: z.record(z.string(), z.json()) }),
  sid: z.string().min(1).max(64),
  task: Id,
  purpose: z.string().max(500).optional(),
  epoch: z.int().min(0),
  /** Credential it was issued for: revoking that one kills the session. */
  cid: z.string().min(1).max(700),
  iat: z.int(),
  exp: z.int(),
})
export type SessionClaims = z.infer<typeof SessionClaims>

/** Everything but the times and fixed claims. */
export interface NewSession {
  readonly agent: string
  readonly user: { readonly id: string; readonly issuer: string; readonly attributes: JsonObject }
  readonly session: string
  readonly task: string
  readonly purpose?: string
  readonly epoch: number
  readonly credential: string
}

/** Issues a token that lives `ttlMs`, at most 15 minutes. `expiresMs` is rounded down to a second, as JWTs count. */
export async function issueSessionToken(
  session: NewSession,
  options: { readonly key: Uint8Array; readonly nowMs: number; readonly ttlMs: number },
): Promise<{ token: string; expiresMs: number }> {
  const iat = Math.floor(options.nowMs / 1000)
  const exp = Math.floor((options.nowMs + Math.min(options.ttlMs, SESSION_TTL_MS_MAX)) / 1000)
  const claims = {
    act: { sub: session.agent },
    usr: { iss: session.user.issuer, attributes: session.user.attributes },
    sid: session.session,
    task: session.task,
    ...(session.purpose === undefined ? {} : { purpose: session.purpose }),
    epoch: session.epoch,
    cid: session.credential,
  }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: SESSION_TOKEN_TYPE })
    .setIssuer(ISSUER)
    .setSubject(session.user.id)
    .setAudience(session.agent)
    .setIssuedAt(iat)
    .setExpirationTime(exp)
    .sign(options.key)
  return { token, expiresMs: exp * 1000 }
}

/** @throws GatewayError `IDENTITY_INVALID` unless this gateway signed it. Expiry is for the caller, on every call. */
export async function verifySessionToken(token: string, key: Uint8Array): Promise<SessionClaims> {
  try {
    // Time is checked by the caller on every call, also when the signature check was remembered: here it is switched off.
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      typ: SESSION_TOKEN_TYPE,
      issuer: ISSUER,
      currentDate: new Date(0),
    })
    const claims = SessionClaims.parse(payload)
    if (claims.act.sub !== claims.aud || (claims.exp - claims.iat) * 1000 > SESSION_TTL_MS_MAX + 1000)
      throw new TypeError('inconsistent claims')
    return claims
  } catch (cause) {
    throw new GatewayError('IDENTITY_INVALID', 'the session token is not valid', { cause })
  }
}
