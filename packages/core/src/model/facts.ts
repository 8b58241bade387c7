import type { CompiledManifest } from '../decide/compile.ts'
import type { Scope } from './manifest.ts'

/** What `gather` read, once, and what `reserve` took. `decide` sees nothing else, so replaying the same facts gives the same decision. */
export interface Facts {
  readonly nowMs: number
  /** The agent's current manifest, compiled; absent when it has none. */
  readonly manifest?: CompiledManifest
  readonly isolation: { readonly isolated: boolean; readonly epoch: number }
  /** Standing of the tool an action names; absent for other kinds. */
  readonly tool?: ToolFacts
  /** Budgets reserved for this act, all or none. */
  readonly budget: { readonly reserved: boolean; readonly keys: readonly string[]; readonly limit?: string; readonly retryAfterMs?: number }
}

export interface ToolFacts {
  /** `unverifiable`: the server could not be asked for its definitions. */
  readonly state: 'approved' | 'unreviewed' | 'colliding' | 'unknown' | 'unverifiable'
  readonly definitionHash?: string
  /** The reviewed effect. */
  readonly effect?: Scope
  /** Violations of the pinned input schema: a JSON pointer and a message, bounded, without values. */
  readonly violation?: Violation
}

export interface Violation {
  readonly path: string
  readonly message: string
}

/** Compiled JSON Schema 2020-12. Pure; never fetches; linear-time patterns. `undefined` means valid. */
export type Validate = (value: unknown) => Violation | undefined
