import { GatewayError } from '@sallyport/core'
import { limitOf, type Budgets, type Draw, type Reservation } from '../../budgets.ts'

/** The one thing asked of a pool: an unnamed, parameterised statement that is a transaction of its own. */
export interface BudgetPool {
  query(sql: string, values: readonly unknown[]): Promise<{ readonly rows: readonly unknown[] }>
}

/** What `sallyport.take_calls` answers; bigint columns arrive as text. */
interface Taken {
  readonly at_us: string | null
  readonly exhausted: number | null
  readonly retry_us: string | null
}

/** Idle budgets are swept once in this many reservations of a process: no timer to stop. */
const SWEEP_EVERY = 10_000

/**
 * Budgets that all gateways over one database share. Each reservation is one statement and one transaction: it locks the rows of
 * its budgets in one order, goes by the database's clock read under those locks, and takes a call from each or from none. So it
 * is exact whatever the clocks of the gateways say, and works through a pooler in transaction mode.
 *
 * The statement alone commits without waiting for the disk (`synchronous_commit = off`, local to its transaction), so that a busy
 * budget is locked for no flush. That loses nothing that matters. PostgreSQL's WAL is one sequence, replayed from its start and
 * never with gaps: the take's commit record is in it before this call returns, and the decision that relies on it is committed
 * after, so flushing the decision flushes the take. A crash can lose a take only together with its decision, and without a
 * durable decision nothing was done. The same holds for a standby, which replays the same sequence. It needs budgets and log in
 * one database cluster, and a log that commits with `synchronous_commit` on.
 */
export function openPostgresBudgets(pool: BudgetPool): Budgets {
  let reservations = 0
  return { reserve, refund }

  function reserve(draws: readonly Draw[], _nowMs: number, isWanted: () => boolean): Reservation | Promise<Reservation> {
    // A refused act must not keep a call from another one, not even while it waits to be given back.
    if (draws.length === 0 || !isWanted()) return { reserved: true, keys: [] }
    return take(draws)
  }

  async function take(draws: readonly Draw[]): Promise<Reservation> {
    if (++reservations % SWEEP_EVERY === 0) forgotten('SELECT sallyport.drop_idle_budgets()', [])
    const keys = draws.map((draw) => draw.key)
    const values = [keys, draws.map((draw) => draw.callsMax), draws.map((draw) => draw.windowMs)]
    const row = await pool
      .query('SELECT at_us, exhausted, retry_us FROM sallyport.take_calls($1::text[], $2::int[], $3::bigint[])', values)
      .then(({ rows }) => rows[0] as Taken | undefined)
      .catch((cause: unknown) => {
        throw new GatewayError('STORE_UNAVAILABLE', 'the budgets cannot be asked', { cause })
      })
    const exhausted = row?.exhausted ? draws[row.exhausted - 1] : undefined
    if (exhausted)
      return {
        reserved: false,
        keys,
        limit: limitOf(exhausted),
        retryAfterMs: Math.max(1, Math.ceil(Number(row?.retry_us) / 1_000)),
      }
    if (!row?.at_us) throw new GatewayError('STORE_UNAVAILABLE', 'the budgets gave no answer')
    return { reserved: true, keys, atMs: Number(row.at_us) / 1_000 }
  }

  function refund(keys: readonly string[], atMs: number): void {
    if (keys.length > 0) forgotten('SELECT sallyport.give_back_calls($1::text[], $2::bigint)', [keys, Math.round(atMs * 1_000)])
  }

  /** What fails here leaves a call counted that was not made: the strict side, and it passes with its window. */
  function forgotten(sql: string, values: readonly unknown[]): void {
    pool.query(sql, values).catch(() => undefined)
  }
}
