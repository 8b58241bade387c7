import type { AuditLog, NoteKey, ReadFile, StoredEntry } from '@sallyport/core'

/** Most bytes of entries that wait to be written; beyond it appends are refused. */
export const QUEUE_BYTES_MAX = 64 * 1_048_576

/** What the newest checkpoint states. */
export interface LogHead {
  readonly size: number
  readonly rootHex: string
}

/** Told of every new checkpoint once it is durable, in order. What it throws does not touch the log. */
export type CheckpointListener = (note: string, head: LogHead) => void | Promise<void>

/** The audit log as the gateway holds it, whichever adapter keeps it. */
export interface LogStore extends AuditLog {
  /** Key that checkpoints verify with; its name is the log's origin. */
  readonly key: NoteKey
  /** Signed statements about the keys the log had, for verifiers; absent or empty while there was one only. */
  readonly keyHistory?: string
  /** The log as the files of C2SP tlog-tiles: what verifiers, proofs, exports and followers read. */
  readonly files: ReadFile
  /** Signs what is durable; returns the newest checkpoint, a new one only if there are entries it does not cover. */
  checkpoint(): Promise<string>
  /** The newest checkpoint this process knows. @throws GatewayError `AUDIT_UNAVAILABLE` before the first one */
  head(): LogHead & { readonly note: string }
  /** Durable entries, newest first, as long as they are not older than `untilMs`. */
  readBack(untilMs: number): AsyncGenerator<StoredEntry>
  /** Returns how to stop listening. */
  onCheckpoint(listener: CheckpointListener): () => void
  /**
   * Removes the bundles of entries before `to`, lowest first, each durably, and keeps every hash tile. Only `pruneLog` calls it: it
   * has recorded that first.
   * @param permit Index of the `log.pruned` entry that names `to` or more.
   * @throws GatewayError `CONFLICT` when that entry does not say so or the newest checkpoint does not cover it.
   */
  removeBelow(to: number, permit: number): Promise<void>
  /** Waits for what was appended, signs a last checkpoint and lets the log go. */
  close(): Promise<void>
}
