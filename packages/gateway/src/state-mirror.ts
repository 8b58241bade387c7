import { type ApprovalRecord, GatewayError, type Json, type StateChange, type StateDelta } from '@sallyport/core'
import { KINDS, type KeyRecord, type Kind, type Records } from './state-records.ts'

/** One typed change. `insert` fails with `CONFLICT` when the record exists. */
export type Change =
  | { [K in Kind]: { readonly op: 'insert' | 'put'; readonly kind: K; readonly value: Records[K] } }[Kind]
  | { readonly op: 'delete'; readonly kind: Kind; readonly key: string }

/** A change as it is stored, with the value as the mirror keeps it; without one the record is deleted. */
export interface EncodedChange {
  readonly stored: StateChange
  readonly value?: Records[Kind]
}

/** A record that another process changed. `before` is absent when it is new. */
export interface Changed {
  readonly kind: Kind
  readonly key: string
  readonly before?: Records[Kind]
}

type Tables = { readonly [K in Kind]: Map<string, Records[K]> }

/** The records of a state store in memory. */
export interface Mirror {
  readonly tables: Tables
  keyById(id: string): KeyRecord | undefined
  /** The newest request with a binding. */
  approvalFor(binding: string): ApprovalRecord | undefined
  /** Takes over what this process committed. */
  apply(changes: readonly EncodedChange[]): void
  /**
   * Takes over what a store answered, all of it or nothing; returns what is different now.
   * @throws GatewayError `STORE_UNAVAILABLE` when a record is of an unknown kind or does not fit its schema
   */
  absorb(delta: Pick<StateDelta, 'isComplete' | 'records'>): Changed[]
}

export function createMirror(): Mirror {
  const tables = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, new Map()])) as unknown as Tables
  const keysById = new Map<string, KeyRecord>()
  const newestFor = new Map<string, ApprovalRecord>()

  function set<K extends Kind>(kind: K, key: string, value: Records[Kind]): void {
    tables[kind].set(key, value as Records[K])
    if (kind === 'key') keysById.set((value as KeyRecord).id, value as KeyRecord)
    if (kind === 'approval') index(value as ApprovalRecord)
  }

  function index(record: ApprovalRecord): void {
    const newest = newestFor.get(record.binding)
    if (!newest || newest.id === record.id || newest.askedMs <= record.askedMs) newestFor.set(record.binding, record)
  }

  function remove(kind: Kind, key: string): void {
    if (kind === 'key') keysById.delete(tables.key.get(key)?.id ?? '')
    const gone = kind === 'approval' ? tables.approval.get(key) : undefined
    if (gone && newestFor.get(gone.binding)?.id === gone.id) newestFor.delete(gone.binding)
    tables[kind].delete(key)
  }

  function keep(kind: Kind, key: string, value: Records[Kind] | undefined): Changed {
    const before = tables[kind].get(key)
    if (value === undefined) remove(kind, key)
    else set(kind, key, value)
    return { kind, key, ...(before && { before }) }
  }

  /** Deletions of everything a complete answer does not name. */
  function unnamed(records: StateDelta['records']): { kind: Kind; key: string; value: undefined }[] {
    const named = new Set(records.map(({ kind, key }) => `${kind} ${key}`))
    return (Object.keys(tables) as Kind[]).flatMap((kind) =>
      [...tables[kind].keys()].filter((key) => !named.has(`${kind} ${key}`)).map((key) => ({ kind, key, value: undefined })),
    )
  }

  return {
    tables,
    keyById: (id) => keysById.get(id),
    approvalFor: (binding) => newestFor.get(binding),
    apply(changes) {
      for (const { stored, value } of changes) keep(stored.kind as Kind, stored.key, value)
    },
    absorb({ isComplete, records }) {
      const read = records.map(readRecord)
      const all = isComplete ? [...unnamed(records), ...read] : read
      return all.map(({ kind, key, value }) => keep(kind, key, value))
    },
  }
}

function readRecord({ kind, key, value }: StateDelta['records'][number]) {
  if (!Object.hasOwn(KINDS, kind)) throw new GatewayError('STORE_UNAVAILABLE', 'the state holds a record of an unknown kind')
  const known = kind as Kind
  if (value === undefined) return { kind: known, key, value }
  const parsed = KINDS[known].schema.safeParse(value)
  if (!parsed.success || keyOf(known, parsed.data) !== key)
    throw new GatewayError('STORE_UNAVAILABLE', `the state holds a damaged record of kind ${kind}`)
  return { kind: known, key, value: freeze<Records[Kind]>(parsed.data) }
}

/**
 * Parses once more on the way in: what is stored is what can be loaded.
 * @throws GatewayError `CONFLICT` when an immutable record would change
 */
export function encodeChange(change: Change): EncodedChange {
  if (change.op === 'delete') {
    if (KINDS[change.kind].immutable) throw new GatewayError('CONFLICT', `a ${change.kind} is never deleted`)
    return { stored: { op: 'delete', kind: change.kind, key: change.key } }
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
