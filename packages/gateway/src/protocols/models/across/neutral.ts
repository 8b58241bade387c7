import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider'
import { GatewayError, type JsonObject } from '@sallyport/core'
import { untranslatable } from './members.ts'

/** A call as no wire says it: what the AI SDK's providers take. */
export type NeutralCall = Omit<LanguageModelV4CallOptions, 'abortSignal' | 'headers'>
export type NeutralMessage = NeutralCall['prompt'][number]
export type NeutralModel = LanguageModelV4
type Part = LanguageModelV4StreamPart
type FinishPart = Extract<Part, { type: 'finish' }>

/** Signs of packages that say nothing: that a message began. */
const WORDLESS: ReadonlySet<string> = new Set(['anthropic.message_start'])

/** Why a model stopped, and what it used. */
export interface Finish {
  readonly reason: 'stop' | 'length' | 'filter' | 'calls'
  readonly input: number
  readonly output: number
}

/** One text of an answer: words, reasoning, or the arguments of a call. */
export interface Block {
  readonly kind: 'text' | 'reasoning' | 'call'
  /** Of a call. */
  readonly id: string
  readonly name: string
}

/** What a model says, piece by piece: each block opens, grows and closes; blocks of one answer may overlap. */
export type Piece =
  | { readonly type: 'open'; readonly at: number; readonly block: Block }
  | { readonly type: 'more'; readonly at: number; readonly text: string }
  | { readonly type: 'close'; readonly at: number }
  | { readonly type: 'finish'; readonly finish: Finish }

/** Turns what a provider's package says of one call into pieces. @throws GatewayError for anything that is none. */
export class Pieces {
  readonly #call: NeutralCall
  readonly #places = new Map<string, number>()
  #count = 0

  constructor(call: NeutralCall) {
    this.#call = call
  }

  of(part: Part): readonly Piece[] {
    switch (part.type) {
      case 'stream-start':
        requireNoWarnings(part.warnings, this.#call)
        return []
      case 'text-start':
        return this.#open(`text ${part.id}`, { kind: 'text', id: '', name: '' })
      case 'reasoning-start':
        return this.#open(`reasoning ${part.id}`, { kind: 'reasoning', id: '', name: '' })
      case 'tool-input-start':
        if (part.providerExecuted) throw foreign('a call of a tool of its own')
        return this.#open(`call ${part.id}`, { kind: 'call', id: part.id, name: part.toolName })
      case 'text-delta':
        return this.#more(`text ${part.id}`, part.delta)
      case 'reasoning-delta':
        return this.#more(`reasoning ${part.id}`, part.delta)
      case 'tool-input-delta':
        return this.#more(`call ${part.id}`, part.delta)
      case 'text-end':
        return this.#close(`text ${part.id}`)
      case 'reasoning-end':
        return this.#close(`reasoning ${part.id}`)
      case 'tool-call':
        return this.#asked(part)
      case 'finish':
        return [{ type: 'finish', finish: finishOf(part) }]
      case 'error':
        throw part.error
      case 'tool-input-end':
      case 'response-metadata':
      case 'ping':
      case 'raw':
        return []
      case 'custom':
        if (WORDLESS.has(part.kind)) return []
        throw foreign(part.kind)
      default:
        throw foreign(part.type)
    }
  }

  /** As `of`, for a part of a whole answer. */
  whole(content: LanguageModelV4Content): readonly Piece[] {
    if (content.type === 'tool-call') return this.#asked(content)
    if (content.type !== 'text' && content.type !== 'reasoning') throw foreign(content.type)
    const key = `${content.type} ${this.#count}`
    const opened = this.#open(key, { kind: content.type, id: '', name: '' })
    return [...opened, ...this.#more(key, content.text), ...this.#close(key)]
  }

  /** The end of a call that came in pieces, or a call that comes at once. */
  #asked(part: Extract<Part, { type: 'tool-call' }>): readonly Piece[] {
    if (part.providerExecuted) throw foreign('a call of a tool of its own')
    const key = `call ${part.toolCallId}`
    if (this.#places.has(key)) return this.#close(key)
    const opened = this.#open(key, { kind: 'call', id: part.toolCallId, name: part.toolName })
    return [...opened, ...this.#more(key, part.input), ...this.#close(key)]
  }

  #open(key: string, block: Block): readonly Piece[] {
    const at = this.#count++
    this.#places.set(key, at)
    return [{ type: 'open', at, block }]
  }

  #more(key: string, text: string): readonly Piece[] {
    return text === '' ? [] : [{ type: 'more', at: this.#placeOf(key), text }]
  }

  #close(key: string): readonly Piece[] {
    const at = this.#placeOf(key)
    this.#places.delete(key)
    return [{ type: 'close', at }]
  }

  #placeOf(key: string): number {
    const at = this.#places.get(key)
    if (at === undefined) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider went on with a text it had not begun')
    return at
  }
}

/** What a provider's package left out of a request is refused, though it was sent: never dropped. */
export function requireNoWarnings(warnings: Extract<Part, { type: 'stream-start' }>['warnings'], call: NeutralCall): void {
  // A limit that a provider must have and nobody set.
  const isOfCall = (feature: string): boolean => feature !== 'maxOutputTokens' || call.maxOutputTokens !== undefined
  // Gemini 3 wants its signatures back, which no other wire carries; its own word for that is sent instead.
  const isDropped = (message: string): boolean => !message.includes('skip_thought_signature_validator')
  const first = warnings.find((warning) => ('feature' in warning ? isOfCall(warning.feature) : isDropped(warning.message)))
  if (first) throw untranslatable('feature' in first ? first.feature : 'a part of the request')
}

export function finishOf({ finishReason, usage }: Pick<FinishPart, 'finishReason' | 'usage'>): Finish {
  const reasons = { stop: 'stop', length: 'length', 'content-filter': 'filter', 'tool-calls': 'calls', other: 'stop' } as const
  // A package says how an answer ended even when it did not; then the provider gave no reason.
  if (finishReason.raw === undefined) throw new GatewayError('UPSTREAM_MALFORMED', 'the provider’s answer ended in the middle')
  if (finishReason.unified === 'error' || finishReason.unified === 'interrupted')
    throw new GatewayError('UPSTREAM_UNAVAILABLE', 'the provider gave up')
  return { reason: reasons[finishReason.unified], input: usage.inputTokens.total ?? 0, output: usage.outputTokens.total ?? 0 }
}

function foreign(what: string): GatewayError {
  return new GatewayError('UPSTREAM_MALFORMED', `the provider answered with what this wire cannot carry: ${what}`)
}

/** How one wire of agents says a neutral call and its answer. */
export interface Translation {
  /** @throws GatewayError `MODEL_UNTRANSLATABLE`, naming the member */
  readonly ask: (body: JsonObject, leaveOut: ReadonlySet<string>) => NeutralCall
  /** Says an answer of this model; streamed, each piece as the events it is, as text of the stream. */
  readonly speech: (body: JsonObject, model: string) => Speech
}

export interface Speech {
  say(piece: Piece): string
  /** After the last piece. */
  whole(): JsonObject
}
