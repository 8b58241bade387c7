import type { Integrity, Json, Principal } from '@sallyport/core'

/** Content that entered a session: what its model may have read. */
export interface Entered {
  /** Who it came from. `unknown` for what the gateway cannot attribute, such as history it never saw. */
  readonly origin: 'system' | 'user' | 'tool' | 'retrieval' | 'agent' | 'model' | 'unknown'
  /** The tool, prompt or resource, where it came from one. */
  readonly server?: string
  readonly name?: string
  readonly integrity: Integrity
  /** Classes of data declared or detected. */
  readonly classes: readonly string[]
  /** The content itself; kept sealed, bounded, and only to find where arguments came from. */
  readonly value: Json
}

/** A tool call that a model asked for: the act that follows with the same name and arguments is linked to it. */
export interface Intended {
  /** The model's own id of the call. */
  readonly id: string
  /** Name as the agent's model knows it: `server__tool`. */
  readonly name: string
  readonly args: Json
}

/** What the gateway knows of the content of sessions: one memory for all protocols, shared by all replicas. */
export interface Flow {
  /** Durable when it resolves: what was not remembered is not released. */
  enter(principal: Principal, content: readonly Entered[]): void | Promise<void>
  /** Remembers what a model asked for, before the agent hears of it. */
  intend(principal: Principal, calls: readonly Intended[]): void | Promise<void>
  /** Remembers keyed digests of messages that were delivered. */
  deliver(principal: Principal, digests: readonly string[]): void | Promise<void>
  /** Which of these digests were delivered in this session. */
  delivered(principal: Principal, digests: readonly string[]): Promise<ReadonlySet<string>>
}
