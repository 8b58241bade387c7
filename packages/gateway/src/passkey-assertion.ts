import { createHash, createPublicKey, verify } from 'node:crypto'
import { GatewayError, utf8 } from '@sallyport/core'
import { z } from 'zod'

/** Bytes as browsers write them in JSON. */
const Base64Url = z.base64url()

/** Credential ids are at most 1,023 bytes (WebAuthn §4). */
export const CredentialId = Base64Url.min(1).max(1_364)

/** What an authenticator said; the bytes that are signed and the signature. */
export const Assertion = z.strictObject({
  credential: CredentialId,
  clientDataJSON: Base64Url.min(1).max(4_096),
  authenticatorData: Base64Url.min(1).max(2_048),
  signature: Base64Url.min(1).max(2_048),
})
export type Assertion = z.infer<typeof Assertion>

/** `PublicKeyCredential.toJSON()` of an assertion (WebAuthn §5.1); what is not checked is left out. */
export const AssertionJson = z
  .object({
    id: CredentialId,
    type: z.literal('public-key'),
    response: Assertion.omit({ credential: true })
      .extend({ userHandle: Base64Url.max(200).optional() })
      .strip(),
  })
  .transform(({ id, response: { clientDataJSON, authenticatorData, signature } }): Assertion => ({
    credential: id,
    clientDataJSON,
    authenticatorData,
    signature,
  }))

const ClientData = z.object({
  type: z.string(),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.boolean().optional(),
  topOrigin: z.string().optional(),
})

const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const COUNTER_AT = 33
const AUTHENTICATOR_DATA_BYTES_MIN = 37

/** What the passkey was asked: whoever signed anything else signed something else. */
export interface Expected {
  /** Unpadded base64url. */
  readonly challenge: string
  /** SPKI DER, base64. */
  readonly publicKey: string
  readonly origin: string
  readonly rpId: string
  /** Signatures the authenticator had counted; 0 where it does not count. */
  readonly counter: number
}

/**
 * Checks an assertion (WebAuthn Level 3 §7.2): type, challenge, origin, relying party, a present and verified person, counter,
 * signature. Returns the new counter.
 * @throws GatewayError `IDENTITY_INVALID`
 */
export function checkAssertion(assertion: Assertion, expected: Expected): number {
  const clientData = parseClientData(assertion)
  const data = Buffer.from(assertion.authenticatorData, 'base64url')
  const refuse = (why: string): never => {
    throw new GatewayError('IDENTITY_INVALID', `the passkey does not hold: ${why}`)
  }
  if (clientData.origin !== expected.origin || clientData.crossOrigin === true || clientData.topOrigin !== undefined)
    refuse('it was asked for by another page')
  if (!data.subarray(0, 32).equals(createHash('sha256').update(expected.rpId).digest())) refuse('it belongs to another site')
  if (!isSignedBy(assertion, expected)) refuse('the signature is not over this')
  const counter = data.readUInt32BE(COUNTER_AT)
  if ((counter > 0 || expected.counter > 0) && counter <= expected.counter) refuse('its counter went back; it may be a copy')
  return counter
}

/** Whether a verified person signed exactly this challenge with this passkey; says nothing of where and when. */
export function isSignedBy(assertion: Assertion, { challenge, publicKey }: Pick<Expected, 'challenge' | 'publicKey'>): boolean {
  const clientData = parseClientData(assertion)
  const data = Buffer.from(assertion.authenticatorData, 'base64url')
  const flags = data[32] ?? 0
  if (data.length < AUTHENTICATOR_DATA_BYTES_MIN || (flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) return false
  if (clientData.type !== 'webauthn.get' || clientData.challenge !== challenge) return false
  const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
  const hash = createHash('sha256').update(Buffer.from(assertion.clientDataJSON, 'base64url')).digest()
  const signature = Buffer.from(assertion.signature, 'base64url')
  return verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', Buffer.concat([data, hash]), key, signature)
}

/** The challenge an assertion answers. @throws GatewayError `IDENTITY_INVALID` */
export function challengeOf(assertion: Assertion): string {
  return parseClientData(assertion).challenge
}

function parseClientData({ clientDataJSON }: Assertion): z.infer<typeof ClientData> {
  try {
    return ClientData.parse(JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8')))
  } catch (cause) {
    throw new GatewayError('IDENTITY_INVALID', 'the passkey does not hold: what it signed cannot be read', { cause })
  }
}

/** SHA-256 of a text, as a challenge. */
export function challengeFor(text: string): string {
  return createHash('sha256').update(utf8(text)).digest('base64url')
}
