import type { Scope } from '../model/manifest.ts'

/** Reviewed effects each granted scope covers. Irreversible scopes do not cover `write`: they are grants for one verb. */
const COVERS: Readonly<Record<Scope, ReadonlySet<Scope>>> = {
  read: new Set(['read']),
  write: new Set(['read', 'write']),
  send: new Set(['read', 'send']),
  delete: new Set(['read', 'delete']),
  transact: new Set(['read', 'transact']),
}

/** Whether a grant of this scope may run a tool whose reviewer said that it does this. */
export function coversEffect(scope: Scope, effect: Scope): boolean {
  return COVERS[scope].has(effect)
}
