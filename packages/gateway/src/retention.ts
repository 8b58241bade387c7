import type { DataClass, RecordClass, RetentionConflict } from '@sallyport/core'

/** Where retention stands now. Nothing is deleted by looking. */
export interface RetentionPlan {
  /** The first entry that is still in the log. */
  readonly from: number
  /** Entries before this index can be pruned now. */
  readonly to: number
  /** Entries among them that are set aside with their proofs first. */
  readonly setAside: number
  /** The first entry that must stay, and why. */
  readonly stoppedBy?: { readonly index: number; readonly why: string }
  /** Days by agent and class of record; agent `*` is what belongs to no agent. `null` for never. */
  readonly terms: readonly {
    readonly agent: string
    readonly class: string
    readonly record: RecordClass
    readonly days: number | null
  }[]
  /** Floors above ceilings that wait for a person. */
  readonly conflicts: readonly (RetentionConflict & { readonly agent: string })[]
  /** Contents of the vault older than this, by class; `null` for never. */
  readonly payloads: readonly { readonly class: DataClass; readonly beforeMs: number | null }[]
}

/** Keeps records as long as they must be kept and no longer. */
export interface Retention {
  plan(): Promise<RetentionPlan>
  /**
   * Deletes what the plan names.
   * @param to Stop here; deleting what has not expired is refused.
   * @throws GatewayError `CONFLICT` when `to` reaches an entry that must be kept
   */
  run(authority: string, to?: number): Promise<RetentionPlan>
  /** @throws GatewayError `CONFLICT`, naming the entry that must be kept */
  requireExpired(to: number): Promise<void>
  /** Deletes expired content of the vault and copies of released holds, and reports holds whose review is due. */
  sweep(): Promise<void>
}

/** Deletes the vault's content of a class from months before this one; returns how many contents went. */
export type ExpireContents = (expired: { readonly class: DataClass; readonly beforeMonth: string }) => Promise<number>
