import { GatewayError, isGatewayError } from '@sallyport/core'
import { errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Issuer } from '../config.ts'

/** A token of an outside issuer whose signature, issuer and audience hold. Times are checked by `requireCurrent`. */
export interface IssuerToken {
  readonly payload: JWTPayload
  readonly expiresMs: number
  readonly notBeforeMs: number
}

/** @throws GatewayError `IDENTITY_INVALID`, `KEYS_UNAVAILABLE` */
export async function verifyIssuerToken(
  token: string,
  issuer: Pick<Issuer, 'issuer' | 'audience' | 'algorithms'>,
  keys: JWTVerifyGetKey,
): Promise<IssuerToken> {
  try {
    // `nbf` and `exp` are checked on every call, so the verification that may be remembered leaves them out.
    const { payload } = await jwtVerify(token, keys, {
      algorithms: issuer.algorithms,
      issuer: issuer.issuer,
      audience: issuer.audience,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: Number.MAX_SAFE_INTEGER,
    })
    return { payload, expiresMs: (payload.exp ?? 0) * 1000, notBeforeMs: Math.max(payload.nbf ?? 0, payload.iat ?? 0) * 1000 }
  } catch (cause) {
    if (isGatewayError(cause)) throw cause
    const reason = cause instanceof errors.JOSEError ? cause.code : 'malformed'
    throw new GatewayError('IDENTITY_INVALID', `the token is not valid (${reason})`, { cause })
  }
}

/** @throws GatewayError `IDENTITY_INVALID` outside the token's time, with the issuer's clock skew on both sides. */
export function requireCurrent(token: IssuerToken, issuer: Pick<Issuer, 'clockSkewMs'>, nowMs: number): void {
  if (nowMs >= token.expiresMs + issuer.clockSkewMs) throw new GatewayError('IDENTITY_INVALID', 'the token is expired')
  if (nowMs + issuer.clockSkewMs < token.notBeforeMs) throw new GatewayError('IDENTITY_INVALID', 'the token is not valid yet')
}
