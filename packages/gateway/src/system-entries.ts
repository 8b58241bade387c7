import type { AuditLog } from '@sallyport/core'
import type { OperatorLog } from './operator-log.ts'

/** The gateway itself, as the log names it. */
export const SYSTEM_ACTOR = { type: 'system', id: 'sallyport' } as const

/** Something the gateway did to its own state. */
export interface SystemAct {
  readonly verb: string
  readonly target?: string
  readonly detail: Readonly<Record<string, string | number | boolean | string[]>>
}

/** Records acts of the gateway itself. Nobody waits for these entries; one that cannot be written goes to the operator's log. */
export function systemEntries(audit: Pick<AuditLog, 'append'>, log: OperatorLog): (act: SystemAct) => void {
  return ({ detail, ...act }) => {
    audit
      .append({ type: 'admin', actor: SYSTEM_ACTOR, ...act, detail: { ...detail }, outcome: 'done' })
      .catch((error: unknown) => log('an entry could not be written', error))
  }
}
