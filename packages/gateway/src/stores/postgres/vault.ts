import {
  GatewayError,
  isGatewayError,
  KEYS_LISTED_MAX,
  type Rewrappable,
  type VaultContent,
  type VaultKey,
  type VaultRoot,
  type VaultStore,
  type VaultSubject,
} from '@sallyport/core'
import type { Database, Queries } from './open-pool.ts'

const KEY = 'id, slot, class, month, sealed'
/** Rows sealed anew between two statements: the server ends a transaction that pauses too long. */
const REWRAP_STEP = 1_000

/**
 * The vault in PostgreSQL, shared by all gateways over one database. A key is added under a share lock on the root, and the root
 * is turned under an exclusive one, so none is ever added under a root that is gone.
 */
export function openPostgresVault(database: Database): VaultStore {
  const one = async <Row>(sql: string, values: readonly unknown[] = []): Promise<Row | undefined> =>
    (await vaultErrors(() => database.query<Row>(sql, values))).rows[0]
  return {
    root: async () => rootOf(database),
    turn: (next, rewrap) => vaultErrors(() => database.transact((queries) => turn(queries, next, rewrap))),
    subject: (lookup) => one<VaultSubject>('SELECT lookup, sealed FROM sallyport_keys.subject WHERE lookup = $1', [lookup]),
    addSubject: (row, generation) =>
      vaultErrors(() =>
        database.transact(async (queries) => {
          await requireGeneration(queries, generation)
          await queries.query('INSERT INTO sallyport_keys.subject (lookup, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
            row.lookup,
            row.sealed,
          ])
          const { rows } = await queries.query<VaultSubject>(
            'SELECT lookup, sealed FROM sallyport_keys.subject WHERE lookup = $1',
            [row.lookup],
          )
          return rows[0] ?? row
        }),
      ),
    removeSubject: async (lookup) => void (await one('DELETE FROM sallyport_keys.subject WHERE lookup = $1', [lookup])),
    findKey: ({ slot, class: of, month }) =>
      one<VaultKey>(`SELECT ${KEY} FROM sallyport_keys.data_key WHERE slot = $1 AND class = $2 AND month = $3`, [slot, of, month]),
    key: (id) => one<VaultKey>(`SELECT ${KEY} FROM sallyport_keys.data_key WHERE id = $1`, [id]),
    addKey: (row, generation) => vaultErrors(() => database.transact((queries) => addKey(queries, row, generation))),
    addContent: (content) => vaultErrors(() => database.transact((queries) => addContent(queries, content))),
    content: (id) =>
      one<VaultContent>('SELECT id, key, slot, class, month, sealed FROM sallyport.vault_content WHERE id = $1', [id]),
    async counts(slot) {
      const sql = `SELECT class, month, count(*)::int AS contents, sum(octet_length(sealed))::float8 AS bytes
        FROM sallyport.vault_content WHERE slot = $1 GROUP BY class, month ORDER BY class, month`
      return (await vaultErrors(() => database.query<never>(sql, [slot]))).rows
    },
    async keys(of, after = '') {
      const [where, values] = 'slot' in of ? ['slot = $2', [of.slot]] : ['class = $2 AND month < $3', [of.class, of.beforeMonth]]
      const sql = `SELECT ${KEY} FROM sallyport_keys.data_key WHERE id > $1 AND ${where} ORDER BY id LIMIT ${KEYS_LISTED_MAX}`
      return (await vaultErrors(() => database.query<VaultKey>(sql, [after, ...values]))).rows
    },
    closeSlot: async (slot) =>
      void (await one('INSERT INTO sallyport_keys.closed_slot (slot) VALUES ($1) ON CONFLICT DO NOTHING', [slot])),
    drop: (ids) =>
      vaultErrors(() =>
        database.transact(async (queries) => {
          await queries.query('DELETE FROM sallyport_keys.data_key WHERE id = ANY($1::text[])', [ids])
          const sql =
            'WITH gone AS (DELETE FROM sallyport.vault_content WHERE key = ANY($1::text[]) RETURNING 1) SELECT count(*)::int AS count FROM gone'
          return (await queries.query<{ count: number }>(sql, [ids])).rows[0]?.count ?? 0
        }),
      ),
    // The pool is whoever's opened it.
    close: () => Promise.resolve(),
  }
}

async function rootOf(queries: Queries, lock: '' | 'FOR SHARE' | 'FOR UPDATE' = ''): Promise<VaultRoot | undefined> {
  const sql = `SELECT generation::int, version::int, bytes FROM sallyport_keys.root ${lock}`
  return (await vaultErrors(() => queries.query<VaultRoot>(sql))).rows[0]
}

async function requireGeneration(queries: Queries, generation: number): Promise<void> {
  if ((await rootOf(queries, 'FOR SHARE'))?.generation !== generation)
    throw new GatewayError('STORE_MOVED', 'the root of the vault was turned meanwhile')
}

async function addKey(queries: Queries, row: VaultKey, generation: number): Promise<VaultKey> {
  await requireGeneration(queries, generation)
  const { id, slot, class: of, month, sealed } = row
  const closed = await queries.query('SELECT 1 FROM sallyport_keys.closed_slot WHERE slot = $1', [slot])
  if (closed.rows.length > 0) throw new GatewayError('STORE_MOVED', 'the person was erased meanwhile')
  await queries.query(
    'INSERT INTO sallyport_keys.data_key (id, slot, class, month, sealed) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
    [id, slot, of, month, sealed],
  )
  const sql = `SELECT ${KEY} FROM sallyport_keys.data_key WHERE slot = $1 AND class = $2 AND month = $3`
  return (await queries.query<VaultKey>(sql, [slot, of, month])).rows[0] ?? row
}

/** The data key stays locked until the content is in: it cannot be dropped in between and leave the content behind. */
async function addContent(queries: Queries, { id, key, slot, class: of, month, sealed }: VaultContent): Promise<void> {
  const { rows } = await queries.query('SELECT 1 FROM sallyport_keys.data_key WHERE id = $1 FOR SHARE', [key])
  if (rows.length === 0) throw new GatewayError('STORE_MOVED', 'the data key is gone')
  await queries.query('INSERT INTO sallyport.vault_content (id, key, slot, class, month, sealed) VALUES ($1, $2, $3, $4, $5, $6)', [
    id,
    key,
    slot,
    of,
    month,
    sealed,
  ])
}

async function turn(queries: Queries, next: VaultRoot, rewrap: (row: Rewrappable) => Uint8Array): Promise<void> {
  const moved = new GatewayError('STORE_MOVED', 'the root of the vault was turned meanwhile')
  const values = [next.generation, next.version, next.bytes]
  if (next.generation === 1) {
    const { rows } = await queries.query(
      'INSERT INTO sallyport_keys.root (id, generation, version, bytes) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1',
      values,
    )
    if (rows.length === 0) throw moved
    return
  }
  if ((await rootOf(queries, 'FOR UPDATE'))?.generation !== next.generation - 1) throw moved
  await queries.query('UPDATE sallyport_keys.root SET generation = $1, version = $2, bytes = $3', values)
  await rewrapRows<VaultSubject>(queries, {
    table: 'subject',
    name: 'lookup',
    columns: 'lookup, sealed',
    seal: (row) => rewrap({ kind: 'subject', ...row }),
  })
  await rewrapRows<VaultKey>(queries, {
    table: 'data_key',
    name: 'id',
    columns: KEY,
    seal: (row) => rewrap({ kind: 'key', ...row }),
  })
}

interface Rewrapping<Row> {
  readonly table: 'subject' | 'data_key'
  readonly name: 'lookup' | 'id'
  readonly columns: string
  readonly seal: (row: Row) => Uint8Array
}

async function rewrapRows<Row extends { readonly sealed: Uint8Array }>(
  queries: Queries,
  { table, name, columns, seal }: Rewrapping<Row>,
): Promise<void> {
  const nameOf = (row: Row): string => String((row as Readonly<Record<string, unknown>>)[name])
  for (let after = ''; ;) {
    const page = `SELECT ${columns} FROM sallyport_keys.${table} WHERE ${name} > $1 ORDER BY ${name} LIMIT ${REWRAP_STEP}`
    const { rows } = await queries.query<Row>(page, [after])
    const update = `UPDATE sallyport_keys.${table} AS t SET sealed = n.sealed FROM unnest($1::text[], $2::bytea[]) AS n (name, sealed) WHERE t.${name} = n.name`
    await queries.query(update, [rows.map(nameOf), rows.map(seal)])
    const last = rows.at(-1)
    if (rows.length < REWRAP_STEP || !last) return
    after = nameOf(last)
  }
}

/** Whatever the database could not do, the vault could not. */
async function vaultErrors<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (isGatewayError(cause) && cause.code === 'STORE_UNAVAILABLE')
      throw new GatewayError('VAULT_UNAVAILABLE', 'the vault cannot be used', { cause })
    throw cause
  }
}
