import type { Entry, EntryBody } from '../model/entry.ts'

/** The append-only record. One sequencer per log. */
export interface AuditLog {
  /**
   * Numbers, dates and stores an entry. Resolves with its index once it is durable (group commit, `fdatasync`), in the order
   * of the calls. There is no update and no delete.
   * @throws GatewayError `AUDIT_UNAVAILABLE` when it cannot be made durable; every later call fails too until reopened.
   */
  append(body: EntryBody): Promise<number>
  /** Entries `from` (inclusive) to `to` (exclusive), durable ones only, oldest first. */
  read(from: number, to: number): Promise<Entry[]>
  /** Number of durable entries; in a shared log, of all replicas together. */
  size(): Promise<number>
}
