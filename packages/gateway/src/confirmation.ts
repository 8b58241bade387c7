import { Id, jcs, type Json } from '@sallyport/core'
import { z } from 'zod'
import { Assertion, challengeFor, isSignedBy } from './passkey-assertion.ts'
import type { PasskeyRecord } from './sign-in-records.ts'

/** One person's passkey over exactly one request: kept with what it allowed, so that anyone can check it again. */
export const Confirmation = z.strictObject({
  atMs: z.int().min(0),
  nonce: z.string().min(16).max(64),
  assertion: Assertion,
})
export type Confirmation = z.infer<typeof Confirmation>

/** What is confirmed: the same members that a request signed with a key of one's own covers. */
export const Confirmed = z.strictObject({
  verb: z.string().min(1).max(64),
  input: z.json(),
  user: Id,
  atMs: z.int().min(0),
  nonce: z.string().min(16).max(64),
})
export type Confirmed = z.infer<typeof Confirmed>

/** The challenge the passkey signs: SHA-256 of a domain separator and the JCS form of all that matters. Unpadded base64url. */
export function confirmationChallenge({ verb, input, user, atMs, nonce }: Confirmed): string {
  return challengeFor(`sallyport/v1/confirmed-request\n${jcs({ verb, input: input as Json, user, atMs, nonce })}`)
}

/** Whether this is that person's passkey over exactly this request. */
export function isConfirmed(
  { assertion, atMs, nonce }: Confirmation,
  request: Pick<Confirmed, 'verb' | 'input' | 'user'>,
  passkey: PasskeyRecord | undefined,
): boolean {
  if (passkey?.user !== request.user || passkey.id !== assertion.credential) return false
  return isSignedBy(assertion, { publicKey: passkey.publicKey, challenge: confirmationChallenge({ ...request, atMs, nonce }) })
}
