import { randomBytes, type KeyObject } from 'node:crypto'
import { Id, jcs, utf8, type Json } from '@sallyport/core'
import { z } from 'zod'
import { signEd25519 } from '../ed25519.ts'
import { ROLES, UserRecord } from '../state-records.ts'

/** A signed request: a person asks for one verb, once, now. */
export const ControlRequest = z.strictObject({
  verb: z.string().min(1).max(64),
  input: z.json(),
  user: Id,
  atMs: z.int().min(0),
  nonce: z.string().min(16).max(64),
  /** Ed25519 over `requestBytes`, base64. */
  signature: z.base64().length(88),
})
export type ControlRequest = z.infer<typeof ControlRequest>

/** The only request without a signature: it makes the first owner, and works while there is no user at all. */
export const FirstOwner = z.strictObject({
  firstOwner: z.strictObject({
    user: Id,
    roles: z.array(z.enum(ROLES)).min(1).max(ROLES.length),
    attributes: UserRecord.shape.attributes,
    publicKey: UserRecord.shape.publicKey,
  }),
})
export type FirstOwner = z.infer<typeof FirstOwner>

export type ControlAnswer =
  | { readonly ok: true; readonly output: Json }
  | { readonly ok: false; readonly code: string; readonly message: string }

/** The signed bytes: a domain separator, then the JCS form of all that matters. */
export function requestBytes(request: Omit<ControlRequest, 'signature'>): Uint8Array {
  const { verb, input, user, atMs, nonce } = request
  return utf8(`sallyport/v1/control-request\n${jcs({ verb, input: input as Json, user, atMs, nonce })}`)
}

/** Signs a request with the caller's own key. */
export function signRequest(
  call: { readonly verb: string; readonly input: Json; readonly user: string },
  key: KeyObject,
  nowMs: number,
): ControlRequest {
  const request = { ...call, atMs: nowMs, nonce: randomBytes(16).toString('base64url') }
  return {
    ...request,
    signature: Buffer.from(signEd25519(requestBytes(request as Omit<ControlRequest, 'signature'>), key)).toString('base64'),
  } as ControlRequest
}
