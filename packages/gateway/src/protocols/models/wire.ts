import type { ActionKind, At, JsonObject, Place, TokenUsage, UsageBound } from '@sallyport/core'
import type { Dialect } from './dialect.ts'

/** A tool call as a model asks for it; arguments as the text it wrote. */
export interface ModelCall {
  readonly id: string
  readonly name: string
  readonly args: string
}

/** One message of a conversation, whatever its wire. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly text: string
  readonly calls: readonly ModelCall[]
  /** Of a tool's message: the call it answers. */
  readonly callId?: string
}

/** What a request asks of a model. */
export interface Ask {
  readonly model: string
  readonly streams: boolean
  readonly turns: readonly Turn[]
  readonly places: readonly Place[]
  /** What it uses beyond text and the agent's own tools; what this gateway does not know is named here too. */
  readonly features: readonly string[]
  /** Answers it asks for, and how long they may be. */
  readonly bound: Omit<UsageBound, 'inputTokens'>
  /** For the record: numbers, switches and short words. */
  readonly params: Readonly<Record<string, string | number | boolean>>
}

/** What a model said, whatever its wire. */
export interface Said {
  readonly text: string
  readonly calls: readonly ModelCall[]
  /** What it says of how it came to it; empty where that is encrypted, absent where it says nothing of it. */
  readonly reasoning?: string
  readonly model?: string
  readonly stop?: string
  /** Absent unless the provider told all of it, in numbers that can be. */
  readonly usage?: TokenUsage
}

/** A piece of text within one streamed event. Pieces of one channel follow each other and are one text. */
export interface Delta {
  readonly channel: string
  readonly kind: 'text' | 'reasoning' | 'call'
  /** Where the text is in the event. */
  readonly at: At
  readonly text: string
}

/** One streamed event, understood. */
export interface EventReading {
  readonly deltas: readonly Delta[]
  /** Id and name of a call, by its channel. */
  readonly begins?: readonly { readonly channel: string; readonly id: string; readonly name: string }[]
  /** Channels that are complete now, and their whole text where the event repeats it. */
  readonly ends?: readonly { readonly channel: string; readonly text?: string }[]
  /** Nothing from here on leaves before the outcome is recorded: the model is done, or the event is not understood. */
  readonly isTail: boolean
  /** The answer is whole. */
  readonly isEnd?: boolean
  /** The provider gave up. */
  readonly isFailure?: boolean
  readonly model?: string
  readonly stop?: string
  readonly usage?: Partial<TokenUsage>
}

/** One wire format: how a request, an answer and an event read, and how they are changed. It knows nothing of policy. */
export interface Wire {
  readonly id: string
  readonly kind: ActionKind
  /** Path below `/a/<agent>` where agents speak it. */
  readonly path: string
  /** Path below a provider's base URL. */
  readonly upstreamPath: string
  readonly dialect: Dialect
  /** @throws GatewayError `REQUEST_PARAMS` when it is no request of this wire */
  decode(body: JsonObject): Ask
  said(answer: JsonObject): Said
  /** Absent where nothing is streamed. @param event Name and data, parsed. */
  read?(event: string | undefined, value: JsonObject): EventReading
  /** With this as its only system message. */
  withSystem(body: JsonObject, text: string): JsonObject
  /** With its system messages as words of the user. */
  demoted(body: JsonObject): JsonObject
}

/** The value is the wire; the list of wires is `wires/index.ts`. */
export function defineWire(wire: Wire): Wire {
  return wire
}
