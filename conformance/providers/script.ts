import type { IncomingHttpHeaders } from 'node:http'

export const PROVIDER_WIRES = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini', 'bedrock'] as const
export type ProviderWire = (typeof PROVIDER_WIRES)[number]
/** What the last part of a request's path asks for. */
export type Operation = ProviderWire | 'openai-embeddings' | 'anthropic-count-tokens' | 'models'

/** A tool call the scripted model makes. */
export interface ToolCall {
  readonly name: string
  readonly args: Readonly<Record<string, unknown>>
  /** Made up by the provider unless set. */
  readonly id?: string
}

/** What the scripted model says: reasoning, then text, then calls, as the wire orders them. */
export interface Said {
  readonly reasoning?: string
  /** Pieces of the text; streamed, each is an event of its own. */
  readonly text?: readonly string[]
  /** All in one turn: parallel calls. */
  readonly calls?: readonly ToolCall[]
  readonly usage?: Usage
  /** Why it stopped: of its own, or because there was no room for more. */
  readonly stop?: 'done' | 'length'
  /** Before the first byte. */
  readonly delayMs?: number
  /** After each event of a stream. */
  readonly pauseMs?: number
  /** Cuts the bytes of a stream at every so many, whatever they are. */
  readonly cutBytes?: number
}

export interface Usage {
  readonly input: number
  readonly output: number
  readonly cached?: number
  readonly reasoning?: number
}

/**
 * What goes wrong. `said` is the answer that does not arrive: the first half of its events leaves, of a whole answer half the bytes.
 * `half` then breaks the connection, `short` ends it as if all was said, `stall` falls silent, `malformed` sends an event that is no
 * JSON, `gives-up` says in the wire's own way that it failed. `hang` and `reset` send nothing at all.
 */
export type Fault =
  | {
      readonly fault: 'status'
      readonly status: number
      readonly message: string
      readonly headers?: Readonly<Record<string, string>>
    }
  | { readonly fault: 'hang' | 'reset' }
  | { readonly fault: 'half' | 'short' | 'stall'; readonly said: Said }
  | { readonly fault: 'malformed' | 'gives-up'; readonly said: Said; readonly message: string }

export type Reply = Said | Fault

/** A request as it arrived. */
export interface ProviderRequest {
  readonly operation: Operation | undefined
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The body, byte for byte. */
  readonly bytes: Buffer
  readonly body: Readonly<Record<string, unknown>>
  /** Resolves when the exchange is over: whether the client cut it off before the whole answer had left. */
  readonly isCut: Promise<boolean>
}

/** Decides what the provider does with a request. */
export type Script = (request: ProviderRequest) => Reply

/** How one wire says things. */
export interface WireForm {
  /** The answer as one JSON value. */
  whole(said: Said, model: string): object
  /** The answer as the events of a stream, each a complete block of SSE or of the wire's own framing. */
  events(said: Said, request: ProviderRequest): readonly (string | Buffer)[]
  /** An error instead of an answer. */
  problem(status: number, message: string): object
  /** An error within a stream. */
  failure(message: string): string | Buffer
}

export function isFault(reply: Reply): reply is Fault {
  return 'fault' in reply
}

/** Whether a stream is wanted: in the body, or in the path. */
export function isStream({ body, path }: ProviderRequest): boolean {
  return body['stream'] === true || /:streamGenerateContent|\/converse-stream$/.test(path)
}

export function modelOf({ body }: ProviderRequest): string {
  return typeof body['model'] === 'string' ? body['model'] : 'unknown'
}

/** One event of a stream. */
export function sse(data: object, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`
}

/** About how models write arguments: a few letters at a time. */
export function pieces(text: string, length = 7): readonly string[] {
  return text.match(new RegExp(`.{1,${length}}`, 'gsu')) ?? []
}

let made = 0
/** An id no other answer of this process has. */
export function newId(prefix: string): string {
  made += 1
  return `${prefix}${made.toString(36).padStart(12, '0')}`
}
