import type { ReasonCode } from '../reasons.ts'

/** Effects in order of strictness: a later one overrides an earlier one. */
export const EFFECTS = ['allow', 'require_approval', 'deny'] as const
export type Effect = (typeof EFFECTS)[number]

/** One rule's effect with its reason. In `observe` mode it counts for `evaluated` only. */
export interface Vote {
  readonly rule: string
  readonly effect: Effect
  readonly reason: ReasonCode
  readonly mode: 'enforce' | 'observe'
  /** Where or what, in words safe for the agent: a path, a limit, never a value from the call. */
  readonly detail?: string
  /** Wait before a retry can succeed. */
  readonly retryAfterMs?: number
}

/** What the gateway must do when it allows. In `observe` mode it only reports what it would have done. */
export type Obligation =
  /** Data of classes the receiver is not cleared for leaves as placeholders. */
  | { readonly type: 'redact'; readonly mode: Vote['mode']; readonly cleared: readonly string[] }
  | { readonly type: 'project_fields'; readonly mode: Vote['mode']; readonly fields: readonly string[] }
  | {
      readonly type: 'filter_rows'
      readonly mode: Vote['mode']
      readonly entities: Readonly<Record<string, string | number | boolean>>
    }

/** The combined result. `enforced` rules; `evaluated` is what it would be with every rule in enforce mode. */
export interface Decision {
  readonly evaluated: Effect
  readonly enforced: Effect
  readonly reasons: readonly ReasonCode[]
  readonly votes: readonly Vote[]
  readonly obligations: readonly Obligation[]
  readonly retryAfterMs?: number
  /** The approval it rests on, which is used up before the act. */
  readonly approval?: string
}
