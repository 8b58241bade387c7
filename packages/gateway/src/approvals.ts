import type { Action, ApprovalFacts, ApprovalRecord, ApprovalState, Asking, Facts, Principal, Waiting } from '@sallyport/core'

/** People who are asked about acts, as the data path sees them. */
export interface Approvals {
  /** What `gather` knows of it: nothing where nobody could decide. Synchronous, from the state in memory. */
  facts(
    principal: Principal,
    action: Action,
    facts: Pick<Facts, 'manifest' | 'tool' | 'guard' | 'isolation'>,
  ): ApprovalFacts | undefined
  /**
   * Asks, or attaches to the request that waits already; durable when it resolves.
   * @throws GatewayError `LIMIT_OVERLOADED` when too many acts of the agent wait
   */
  ask(asking: Asking): Promise<Waiting>
  /** Uses an approval up, once among all gateways; `false` when it cannot be used any more. */
  consume(approval: ApprovalRecord): Promise<boolean>
  /** Where a request stands as soon as it does not wait any more, or when the time is over, or the caller is gone. */
  settled(id: string, how: { readonly withinMs: number; readonly signal: AbortSignal }): Promise<ApprovalState>
  /** A request as it stands now, whichever gateway changed it. @throws GatewayError `STORE_UNAVAILABLE` */
  request(id: string): Promise<ApprovalRecord | undefined>
  /** Ends a request that was not used, because its agent wants it no more. */
  withdraw(id: string): Promise<void>
  /** How long a call may wait for people before its caller is told to come back. */
  readonly holdMs: () => number
}
