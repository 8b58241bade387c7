import type {
  ArgumentReceiver,
  StreamScan,
  GuardFacts,
  Inspectable,
  Inspected,
  Json,
  JsonObject,
  Principal,
  ReasonCode,
  Releasing,
  Released,
  ToolDefinition,
  Finding,
} from '@sallyport/core'

/** Where content comes from, by server and, where one is named, tool, resource or prompt. */
export interface Origin {
  readonly server?: string
  readonly name?: string
}

/** Who is about to receive something, and what they are cleared for. */
export interface Recipient {
  readonly principal: Principal
  /** Classes the grant names. */
  readonly cleared: readonly string[]
}

/**
 * Everything the gateway does with content besides carrying it: one guard for all protocols, directions and formats. It
 * reports and rewrites; whether something happens is for `decide`.
 */
export interface Guard {
  /** Runs the detectors over arguments or over what came back. Remembers the classes a session has seen. */
  inspect(principal: Principal, content: Inspectable): Inspected | Promise<Inspected>
  /** What `inspect` would report of arguments; no session remembers any of it. */
  preview(principal: Principal, content: Inspectable): Inspected | Promise<Inspected>
  /** What decisions need to know of the guard, for an act on this origin. */
  facts(principal: Principal, origin: Origin): GuardFacts
  /** Puts back what placeholders of this session stand for, where the recipient is cleared for it. */
  restore(value: JsonObject, recipient: Recipient): JsonObject
  /** The arguments as they may leave: what policy wants redacted is replaced by placeholders. */
  redact(value: JsonObject, inspected: Inspected, recipient: Recipient): JsonObject
  /** Judges what came back and rewrites what passes: cut, redacted, sanitised. Marked as foreign by `wrap`, which comes last. */
  release(releasing: Releasing, shape: ReleaseShape): GuardedResult
  /** Whether policy replaces what a finding is about, for a receiver cleared for `cleared`. */
  redacts(finding: Finding, cleared: readonly string[]): boolean
  /** Opens scans for the texts of a model's answer that is passed on while it comes. */
  answer(terms: AnswerTerms): () => StreamScan<Finding>
  /** Marks texts as foreign, in the content blocks of a result. */
  wrap(content: JsonObject, origin: Origin): JsonObject
  /** Opens what a server and the agent's client may say to each other during one call, which is no part of its result. */
  talk(origin: Origin, party: TalkParty): Talk
  /** Judges one item of a list by where it comes from: `item` as it may be shown, absent when it may not. */
  listed(principal: Principal, origin: Origin, item: JsonObject): ListedItem | Promise<ListedItem>
  /** What detectors say of a tool definition, among the names of other servers' tools. */
  define(definition: ToolDefinition, otherTools: readonly string[]): readonly Finding[]
}

export interface ReleaseShape {
  /** Classes the agent may see. */
  readonly cleared: readonly string[]
  readonly isConsequential: boolean
  /** Classes whose placeholders become values again; of a model's answer. */
  readonly restore?: readonly string[]
}

/** Who a model's answer is for. */
export interface AnswerTerms {
  readonly principal: Principal
  readonly cleared: readonly string[]
  readonly restore: readonly string[]
}

/** Who would get what a client answers. */
export interface TalkParty {
  readonly principal: Principal
  readonly receiver: ArgumentReceiver
}

/** What a record must say of things seen besides a result. */
export interface Noted extends Pick<Inspected, 'findings' | 'classes'> {
  readonly reasons: readonly ReasonCode[]
}

export interface ListedItem {
  readonly item?: JsonObject
  readonly noted: Noted
}

/** One call's talk, judged as it goes; `undefined` stands for what may not be passed on. */
export interface Talk {
  /** A message of the server, a text or a value: texts of one call are one stream, since what is said in pieces counts as a whole. */
  hear(words: Json): Json | undefined
  /** A question of the server to the client. */
  ask(question: JsonObject): Promise<JsonObject | undefined>
  /** The client's answer to it: a person's words on their way out. */
  answer(given: JsonObject): Promise<JsonObject | undefined>
  noted(): Noted
}

export type GuardedResult = Pick<Released, 'effect' | 'reasons' | 'content' | 'isQuarantined' | 'source'>
