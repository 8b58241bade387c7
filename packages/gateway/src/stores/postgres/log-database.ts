import { GatewayError, HASH_BYTES } from '@sallyport/core'
import type { Queries } from './open-pool.ts'

/** Where the log stands, as the database tells it. */
export interface DatabaseHead {
  readonly size: number
  readonly root: Uint8Array
  /** Time of the newest entry; 0 when there is none. */
  readonly lastMs: number
}

/** The head with leaf hashes from a requested index on, at most 65,536 of them. */
export interface DatabaseTail extends DatabaseHead {
  readonly leaves: readonly Uint8Array[]
}

export interface OpenedLog extends DatabaseHead {
  readonly checkpoint: string | undefined
  /** Entries lie beyond the head: the database was tampered with. */
  readonly hasRest: boolean
  /** Per level from 0, the hashes of the rightmost partial tile. */
  readonly levels: readonly (readonly Uint8Array[])[]
}

/** What `audit_append` made of a group; only `done` has written anything. See the migration. */
export type AppendAnswer =
  | { readonly is: 'done' | 'moved' | 'fenced' | 'dead' | 'skewed' }
  | { readonly is: 'closed'; readonly decisions: readonly number[] }

/** A group as `audit_append` takes it; hashes are hex. */
export interface AppendRequest {
  readonly origin: string
  readonly replica: string
  readonly era: number
  /** The head it builds on. */
  readonly size: number
  readonly root: string
  readonly firstMs: number
  readonly lastMs: number
  readonly skewMs: number
  readonly newRoot: string
  /** Bytes of each entry. */
  readonly lengths: readonly number[]
  readonly opens: readonly (readonly [decision: number, act: string])[]
  readonly closes: readonly (readonly [decision: number, act: string, type: 'outcome' | 'unknown'])[]
  readonly tiles: readonly (readonly [level: number, n: number, hashes: string])[]
}

interface HeadRow {
  readonly size: string
  readonly root: Buffer
  readonly last_ms: string
}

/** The functions of migration 3, one statement each. @throws GatewayError `STORE_UNAVAILABLE` */
export const logDatabase = {
  async open(db: Queries, origin: string): Promise<OpenedLog> {
    const row = await one<HeadRow & { checkpoint: string | null; has_rest: boolean; levels: Buffer[] }>(
      db,
      'SELECT * FROM sallyport.audit_open($1)',
      [origin],
    )
    return { ...head(row), checkpoint: row.checkpoint ?? undefined, hasRest: row.has_rest, levels: row.levels.map(hashes) }
  },

  /** Without the lock: may be old the moment it arrives. */
  async tail(db: Queries, origin: string, from: number): Promise<DatabaseTail> {
    return tail(await one(db, 'SELECT * FROM sallyport.audit_leaves($1, $2)', [origin, from]))
  },

  /** Takes the log's lock for the rest of the transaction. */
  async begin(db: Queries, origin: string, from: number): Promise<DatabaseTail> {
    return tail(await one(db, 'SELECT * FROM sallyport.audit_begin($1, $2)', [origin, from]))
  },

  async append(db: Queries, request: AppendRequest, bytes: Uint8Array): Promise<AppendAnswer> {
    const sql = 'SELECT sallyport.audit_append($1, $2) AS answer'
    return (await one<{ answer: AppendAnswer }>(db, sql, [JSON.stringify(request), bytes])).answer
  },

  /** Size of the log after this replica's newest group. Statements of an era before `era` are refused from now on. */
  async settle(db: Queries, at: { readonly origin: string; readonly replica: string; readonly era: number }): Promise<number> {
    const row = await one<{ tail: string }>(db, 'SELECT * FROM sallyport.audit_settle($1, $2, $3)', [at.origin, at.replica, at.era])
    return Number(row.tail)
  },

  async state(db: Queries, origin: string): Promise<DatabaseHead & { readonly checkpoint: string | undefined }> {
    const row = await one<HeadRow & { checkpoint: string | null }>(db, 'SELECT * FROM sallyport.audit_state($1)', [origin])
    return { ...head(row), checkpoint: row.checkpoint ?? undefined }
  },

  /** `false` when there is one of the same size or more already. */
  async publish(db: Queries, origin: string, checkpoint: { size: number; root: Uint8Array; note: string }): Promise<boolean> {
    const values = [origin, checkpoint.size, checkpoint.root, checkpoint.note]
    return (await one<{ done: boolean }>(db, 'SELECT sallyport.audit_publish($1, $2, $3, $4) AS done', values)).done
  },

  /** Replicas not seen for this long and not declared dead. */
  async silent(db: Queries, silentMs: number): Promise<string[]> {
    const rows = await all<{ id: string }>(db, 'SELECT id FROM sallyport.audit_silent($1) AS id', [silentMs])
    return rows.map(({ id }) => id)
  },

  /** `false` when it was seen meanwhile. */
  async bury(db: Queries, origin: string, at: { readonly replica: string; readonly silentMs: number }): Promise<boolean> {
    const sql = 'SELECT sallyport.audit_bury($1, $2, $3) AS done'
    return (await one<{ done: boolean }>(db, sql, [origin, at.replica, at.silentMs])).done
  },

  /** Removes entries before `to`, as the keeper; their hashes stay. */
  async remove(db: Queries, origin: string, { to, permit }: { readonly to: number; readonly permit: number }): Promise<void> {
    const sql = 'SELECT sallyport.audit_remove($1, $2, $3) AS rest'
    while ((await one<{ rest: boolean }>(db, sql, [origin, to, permit])).rest);
  },

  /** Open acts of replicas that are dead or gone. */
  async orphans(db: Queries, origin: string, max: number): Promise<{ decision: number; act: string; replica: string }[]> {
    const sql = 'SELECT * FROM sallyport.audit_orphans($1, $2)'
    const rows = await all<{ decision: string; act: string; replica: string }>(db, sql, [origin, max])
    return rows.map((row) => ({ ...row, decision: Number(row.decision) }))
  },
}

async function all<Row extends object>(db: Queries, text: string, values: readonly unknown[]): Promise<Row[]> {
  return [...(await db.query<Row>(text, values)).rows]
}

async function one<Row extends object>(db: Queries, text: string, values: readonly unknown[]): Promise<Row> {
  const [row] = await all<Row>(db, text, values)
  if (!row) throw new GatewayError('STORE_UNAVAILABLE', 'the database gave no answer')
  return row
}

function head(row: HeadRow): DatabaseHead {
  return { size: Number(row.size), root: row.root, lastMs: Number(row.last_ms) }
}

function tail(row: HeadRow & { readonly leaves: Buffer | null }): DatabaseTail {
  return { ...head(row), leaves: hashes(row.leaves ?? Buffer.alloc(0)) }
}

function hashes(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.floor(bytes.length / HASH_BYTES) }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  )
}
