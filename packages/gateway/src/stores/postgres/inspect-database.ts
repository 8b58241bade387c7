import { z } from 'zod'
import { MIGRATIONS } from './migrations/index.ts'
import { openPool } from './open-pool.ts'

/** What an operator asks a database of several gateways. Times are by its own clock. */
export const DatabaseStatus = z.strictObject({
  schema: z.int().meta({ description: 'Schema of the database; 0: never migrated.' }),
  wanted: z.int().meta({ description: 'Schema this version needs.' }),
  revision: z.int().meta({ description: 'Commits of the control plane so far.' }),
  replicas: z.array(
    z.strictObject({
      id: z.string(),
      state: z.enum(['live', 'given up or ended']),
      startedAt: z.iso.datetime(),
      silentMs: z.int().meta({ description: 'Since it was heard last.' }),
    }),
  ),
  leases: z.array(z.strictObject({ name: z.string(), holder: z.string(), leftMs: z.int() })),
})
export type DatabaseStatus = z.infer<typeof DatabaseStatus>

const ROWS_MAX = 1_000

/** @param url Login with the role `sallyport_gateway`. @throws GatewayError `STORE_UNAVAILABLE` */
export async function inspectDatabase(url: string): Promise<DatabaseStatus> {
  const database = openPool({ url, connectionsMax: 1 })
  const ask = async (sql: string): Promise<readonly Record<string, unknown>[]> => (await database.query(sql)).rows
  try {
    const [{ known } = {}] = await ask("SELECT to_regclass('sallyport.migration') IS NOT NULL AS known")
    const [{ schema } = {}] = known === true ? await ask('SELECT max(id) AS schema FROM sallyport.migration') : []
    const wanted = MIGRATIONS.at(-1)?.id ?? 0
    if (Number(schema ?? 0) < 2) return { schema: Number(schema ?? 0), wanted, revision: 0, replicas: [], leases: [] }
    const [{ revision } = {}] = await ask('SELECT revision FROM sallyport.state_head')
    const replicas = await ask(`SELECT id, dead, started_at, extract(epoch FROM clock_timestamp() - seen_at) * 1000 AS silent_ms
      FROM sallyport.replica ORDER BY dead, started_at DESC LIMIT ${ROWS_MAX}`)
    const leases = await ask(`SELECT name, holder, extract(epoch FROM expires_at - clock_timestamp()) * 1000 AS left_ms
      FROM sallyport.lease WHERE expires_at > clock_timestamp() ORDER BY name LIMIT ${ROWS_MAX}`)
    return {
      schema: Number(schema),
      wanted,
      revision: Number(revision),
      replicas: replicas.map(({ id, dead, started_at: started, silent_ms: silent }) => ({
        id: String(id),
        state: dead === true ? 'given up or ended' : 'live',
        startedAt: started instanceof Date ? started.toISOString() : String(started),
        silentMs: Math.round(Number(silent)),
      })),
      leases: leases.map(({ name, holder, left_ms: left }) => ({
        name: String(name),
        holder: String(holder),
        leftMs: Math.round(Number(left)),
      })),
    }
  } finally {
    await database.close()
  }
}
