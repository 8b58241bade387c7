/** What the audit explorer looks for; all of it is in the address. */
export interface AuditSearch {
  readonly agent?: string
  readonly user?: string
  readonly tool?: string
  readonly effect?: string
  readonly session?: string
  readonly from?: number
}
