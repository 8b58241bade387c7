/** One thing that is remembered of a session, sealed by its caller. */
export interface SessionItem {
  /** Its place among all of its session, from 1, without gaps that matter. */
  readonly seq: number
  readonly sealed: Uint8Array
}

/** Most items that one reading returns. */
export const SESSION_PAGE_ITEMS_MAX = 10_000

/** What is remembered of sessions, for as long as they may go on. The store sees neither contents nor names. */
export interface SessionStore {
  /** Whether other gateways write to it too, so that a session must be read again before each decision. */
  readonly isShared: boolean
  /**
   * Adds to a session. Survives the end of the process when it resolves, and that of the machine where it `mustLast`.
   * @param session 64 hexadecimal digits.
   * @param how.owner Keyed name of the person whose session it is, 64 hexadecimal digits; absent for nobody’s.
   * @returns The place of the last item.
   * @throws GatewayError `STORE_UNAVAILABLE`
   */
  append(
    session: string,
    items: readonly Uint8Array[],
    how: { readonly nowMs: number; readonly mustLast: boolean; readonly owner?: string },
  ): Promise<number>
  /** Items after a place, in order, at most `SESSION_PAGE_ITEMS_MAX` at once. @throws GatewayError `STORE_UNAVAILABLE` */
  read(session: string, after: number): Promise<readonly SessionItem[]>
  /** Forgets a session; only what comes before a place, where one is given. */
  erase(session: string, before?: number): Promise<void>
  /** Whose session it is; nothing for nobody’s, and for one that holds nothing. */
  owner(session: string): Promise<string | undefined>
  /** Sessions of a person, by their names here. */
  owned(owner: string): Promise<readonly string[]>
  /** Forgets everything that was added before a moment; returns how many items. */
  expire(beforeMs: number): Promise<number>
  close(): Promise<void>
}
