import type { SecurityEvent } from './security-event.ts'
import type { AlertClass, Severity } from './severity.ts'

/** How the gateway itself is doing, measured over the last few seconds. */
export interface HealthSample {
  readonly timeMs: number
  /** Slowest hundredth of acts, in milliseconds; absent when there were none. */
  readonly p99Ms?: number
  readonly acts: number
  /** Acts that failed at the tool server or on the way to it. */
  readonly failures: number
  /** Longest delay of the event loop. */
  readonly loopDelayMs: number
}

/** What a rule looks at: one event of the log, or one measurement. */
export type Observation =
  | { readonly type: 'event'; readonly event: SecurityEvent }
  | { readonly type: 'sample'; readonly sample: HealthSample }

/** Something people should know of. */
export interface Incident {
  readonly class: AlertClass
  readonly severity: Severity
  /** For people; names and numbers only, no text an agent chose. */
  readonly message: string
  /** Agent, sink, witness or replica it is about; the same one is not reported twice within `QUIET_MS`. */
  readonly subject?: string
  readonly agent?: string
  /** How often it was seen. */
  readonly count: number
}

/**
 * Watches for one thing. Pure but for its own state, which is bounded; `rules.contract.ts` holds every rule to that. It never
 * sees alerts, so none can raise another.
 */
export interface Rule<S, O> {
  /** The name of its folder. */
  readonly id: string
  readonly initial: () => S
  readonly step: (state: S, observation: Observation, options: O) => readonly Incident[]
}

/** Declares a rule; the list of all is `rules/index.ts`. */
export function defineRule<S, O>(rule: Rule<S, O>): Rule<S, O> {
  return rule
}
