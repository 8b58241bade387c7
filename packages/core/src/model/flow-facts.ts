import type { Integrity } from './integrity.ts'

/** Who content came from. `unknown` for what the gateway cannot attribute, such as history it never saw. */
export const ORIGINS = ['system', 'user', 'tool', 'retrieval', 'agent', 'model', 'unknown'] as const
export type OriginKind = (typeof ORIGINS)[number]

/** One place a value was found in. */
export interface ValueOrigin {
  readonly origin: OriginKind
  /** `server.tool`, where it came from one. */
  readonly source?: string
  readonly integrity: Integrity
  /** Classes of data that the operator said the source holds. */
  readonly classes: readonly string[]
  /** Entry of the decision on the act by which it came. */
  readonly entry?: number
}

/** What kind of thing an argument names, by its form or by its field. */
export const SLOT_KINDS = ['recipient', 'url', 'account', 'path', 'amount', 'declared', 'other'] as const
export type SlotKind = (typeof SLOT_KINDS)[number]

/** One argument that decides where an act goes, and where its value was found. Never the value. */
export interface TracedSlot {
  /** JSON pointer into the arguments. */
  readonly path: string
  /** Dotted name, without positions in lists, as a manifest names it. */
  readonly field: string
  readonly kind: SlotKind
  /** Whether the grant's list of approved values holds it. */
  readonly isApproved: boolean
  readonly origins: readonly ValueOrigin[]
}

/** What is known of the content of a session when an act is decided. */
export interface FlowFacts {
  /** Of the least trusted content that entered the session. */
  readonly integrity: Integrity
  /** Classes of data that entered it, sorted. */
  readonly classes: readonly string[]
  /** Whether the session's model asked for this call: the same arguments, the same tool, or neither. */
  readonly link: 'certain' | 'likely' | 'none'
  /** Entry of the decision on the model call that asked for it. */
  readonly asked?: number
  readonly slots: readonly TracedSlot[]
}
