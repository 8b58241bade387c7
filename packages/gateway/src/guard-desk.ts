import type { Channel } from '@sallyport/core'
import type { GuardConfig } from './config-guard.ts'

/** A model that judges texts. */
export interface GuardModel {
  readonly name: string
  /** Of the weights, hex. */
  readonly sha256: string
  /** Day it was trained, `2026-11-26`. */
  readonly trainedOn: string
}

/** What inspects content now. */
export interface GuardInForce {
  readonly policy: GuardConfig
  /** SHA-256 over policy, detectors and models. */
  readonly hash: string
  /** Ids, sorted. */
  readonly detectors: readonly string[]
  readonly models: readonly GuardModel[]
  /** Configured servers, and whether a person described what their content is (R289). */
  readonly servers: ReadonlyMap<string, { readonly isProfiled: boolean }>
}

/** Kinds of attack that the suite holds (R259). */
export const SUITE_CATEGORIES = [
  'direct',
  'indirect',
  'tool_abuse',
  'exfiltration',
  'escalation',
  'memory',
  'supply_chain',
] as const
export type SuiteCategory = (typeof SUITE_CATEGORIES)[number]

/** How one attack of the suite and its harmless twin fared. */
export interface SuiteOutcome {
  readonly id: string
  readonly category: SuiteCategory
  readonly channel: Channel
  /** Whether the attack did not reach whom it was meant for. */
  readonly isStopped: boolean
  /** Whether the twin did. */
  readonly isPassed: boolean
}

/** What people's verbs ask of the guard. */
export interface GuardDesk {
  inForce(): GuardInForce
  /**
   * Sends the attack suite through the guard that serves calls.
   * @throws GatewayError `UPSTREAM_UNAVAILABLE` where no gateway runs.
   */
  test(): Promise<readonly SuiteOutcome[]>
}
