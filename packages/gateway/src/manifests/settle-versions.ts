import { jcs, utf8 } from '@sallyport/core'
import { isConfirmed } from '../confirmation.ts'
import { verifyEd25519 } from '../ed25519.ts'
import type { ManifestVersionRecord, Role, SignatureRecord } from '../state-records.ts'
import type { State } from '../state.ts'

/** Where the newest version of an agent's manifest stands. */
export interface Standing {
  readonly newest: ManifestVersionRecord
  readonly signed: boolean
  /** The last fully signed version before the newest; absent when there was none. */
  readonly baseline?: ManifestVersionRecord
  /** Roles whose signatures the newest version needs: those of the baseline, so that no version names its own judges. */
  readonly required: readonly string[]
  /** Valid signatures under the newest version. */
  readonly signatures: readonly SignatureRecord[]
}

/** What a person signs. A version number is part of it, so that going back to an old text needs new signatures. */
export interface Signable {
  readonly agent: string
  readonly version: number
  readonly hash: string
  readonly role: string
  readonly reason: string
  readonly user: string
}

/** The signed bytes: a domain separator, then the JCS form of every field. */
export function signableBytes(signable: Signable): Uint8Array {
  const { agent, version, hash, role, reason, user } = signable
  return utf8(`sallyport/v1/manifest-signature\n${jcs({ agent, version, hash, role, reason, user })}`)
}

/** Reads all versions in order: each is judged by the roles of the last one that was fully signed before it. */
export function settleVersions(agent: string, state: State): Standing | undefined {
  const versions = state.manifestVersions(agent)
  let baseline: ManifestVersionRecord | undefined
  let standing: Standing | undefined
  for (const newest of versions) {
    const required = (baseline ?? newest).manifest.signOff
    const signatures = state.signatures(agent, newest.version).filter((signature) => holds(signature, newest, state))
    const signed = coversRoles(required, signatures)
    standing = { newest, signed, required, signatures, ...(baseline && { baseline }) }
    if (signed) baseline = newest
  }
  return standing
}

function holds(signature: SignatureRecord, version: ManifestVersionRecord, state: State): boolean {
  if (signature.hash !== version.hash) return false
  return isSigned(signature, signature, state)
}

/** How a person signed: with a key of their own, or with a passkey over the request. */
export type Signed = Pick<SignatureRecord, 'signature' | 'confirmation'>

/** Whether the person it names signed exactly this, one way or the other. */
export function isSigned(signable: Signable, { signature, confirmation }: Signed, state: State): boolean {
  const user = state.user(signable.user)
  if (user === undefined) return false
  if (confirmation) {
    const { user: id, agent, version, hash, role, reason } = signable
    const request = { verb: 'manifest.sign', input: { agent, version, hash, role, reason }, user: id }
    return isConfirmed(confirmation, request, state.passkey(confirmation.assertion.credential))
  }
  if (signature === undefined || user.publicKey === undefined) return false
  return verifyEd25519(user.publicKey, signableBytes(signable), Buffer.from(signature, 'base64'))
}

/** Whether every required role can be given to a signature of its own, no person counted twice. At most five roles. */
function coversRoles(
  required: readonly string[],
  signatures: readonly SignatureRecord[],
  taken: ReadonlySet<string> = new Set(),
): boolean {
  const [role, ...others] = required
  if (role === undefined) return true
  return signatures.some(
    (signature) =>
      signature.role === (role as Role) &&
      !taken.has(signature.user) &&
      coversRoles(others, signatures, new Set([...taken, signature.user])),
  )
}
