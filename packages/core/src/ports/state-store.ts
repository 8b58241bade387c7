import type { Json } from '../model/json.ts'

/** One record: `kind` and `key` name it, `value` is plain JSON. */
export interface StateRecord {
  readonly kind: string
  readonly key: string
  readonly value: Json
}

/** `insert` fails when the record exists; `put` writes it either way; `delete` of an absent record does nothing. */
export type StateChange =
  | { readonly op: 'insert' | 'put'; readonly kind: string; readonly key: string; readonly value: Json }
  | { readonly op: 'delete'; readonly kind: string; readonly key: string }

/** What changed after a revision; an absent `value` means the record was deleted. */
export interface StateDelta {
  /** The newest revision this reflects. */
  readonly revision: number
  /** Whether `records` is all there is, so that what it does not name does not exist. True for revision 0. */
  readonly isComplete: boolean
  readonly records: readonly { readonly kind: string; readonly key: string; readonly value?: Json }[]
}

/**
 * Durable records of the control plane: agents, credentials, people, manifests, reviews. An embedded store is held by one
 * process; a shared one by any number, which each follow its revisions: every commit makes the next one, in commit order.
 */
export interface StateStore {
  /** Whether other processes may commit too, so that what this one read grows old. */
  readonly isShared: boolean
  /**
   * Everything committed after `revision`, ordered by kind and key; revision 0 is before the first commit. A store that no
   * longer knows what was deleted since then answers with everything. Values are what was committed, or the call fails.
   * @throws GatewayError `STORE_UNAVAILABLE` when a stored value is damaged or the store cannot be asked.
   */
  since(revision: number): Promise<StateDelta>
  /**
   * All changes or none, durable (`fsync`) when it resolves, with the revision it made.
   * @param basis The revision the changes were computed from. Without it they go through whatever happened since.
   * @throws GatewayError `CONFLICT` when an inserted record exists, `STORE_MOVED` when somebody committed after `basis`,
   * `STORE_UNAVAILABLE` when nothing can be made durable or nobody knows whether it was.
   */
  commit(changes: readonly StateChange[], basis?: number): Promise<number>
  /** Lets the store go, and an embedded one another process in. Every later call fails. */
  close(): Promise<void>
}

/** Largest stored value, in UTF-8 bytes. A manifest of 1 MiB with its text fits. */
export const STATE_VALUE_BYTES_MAX = 4 * 1_048_576
/** Most changes in one commit. */
export const STATE_CHANGES_MAX = 10_000
