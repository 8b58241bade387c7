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

/**
 * Durable records of the control plane: agents, credentials, people, manifests, reviews. One process holds it at a time, so
 * what it read at start plus its own commits is the truth.
 */
export interface StateStore {
  /**
   * Every record, in order of kind and key. Values are what was committed, or the call fails.
   * @throws GatewayError `STORE_UNAVAILABLE` when a stored value is damaged.
   */
  load(): Iterable<StateRecord>
  /**
   * All changes or none, durable (`fsync`) on return.
   * @throws GatewayError `CONFLICT` when an inserted record exists, `STORE_UNAVAILABLE` when nothing can be made durable.
   */
  commit(changes: readonly StateChange[]): void
  /** Lets another process in. Every later call fails. */
  close(): void
}

/** Largest stored value, in UTF-8 bytes. A manifest of 1 MiB with its text fits. */
export const STATE_VALUE_BYTES_MAX = 4 * 1_048_576
/** Most changes in one commit. */
export const STATE_CHANGES_MAX = 10_000
