import type { Inbound, JsonObject, Principal } from '@sallyport/core'
import type { Reply } from './reply.ts'
import type { Era } from './wire.ts'

/** As much of a request as says which act it is. */
export type Asked = Inbound & Pick<McpRequest, 'params' | 'principal'>

/** One MCP request as the pipeline carries it: the decoded message, and the way back to the client that sent it. */
export interface McpRequest extends Inbound {
  readonly era: Era
  readonly method: string
  readonly params: JsonObject
  readonly reply: Reply
  /** Aborts when the client goes away or the agent is isolated. */
  readonly signal: AbortSignal
  /** Value of a request header, lower-case name. */
  readonly header: (name: string) => string | undefined
  /** Capabilities the client declared; trusted for what it may be asked, never for what it may do. */
  readonly capabilities: JsonObject
  /** Counts what a tool server sends into the memory this exchange may use. */
  readonly charge: (bytes: number) => void
  /** Set by the endpoint after the first check, so that later stages need not ask again. */
  readonly principal: Principal
}
