import type { Candidate, Inbound, JsonObject, Principal } from '@sallyport/core'
import type { Relay } from './relay.ts'
import type { Reply } from './reply.ts'
import type { Ask, Wire } from './wire.ts'

/** One model call as it came, and as it is being answered. */
export interface ModelRequest extends Inbound {
  readonly wire: Wire
  readonly body: JsonObject
  /** The bytes `body` was read from. */
  readonly raw: string
  readonly ask: Ask
  /** Part of the path behind `?`, with it; only forms that are known. */
  readonly query: string
  /** Headers that the wire wants passed on. */
  readonly headers: Readonly<Record<string, string>>
  readonly principal: Principal
  readonly signal: AbortSignal
  readonly reply: Reply
  /** Takes from the byte budget until the exchange is over. */
  readonly charge: (bytes: number) => void
  /** Filled when it has been answered. */
  answer?: Answer
}

/** What a provider answered. */
export type Answer = { readonly candidate: Candidate; readonly isDegraded: boolean } & (
  | { readonly type: 'whole'; readonly raw: Buffer; readonly value: JsonObject }
  | { readonly type: 'stream'; readonly relay: Relay }
)
