import { SESSION_PAGE_ITEMS_MAX, type SessionStore } from '@sallyport/core'
import type { Queries } from './open-pool.ts'

/** What sessions hold, in a table that every replica reads and adds to. */
export function openPostgresSessions(database: Queries): SessionStore {
  return {
    isShared: true,
    async append(session, items, { nowMs, owner = '' }) {
      // One writer of a session at a time, so that no place is filled behind one that was read.
      const { rows } = await database.query<{ last: string }>(
        `WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended($1, 0))),
         added AS (
           INSERT INTO sallyport.session_item (session, at, sealed, owner)
           SELECT $1, to_timestamp($2::double precision / 1000), sealed, $4
           FROM held, unnest($3::bytea[]) WITH ORDINALITY AS new (sealed, n) ORDER BY n
           RETURNING seq)
         SELECT coalesce(max(seq), 0) AS last FROM added`,
        [session, nowMs, items.map((item) => Buffer.from(item)), owner],
      )
      return Number(rows[0]?.last ?? 0)
    },
    async read(session, after) {
      const { rows } = await database.query<{ seq: string; sealed: Uint8Array }>(
        'SELECT seq, sealed FROM sallyport.session_item WHERE session = $1 AND seq > $2 ORDER BY seq LIMIT $3',
        [session, after, SESSION_PAGE_ITEMS_MAX],
      )
      return rows.map(({ seq, sealed }) => ({ seq: Number(seq), sealed }))
    },
    async erase(session, before = Number.MAX_SAFE_INTEGER) {
      await database.query('DELETE FROM sallyport.session_item WHERE session = $1 AND seq < $2', [session, before])
    },
    async owner(session) {
      const sql = "SELECT owner FROM sallyport.session_item WHERE session = $1 AND owner <> '' LIMIT 1"
      return (await database.query<{ owner: string }>(sql, [session])).rows[0]?.owner
    },
    async owned(owner) {
      const sql = "SELECT DISTINCT session FROM sallyport.session_item WHERE owner = $1 AND owner <> ''"
      return (await database.query<{ session: string }>(sql, [owner])).rows.map(({ session }) => session)
    },
    async expire(beforeMs) {
      const { rows } = await database.query<{ gone: string }>(
        `WITH gone AS (DELETE FROM sallyport.session_item WHERE at < to_timestamp($1::double precision / 1000) RETURNING 1)
         SELECT count(*) AS gone FROM gone`,
        [beforeMs],
      )
      return Number(rows[0]?.gone ?? 0)
    },
    close: () => Promise.resolve(),
  }
}
