import { GatewayError, type JsonObject } from '@sallyport/core'

/** One request to a tool server. */
export interface LinkCall {
  readonly method: string
  readonly params: JsonObject
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Extra HTTP headers; ignored on stdio. */
  readonly headers?: Readonly<Record<string, string>>
  /** Called with the size of what arrives; throws when no more fits into memory. */
  readonly charge?: (bytes: number) => void
  /** What the server says while it works: progress, log lines. */
  readonly onNotification?: (method: string, params: JsonObject) => void
  /** What the server asks while it works. Absent or rejecting with `RpcError`: the server is told no. */
  readonly onRequest?: (method: string, params: JsonObject) => Promise<JsonObject>
}

/** A channel to one tool server that carries JSON-RPC, whatever the transport. Ids are the link's own. */
export interface Link {
  /**
   * @returns The raw result object, parsed once under the limits of `parseJson`.
   * @throws RpcError when the server answers with an error; GatewayError `UPSTREAM_*` for everything else.
   */
  call(call: LinkCall): Promise<JsonObject>
  notify(method: string, params: JsonObject): Promise<void>
  /** Changes outside any call, where the transport carries them. */
  onEvent: (method: string, params: JsonObject) => void
  /** Revision of the handshake, once there was one; what is said outside calls names it too. */
  revision: string | undefined
  /** Ends the channel now, with everything on it. */
  close(): Promise<void>
}

/** The server answered that it does not know the session (any more), so it did nothing: the request may be sent again in a new one. */
export class SessionGone extends GatewayError {
  constructor() {
    super('UPSTREAM_UNAVAILABLE', 'the tool server no longer knows the session')
  }
}
