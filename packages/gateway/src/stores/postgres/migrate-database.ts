import { GatewayError } from '@sallyport/core'
import { Client } from 'pg'
import { migrate } from './migrate.ts'
import { CONNECT_MS_MAX } from './open-pool.ts'

/**
 * Brings the database of a URL to the newest schema.
 * @param url Login that owns the schema; the gateways' own may not change it.
 * @returns Names of the steps taken, none when there was nothing to do.
 * @throws GatewayError `STORE_UNAVAILABLE` without host, SQL or password in its words; `CONFIG_INVALID` when the database was made
 * by a newer version.
 */
export async function migrateDatabase(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS_MAX })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await migrate(client)
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const isDenied = cause instanceof Error && 'code' in cause && cause.code === '42501'
    throw new GatewayError('STORE_UNAVAILABLE', isDenied ? 'this login may not change the schema' : 'the database cannot be used', {
      cause,
    })
  } finally {
    await client.end().catch(() => undefined)
  }
}
