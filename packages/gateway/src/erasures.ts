import type { VaultCount } from '@sallyport/core'
import type { HoldNotice } from './holds.ts'

/** What the vault and the log hold of one person. */
export interface Occurrences {
  /** Pseudonym in the log; absent for whom only sessions know. */
  readonly token?: string
  readonly keys: number
  readonly counts: readonly VaultCount[]
  /** Sessions that remember what the person, as their user, said and was told. */
  readonly sessions: number
  /** Entries that carry the pseudonym; absent where this process may not read the log. */
  readonly entries?: { readonly count: number; readonly first?: number; readonly last?: number; readonly isComplete: boolean }
  /** What forbids the erasure now. */
  readonly holds: readonly HoldNotice[]
}

export interface ErasureRequest {
  readonly subject: string
  readonly authority: string
  /** The person who asks for it. */
  readonly by: string
}

/** `nothing`: the vault does not know the person. `waiting`: holds forbid it; it runs by itself when they end. */
export type Erased =
  | { readonly status: 'nothing' }
  | { readonly status: 'waiting'; readonly id: string; readonly found: Occurrences }
  | {
      readonly status: 'erased'
      readonly id: string
      /** What was there; absent when a crash came after the first key was destroyed. */
      readonly found?: Occurrences
      readonly certificate: number
      /** Proof that the certificate is in the log, which anyone can verify; absent where this process may not read the log. */
      readonly receipt?: string
      /** Whether older copies of the keys are dead too; `false` with a key source that cannot destroy a version. */
      readonly isDestroyed: boolean
    }

/** Erases people from the vault, and the way from a person to what the log says of them. */
export interface Erasures {
  /** Changes nothing. `undefined` for a person the vault does not know. */
  find(subject: string): Promise<Occurrences | undefined>
  /** @throws GatewayError `VAULT_UNAVAILABLE`, `AUDIT_UNAVAILABLE`: asked again it goes on where it stopped. */
  request(request: ErasureRequest): Promise<Erased>
  /** Finishes what a crash interrupted and runs what no hold forbids any more. Called at start, when a hold ends, and by the clock. */
  resume(): Promise<void>
}
