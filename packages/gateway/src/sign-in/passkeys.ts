import { createPublicKey } from 'node:crypto'
import { GatewayError, type Json } from '@sallyport/core'
import type { PublicKeyCredentialCreationOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { z } from 'zod'
import { CredentialId } from '../passkey-assertion.ts'
import type { PasskeyRecord } from '../sign-in-records.ts'

const Base64Url = z.base64url()

/** `PublicKeyCredential.toJSON()` of a new credential (WebAuthn §5.1), as far as it is read. */
export const RegistrationJson = z
  .object({
    id: CredentialId,
    rawId: CredentialId,
    type: z.literal('public-key'),
    response: z
      .object({
        clientDataJSON: Base64Url.min(1).max(4_096),
        attestationObject: Base64Url.min(1).max(20_000),
        transports: z.array(z.string().max(32)).max(10).default([]),
      })
      .strip(),
  })
  .strip()
export type RegistrationJson = z.infer<typeof RegistrationJson>

/** Names of the site a passkey belongs to. */
export interface Site {
  readonly origin: string
  readonly rpId: string
}

/** COSE algorithms taken: EdDSA, ES256, RS256. */
const ALGORITHMS = [-8, -7, -257]
const SITE_NAME = 'Sallyport'

/** What a browser needs to make a passkey (WebAuthn §5.4). `held` are those the person has, so that no device makes a second. */
export async function registrationOptions(
  site: Site,
  user: string,
  { challenge, held }: { readonly challenge: string; readonly held: readonly PasskeyRecord[] },
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  const { generateRegistrationOptions } = await import('@simplewebauthn/server')
  return generateRegistrationOptions({
    rpName: SITE_NAME,
    rpID: site.rpId,
    userName: user,
    // A fixed handle, so that a second passkey on one device replaces the first.
    userID: new TextEncoder().encode(user),
    challenge: new Uint8Array(Buffer.from(challenge, 'base64url')),
    attestationType: 'none',
    supportedAlgorithmIDs: ALGORITHMS,
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    excludeCredentials: held.map(({ id }) => ({ id })),
  })
}

/** What a browser needs to sign in, or to confirm with one of the passkeys named (WebAuthn §5.5). */
export function assertionOptions(site: Site, challenge: string, passkeys: readonly PasskeyRecord[] = []): Record<string, Json> {
  return {
    challenge,
    rpId: site.rpId,
    userVerification: 'required',
    timeout: 120_000,
    allowCredentials: passkeys.map(({ id, transports }) => ({ id, type: 'public-key', transports: [...transports] })),
  }
}

/** A new passkey as far as its authenticator says it; `take` accepts the challenge. @throws GatewayError `IDENTITY_INVALID` */
export async function readRegistration(
  response: RegistrationJson,
  site: Site,
  take: (challenge: string) => void,
): Promise<Pick<PasskeyRecord, 'id' | 'publicKey' | 'counter' | 'transports'>> {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  let challenge = ''
  const verified = await verifyRegistrationResponse({
    response: { ...response, clientExtensionResults: {} } as RegistrationResponseJSON,
    expectedChallenge: (said) => {
      challenge = said
      return true
    },
    expectedOrigin: site.origin,
    expectedRPID: site.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch((cause: unknown) => {
    throw new GatewayError('IDENTITY_INVALID', 'the passkey cannot be taken: it was made for another page or is incomplete', {
      cause,
    })
  })
  take(challenge)
  if (!verified.verified) throw new GatewayError('IDENTITY_INVALID', 'the passkey cannot be taken')
  const { credential } = verified.registrationInfo
  const publicKey = await spkiOf(credential.publicKey)
  return { id: credential.id, publicKey, counter: credential.counter, transports: response.response.transports }
}

const COSE = { alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 } as const

/** SPKI DER in base64 of a COSE key (RFC 9053) of the algorithms taken. */
async function spkiOf(cose: Uint8Array): Promise<string> {
  const { decodeCredentialPublicKey } = await import('@simplewebauthn/server/helpers')
  const map = decodeCredentialPublicKey(new Uint8Array(cose)) as unknown as Map<number, number | Uint8Array>
  const text = (label: number): string => Buffer.from(map.get(label) as Uint8Array).toString('base64url')
  const jwk = ((): Record<string, string> => {
    switch (map.get(COSE.alg)) {
      case -8:
        return { kty: 'OKP', crv: 'Ed25519', x: text(COSE.x) }
      case -7:
        return { kty: 'EC', crv: 'P-256', x: text(COSE.x), y: text(COSE.y) }
      default:
        return { kty: 'RSA', n: text(COSE.n), e: text(COSE.e) }
    }
  })()
  try {
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'der' }).toString('base64')
  } catch (cause) {
    throw new GatewayError('IDENTITY_INVALID', 'the passkey cannot be taken: its key is of no kind that is accepted', { cause })
  }
}
