import { GatewayError, type Json, type Pin, type StateChange, type StateStore } from '@sallyport/core'
import {
  KINDS,
  type AgentRecord,
  type AuditHeadRecord,
  type KeyRecord,
  type Kind,
  type ManifestVersionRecord,
  type Records,
  type SignatureRecord,
  type UserRecord,
} from './state-records.ts'

/** One typed change. `insert` fails with `CONFLICT` when the record exists. */
export type Change =
  | { [K in Kind]: { readonly op: 'insert' | 'put'; readonly kind: K; readonly value: Records[K] } }[Kind]
  | { readonly op: 'delete'; readonly kind: Kind; readonly key: string }

/** The control plane's records in memory: reads are synchronous and always current, because this process holds the store. */
export interface State {
  agent(id: string): AgentRecord | undefined
  agents(): AgentRecord[]
  keyByHash(hash: string): KeyRecord | undefined
  keyById(id: string): KeyRecord | undefined
  /** Keys of an agent, oldest first. */
  keys(agent: string): KeyRecord[]
  user(id: string): UserRecord | undefined
  users(): UserRecord[]
  pin(server: string, tool: string): Pin | undefined
  pins(): Pin[]
  /** Versions of an agent's manifest, oldest first. */
  manifestVersions(agent: string): ManifestVersionRecord[]
  /** Signatures under one version. */
  signatures(agent: string, version: number): SignatureRecord[]
  /** Whether a one-time token was used before. */
  isSpent(id: string): boolean
  auditHead(): AuditHeadRecord | undefined
  /**
   * Applies all changes or none; durable on return.
   * @throws GatewayError `CONFLICT` when an inserted record exists or an immutable one would change, `STORE_UNAVAILABLE`.
   */
  transact(changes: readonly Change[]): void
  /** Removes one-time tokens that expired by `nowMs`. Returns how many. */
  prune(nowMs: number): number
  close(): void
}

const PRUNED_AT_ONCE_MAX = 1_000

/** Loads every record of a store. @throws GatewayError `STORE_UNAVAILABLE` when one does not fit its schema. */
export function openState(store: StateStore): State {
  const tables: { [K in Kind]: Map<string, Records[K]> } = {
    agent: new Map(),
    auditHead: new Map(),
    key: new Map(),
    manifestVersion: new Map(),
    pin: new Map(),
    signature: new Map(),
    spent: new Map(),
    user: new Map(),
  }
  const keysById = new Map<string, KeyRecord>()
  for (const record of store.load()) read(record.kind, record.key, record.value)

  function read(kind: string, key: string, value: Json): void {
    if (!Object.hasOwn(KINDS, kind)) throw new GatewayError('STORE_UNAVAILABLE', 'the state holds a record of an unknown kind')
    const known = kind as Kind
    const parsed = KINDS[known].schema.safeParse(value)
    if (!parsed.success || keyOf(known, parsed.data) !== key)
      throw new GatewayError('STORE_UNAVAILABLE', `the state holds a damaged record of kind ${kind}`)
    set(known, key, parsed.data)
  }

  function set<K extends Kind>(kind: K, key: string, value: Records[Kind]): void {
    tables[kind].set(key, value as Records[K])
    if (kind === 'key') keysById.set((value as KeyRecord).id, value as KeyRecord)
  }

  function remove(kind: Kind, key: string): void {
    if (kind === 'key') keysById.delete(tables.key.get(key)?.id ?? '')
    tables[kind].delete(key)
  }

  function transact(changes: readonly Change[]): void {
    const encoded = changes.map(encode)
    store.commit(encoded.map((change) => change.stored))
    for (const { stored, value } of encoded) {
      if (value === undefined) remove(stored.kind as Kind, stored.key)
      else set(stored.kind as Kind, stored.key, value)
    }
  }

  function prefixed<K extends Kind>(kind: K, prefix: string): Records[K][] {
    return [...tables[kind].entries()].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value)
  }

  return {
    agent: (id) => tables.agent.get(id),
    agents: () => sorted(tables.agent.values(), (agent) => agent.id),
    keyByHash: (hash) => tables.key.get(hash),
    keyById: (id) => keysById.get(id),
    keys: (agent) =>
      [...tables.key.values()]
        .filter((key) => key.agent === agent)
        .sort((a, b) => a.createdMs - b.createdMs || compare(a.id, b.id)),
    user: (id) => tables.user.get(id),
    users: () => sorted(tables.user.values(), (user) => user.id),
    pin: (server, tool) => tables.pin.get(`${server}.${tool}`),
    pins: () => sorted(tables.pin.values(), (pin) => `${pin.server}.${pin.tool}`),
    manifestVersions: (agent) => prefixed('manifestVersion', `${agent}/`).sort((a, b) => a.version - b.version),
    signatures: (agent, version) => prefixed('signature', `${agent}/${version}/`).sort((a, b) => a.atMs - b.atMs),
    isSpent: (id) => tables.spent.has(id),
    auditHead: () => tables.auditHead.get('head'),
    transact,
    prune(nowMs) {
      const expired = [...tables.spent.values()].filter((spent) => spent.expiresMs < nowMs).slice(0, PRUNED_AT_ONCE_MAX)
      if (expired.length > 0) transact(expired.map((spent) => ({ op: 'delete', kind: 'spent', key: spent.id })))
      return expired.length
    },
    close: () => store.close(),
  }
}

/** Parses once more on the way in: what is stored is what can be loaded. */
function encode(change: Change): { readonly stored: StateChange; readonly value?: Records[Kind] } {
  if (change.op === 'delete') {
    if (KINDS[change.kind].immutable) throw new GatewayError('CONFLICT', `a ${change.kind} is never deleted`)
    return { stored: change }
  }
  if (change.op === 'put' && KINDS[change.kind].immutable) throw new GatewayError('CONFLICT', `a ${change.kind} never changes`)
  const value = freeze(KINDS[change.kind].schema.parse(change.value))
  return { stored: { op: change.op, kind: change.kind, key: keyOf(change.kind, value), value: toJson(value) }, value }
}

function keyOf(kind: Kind, value: Records[Kind]): string {
  return (KINDS[kind].key as (value: Records[Kind]) => string)(value)
}

/** Round trip, so that the mirror and the store cannot hold different things. */
function toJson(value: Records[Kind]): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

function freeze<T>(value: T): T {
  return typeof value === 'object' && value !== null ? Object.freeze(value) : value
}

function sorted<T>(values: Iterable<T>, by: (value: T) => string): T[] {
  return [...values].sort((a, b) => compare(by(a), by(b)))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
