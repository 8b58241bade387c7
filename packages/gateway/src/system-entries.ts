import type { AuditLog } from '@sallyport/core'
import type { OperatorLog } from './operator-log.ts'

/** Something the gateway did to its own state. */
export interface SystemAct {
  readonly verb: string
  readonly target?: string
  readonly detail: Readonly<Record<string, string | number | boolean | string[]>>
}

/** Records acts of the gateway itself. Nobody waits for these entries; one that cannot be written goes to the operator's log. */
export function systemEntries(audit: Pick<AuditLog, 'append'>, log: OperatorLog): (act: SystemAct) => void {
  const actor = { type: 'system' as const, id: 'sallyport' }
  return ({ detail, ...act }) => {
    audit
      .append({ type: 'admin', actor, ...act, detail: { ...detail }, outcome: 'done' })
      .catch((error: unknown) => log('an entry could not be written', error))
  }
}
