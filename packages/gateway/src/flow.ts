import type { Action, CompiledGrant, FlowFacts, Integrity, Json, OriginKind, Principal } from '@sallyport/core'

/** Content that entered a session: what its model may have read. */
export interface Entered {
  readonly origin: OriginKind
  /** The tool, prompt or resource, where it came from one. */
  readonly server?: string
  readonly name?: string
  readonly integrity: Integrity
  /** Classes of data that were seen in it or that its source is said to hold. */
  readonly classes: readonly string[]
  /** Those that the operator says its source holds: every value of it is of these classes. */
  readonly declared?: readonly string[]
  /** The content itself; kept sealed, bounded, and only to find where arguments came from. */
  readonly value: Json
  /** Entry of the decision on the act by which it came. */
  readonly entry?: number
}

/** A tool call that a model asked for: the act that follows with the same name and arguments is linked to it. */
export interface Intended {
  /** The model's own id of the call. */
  readonly id: string
  /** Name as the agent's model knows it: `server__tool`, perhaps with a prefix of its client. */
  readonly name: string
  readonly args: Json
  /** Entry of the decision on the model call that asked for it. */
  readonly entry?: number
}

/** What a session learns at once. */
export interface Learnt {
  /** Content that entered it. */
  readonly texts?: readonly Entered[]
  /** What its model asked for, before the agent hears of it. */
  readonly calls?: readonly Intended[]
  /** Keyed digests of messages that were delivered. */
  readonly delivered?: readonly string[]
}

export interface Recalled {
  readonly delivered: ReadonlySet<string>
  readonly classes: readonly string[]
}

/** What the gateway knows of the content of sessions: one memory for all protocols, shared by all replicas. */
export interface Flow {
  /** Remembered when it resolves: what was not remembered is not released. @throws GatewayError `STORE_UNAVAILABLE` */
  remember(principal: Principal, learnt: Learnt): Promise<void>
  /** Which of these digests were delivered in this session, and the classes of data that entered it, wherever it was served. */
  recall(principal: Principal, digests: readonly string[]): Promise<Recalled>
  /** What is to be known of the session for an act, under its grant. */
  facts(principal: Principal, action: Action, grant: CompiledGrant | undefined): Promise<FlowFacts>
  /** The same for an act that is only asked about: the session does not count as used, nor what it was told. */
  peek(principal: Principal, action: Action, grant: CompiledGrant | undefined): Promise<FlowFacts>
}
