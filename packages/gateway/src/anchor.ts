import type { ReadFile } from '@sallyport/core'
import type { LogHead } from './log-store.ts'

/** What an anchor is asked to hold. */
export interface AnchorTarget {
  /** The signed checkpoint. */
  readonly note: string
  readonly head: LogHead
  /** The log, of which an anchor may copy what the checkpoint covers. */
  readonly files: ReadFile
  /** Entries that earlier calls covered; 0 when nobody knows, and then everything is offered again. */
  readonly since: number
}

/**
 * A place outside the operator's reach that holds a log to its word: what it was given cannot be taken back, so a log that was
 * rewritten, even with the key and the database in hand, contradicts it.
 */
export interface Anchor {
  readonly id: string
  /**
   * Resolves once the outside holds the checkpoint. Doing it twice does no harm, and never replaces what is there.
   * @throws GatewayError `AUDIT_INVALID` when the outside holds something else in that place: the log or the place was tampered with;
   * `UPSTREAM_*` when it cannot be asked or answers wrongly.
   */
  anchor(target: AnchorTarget): Promise<void>
  close(): Promise<void>
}

/** Where one anchor stands. */
export interface AnchorReport {
  readonly id: string
  /** Entries it covers. */
  readonly size: number
  /** When it last took a checkpoint; absent before the first one in this run. */
  readonly atMs?: number
  /** Code of the failure since then. */
  readonly problem?: string
}
