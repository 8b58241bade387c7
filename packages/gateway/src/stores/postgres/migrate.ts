import { GatewayError } from '@sallyport/core'
import type { ClientBase, QueryResultRow } from 'pg'
import { MIGRATIONS } from './migrations/index.ts'

/** One step forward. There is no way back: a release that must be undone is followed by a migration that undoes it. */
export interface Migration {
  readonly id: number
  readonly name: string
  readonly sql: string
}

/** A client or a pool, as far as one question goes. */
interface Asked {
  query<Row extends QueryResultRow>(sql: string): Promise<{ readonly rows: readonly Row[] }>
}

/** Serialises migrators; any number no one else is likely to lock. */
const MIGRATION_LOCK = 7_711_201

/**
 * Brings a database to the newest schema, as its owner. Each step is one transaction; running it twice, or twice at once, does
 * nothing more.
 * @param upTo Stops after this step; for tests that start from an earlier version.
 * @returns Names of the steps taken.
 * @throws GatewayError `CONFIG_INVALID` when the database was made by a newer version.
 */
export async function migrate(client: ClientBase, upTo: number = Number.POSITIVE_INFINITY): Promise<string[]> {
  const taken: string[] = []
  await client.query(`
    CREATE SCHEMA IF NOT EXISTS sallyport;
    CREATE TABLE IF NOT EXISTS sallyport.migration (id int PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())`)
  for (const { id, name, sql } of MIGRATIONS.filter((migration) => migration.id <= upTo)) {
    await client.query('BEGIN')
    try {
      await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
      if ((await schemaVersion(client)) < id) {
        await client.query(sql)
        await client.query('INSERT INTO sallyport.migration (id, name) VALUES ($1, $2)', [id, name])
        taken.push(name)
      }
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    }
  }
  if (upTo === Number.POSITIVE_INFINITY) await requireSchema(client)
  return taken
}

/** @throws GatewayError `CONFIG_INVALID` unless the database has exactly the schema this version knows. */
export async function requireSchema(client: Asked): Promise<void> {
  const wanted = MIGRATIONS.at(-1)?.id ?? 0
  const found = await schemaVersion(client)
  if (found < wanted)
    throw new GatewayError(
      'CONFIG_INVALID',
      `the database is at schema ${found}, this version needs ${wanted}; run "sallyport store migrate"`,
    )
  if (found > wanted)
    throw new GatewayError('CONFIG_INVALID', `the database is at schema ${found}; this version knows only ${wanted}`)
}

async function schemaVersion(client: Asked): Promise<number> {
  const { rows } = await client.query<{ id: number | null }>('SELECT max(id) AS id FROM sallyport.migration')
  return rows[0]?.id ?? 0
}
