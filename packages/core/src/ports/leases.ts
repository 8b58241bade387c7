/** Which replica does what only one may do at a time: sending to a SIEM, asking witnesses, pruning. */
export interface Leases {
  /**
   * Takes or renews a lease. `true`: nobody else holds it until `ttlMs` after this call began, by this process's monotonic
   * clock. Never throws: a store that cannot be asked answers `false`.
   */
  hold(name: string, ttlMs: number): Promise<boolean>
  /** Gives a lease back early. */
  release(name: string): Promise<void>
}
