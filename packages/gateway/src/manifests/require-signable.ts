import { GatewayError } from '@sallyport/core'
import type { State } from '../state.ts'
import { isSigned, settleVersions, type Signable, type Signed } from './settle-versions.ts'

/**
 * Checks a signature before it is accepted: newest version, needed role, a person who holds it and has not signed, and the
 * bytes.
 * @throws GatewayError `NOT_FOUND`, `CONFLICT`, `IDENTITY_FORBIDDEN`
 */
export function requireSignable(signable: Signable, signed: Signed, state: State): void {
  const standing = settleVersions(signable.agent, state)
  if (standing === undefined) throw new GatewayError('NOT_FOUND', 'the agent has no manifest')
  if (standing.newest.hash !== signable.hash || standing.newest.version !== signable.version) {
    throw new GatewayError('CONFLICT', 'the manifest changed since; look at the difference and sign again')
  }
  if (!standing.required.includes(signable.role))
    throw new GatewayError('CONFLICT', `this manifest is signed by the roles ${standing.required.join(', ')}`)
  if (standing.signatures.some((existing) => existing.user === signable.user))
    throw new GatewayError('CONFLICT', 'this person has signed this version')
  const user = state.user(signable.user)
  if (user === undefined || user.disabledMs !== undefined) throw new GatewayError('IDENTITY_FORBIDDEN', 'no such user')
  if (!(user.roles as readonly string[]).includes(signable.role))
    throw new GatewayError('IDENTITY_FORBIDDEN', 'the user does not hold this role')
  if (!isSigned(signable, signed, state)) throw new GatewayError('IDENTITY_FORBIDDEN', 'the signature does not verify')
}
