/**
 * How far each follower of the audit log has come. A position is stored only after everything before it was delivered, so a
 * crash repeats entries and never skips one.
 */
export interface CursorStore {
  /** Index of the next entry to deliver; 0 for an unknown follower. */
  get(name: string): Promise<number>
  /** Durable when it resolves. @throws GatewayError `STORE_UNAVAILABLE` */
  set(name: string, next: number): Promise<void>
}
