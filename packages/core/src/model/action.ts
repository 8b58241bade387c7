import type { JsonObject } from './json.ts'

/** Everything an agent can do through the gateway. A new kind is one line here and one adapter that performs it. */
export const ACTION_KINDS = [
  'session.open',
  'tool.list',
  'tool.call',
  'resource.list',
  'resource.read',
  'resource.subscribe',
  'prompt.list',
  'prompt.get',
  'complete',
  'model.list',
  'model.call',
  'model.embed',
  'model.count',
] as const
export type ActionKind = (typeof ACTION_KINDS)[number]

/** One act in wire-free canonical form. `digest` covers kind, server, name, arguments and what the client answered to the server. */
export interface Action {
  readonly kind: ActionKind
  /** The upstream that would perform it; absent for acts the gateway answers itself (lists). */
  readonly server?: string
  /** Name at the upstream: a tool's or prompt's name, a resource's URI. */
  readonly name?: string
  readonly args: JsonObject
  /** Keyed commitment (HMAC-SHA-256, hex) to the canonical form, made with the gateway's commitment key. */
  readonly digest: string
}
