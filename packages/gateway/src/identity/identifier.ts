import { GatewayError, type Principal } from '@sallyport/core'
import { createVerifier, type Credential, type CredentialDeps } from './credential.ts'

export interface IdentifierDeps extends CredentialDeps {
  /** Called when a valid credential of one agent is used on the URL of another (R016: critical). Its failure refuses too. */
  readonly onForeign?: (use: ForeignUse) => Promise<void> | void
}

/** One agent's credential on another agent's URL. */
export interface ForeignUse {
  /** Agent the credential belongs to. */
  readonly owner: string
  /** Agent whose URL it was used on. */
  readonly agent: string
  readonly credential: string
}

export interface Identifier {
  /**
   * Who is calling the URL of `agent`. Expiry, revocation and epoch are checked on every call; an isolated agent still
   * identifies, so that the refusal can say so.
   * @throws GatewayError `IDENTITY_MISSING`, `IDENTITY_INVALID`, `IDENTITY_FOREIGN`, `KEYS_UNAVAILABLE`
   */
  identify(authorization: string | undefined, agent: string): Promise<Principal>
  /**
   * Who is calling an address that names no agent: the credential alone says it.
   * @throws GatewayError as `identify`, but `IDENTITY_FOREIGN`
   */
  authenticate(authorization: string | undefined): Promise<Principal>
  /**
   * The credential behind a secret, whatever URL it was sent to; for the token exchange.
   * @throws GatewayError `IDENTITY_INVALID`, `KEYS_UNAVAILABLE`
   */
  verify(secret: string): Promise<Credential>
}

export function createIdentifier(deps: IdentifierDeps): Identifier {
  const verify = createVerifier(deps)
  return {
    verify,
    authenticate: async (authorization) => toPrincipal(await verify(bearerSecret(authorization))),
    async identify(authorization, agent) {
      const credential = await verify(bearerSecret(authorization))
      if (credential.agent !== agent) {
        await deps.onForeign?.({ owner: credential.agent, agent, credential: credential.id })
        throw new GatewayError('IDENTITY_FOREIGN', 'the credential belongs to another agent')
      }
      return toPrincipal(credential)
    },
  }
}

/** The token of a `Bearer` header. @see RFC 6750, section 2.1; the scheme is case-insensitive (RFC 9110, 11.1). */
export function bearerSecret(authorization: string | undefined): string {
  if (authorization === undefined || authorization === '')
    throw new GatewayError('IDENTITY_MISSING', 'send "Authorization: Bearer <agent key or token>"')
  const [, secret] = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization) ?? []
  if (secret === undefined)
    throw new GatewayError('IDENTITY_INVALID', 'the authorization header is not "Bearer <agent key or token>"')
  return secret
}

function toPrincipal(credential: Credential): Principal {
  const { id, expiresMs: _, ...rest } = credential
  return { ...rest, credential: id }
}
