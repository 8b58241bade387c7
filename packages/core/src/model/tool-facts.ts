import type { Scope } from './manifest.ts'

/** Standing of the tool an action names. */
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
