import { Id, Sha256Hex } from '@sallyport/core'
import { z } from 'zod'
import { CredentialId } from './passkey-assertion.ts'

const TimeMs = z.int().min(0)

/** A passkey of a person. Never deleted: what it signed is checked again. */
export const PasskeyRecord = z.strictObject({
  id: CredentialId,
  user: Id,
  /** SPKI DER, base64. */
  publicKey: z.base64().min(1).max(2_048),
  /** Signatures counted by the authenticator; 0 where it does not count. */
  counter: z.int().min(0).max(0xffff_ffff),
  transports: z.array(z.string().max(32)).max(10),
  label: z.string().min(1).max(64),
  createdMs: TimeMs,
  revokedMs: TimeMs.optional(),
})
export type PasskeyRecord = z.infer<typeof PasskeyRecord>

/** How somebody came in: `link` only lets them enrol. */
export const METHODS = ['passkey', 'oidc', 'link'] as const

/** A sign-in with a browser. The token is never stored. */
export const WebSessionRecord = z.strictObject({
  /** SHA-256 of the token. 256 random bits need no slow hash. */
  hash: Sha256Hex,
  user: Id,
  method: z.enum(METHODS),
  createdMs: TimeMs,
  /** When it was used last, to the minute. */
  seenMs: TimeMs,
  expiresMs: TimeMs,
})
export type WebSessionRecord = z.infer<typeof WebSessionRecord>

/** A link that lets one person enrol once. */
export const EnrolmentRecord = z.strictObject({ hash: Sha256Hex, user: Id, createdMs: TimeMs, createdBy: Id, expiresMs: TimeMs })
export type EnrolmentRecord = z.infer<typeof EnrolmentRecord>

/** An account elsewhere that is this person. Found by issuer and subject alone: names and addresses can be given to others. */
export const IdentityRecord = z.strictObject({
  issuer: z.string().min(1).max(2_048),
  subject: z.string().min(1).max(255),
  user: Id,
  createdMs: TimeMs,
})
export type IdentityRecord = z.infer<typeof IdentityRecord>

/** Key of an `IdentityRecord`; a space is in no issuer. */
export function identityKey({ issuer, subject }: Pick<IdentityRecord, 'issuer' | 'subject'>): string {
  return `${issuer} ${subject}`
}
