import type { TrustLevel } from './channel.ts'

/** How far content may be believed, least first. Derived content has the lowest of what it was made from. */
export const INTEGRITY_LEVELS = ['unknown', 'web', 'email', 'document', 'agent', 'api', 'internal', 'user', 'system'] as const
export type Integrity = (typeof INTEGRITY_LEVELS)[number]

/** Whether content may carry somebody else's wishes: everything that is neither an API, nor internal, nor the user's or the system's own. */
export function isTainted(integrity: Integrity): boolean {
  return INTEGRITY_LEVELS.indexOf(integrity) < INTEGRITY_LEVELS.indexOf('api')
}

/** The lower of two: what content made from both is worth. */
export function lower(a: Integrity, b: Integrity): Integrity {
  return INTEGRITY_LEVELS.indexOf(a) <= INTEGRITY_LEVELS.indexOf(b) ? a : b
}

/** A source's integrity is what the operator said of its trust, never what it says of itself. */
export function integrityOf(trust: TrustLevel): Integrity {
  return trust
}
