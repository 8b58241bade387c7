import type {
  GuardFacts,
  Inspectable,
  Inspected,
  Json,
  JsonObject,
  Principal,
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
  /** What decisions need to know of the guard, for an act on this origin. */
  facts(principal: Principal, origin: Origin): GuardFacts
  /** Puts back what placeholders of this session stand for, where the recipient is cleared for it. */
  restore(value: JsonObject, recipient: Recipient): JsonObject
  /** The arguments as they may leave: what policy wants redacted is replaced by placeholders. */
  redact(value: JsonObject, inspected: Inspected, recipient: Recipient): JsonObject
  /** Judges what came back and rewrites what passes: cut, redacted, sanitised. Marked as foreign by `wrap`, which comes last. */
  release(releasing: Releasing, shape: { readonly cleared: readonly string[]; readonly isConsequential: boolean }): GuardedResult
  /** Marks texts as foreign, in the content blocks of a result. */
  wrap(content: JsonObject, origin: Origin): JsonObject
  /**
   * Listens to what a server says while it works: one listener for one call, since what is said in pieces counts as a whole.
   * Gives back what may be passed on of each; `undefined` for nothing.
   */
  listen(principal: Principal, origin: Origin): Listener
  /** What detectors say of a tool definition, among the names of other servers' tools. */
  define(definition: ToolDefinition, otherTools: readonly string[]): readonly Finding[]
}

/** @param words A message: a text, or a value. */
export type Listener = (words: Json) => Json | undefined

export type GuardedResult = Pick<Released, 'effect' | 'reasons' | 'content' | 'isQuarantined' | 'source'>
