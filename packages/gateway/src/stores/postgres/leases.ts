import type { Leases } from '@sallyport/core'
import type { Queries } from './open-pool.ts'

/**
 * Leases in a table, by the clock of the database. `ttlMs` counts on the server from after the call began, so by any clock that
 * runs as fast as the server's nobody else holds it until then.
 * @param holder Names this process; the same name again is the same holder.
 */
export function openPostgresLeases(database: Queries, holder: string): Leases {
  return {
    async hold(name, ttlMs) {
      try {
        const { rows } = await database.query<{ held: boolean }>('SELECT sallyport.hold_lease($1, $2, $3) AS held', [
          name,
          holder,
          ttlMs,
        ])
        return rows[0]?.held === true
      } catch {
        return false
      }
    },
    async release(name) {
      // What cannot be given back runs out.
      await database.query('SELECT sallyport.release_lease($1, $2)', [name, holder]).catch(() => undefined)
    },
  }
}
