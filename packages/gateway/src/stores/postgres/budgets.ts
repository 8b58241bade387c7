import { exhaustedBy, GatewayError, type Spend } from '@sallyport/core'
import { type Budgets, type Draw, isDraw, isSpend, limitOf, type Reservation, type Wanted } from '../../budgets.ts'
import type { SpendChange } from '../../spend-ledger.ts'

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

/** What `sallyport.take_budgets` answers besides: the position of the amount that does not fit, and what is used of its budget. */
interface TakenAll extends Taken {
  readonly short: number | null
  readonly used: string | null
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
  return { reserve, peek, refund, adjust }

  function reserve(wanted: readonly Wanted[], _nowMs: number, isWanted: () => boolean): Reservation | Promise<Reservation> {
    // A refused act must not keep a call from another one, not even while it waits to be given back.
    if (wanted.length === 0 || !isWanted()) return { reserved: true, keys: [] }
    const draws = wanted.filter(isDraw)
    const spends = wanted.filter(isSpend)
    return spends.length > 0 ? takeAll(draws, spends) : take(draws)
  }

  function peek(draws: readonly Draw[], _nowMs: number, isWanted: () => boolean): Reservation | Promise<Reservation> {
    const keys = draws.map((draw) => draw.key)
    if (draws.length === 0 || !isWanted()) return { reserved: true, keys: [] }
    const sql = 'SELECT exhausted, retry_us FROM sallyport.peek_calls($1::text[], $2::int[], $3::bigint[])'
    return ask<Omit<Taken, 'at_us'>>(sql, columns(draws)).then((row) => {
      if (!row) throw new GatewayError('STORE_UNAVAILABLE', 'the budgets gave no answer')
      return row.exhausted === null ? { reserved: true, keys } : answer(draws, { ...row, at_us: null })
    })
  }

  async function take(draws: readonly Draw[]): Promise<Reservation> {
    sweep()
    const row = await ask<Taken>(
      'SELECT at_us, exhausted, retry_us FROM sallyport.take_calls($1::text[], $2::int[], $3::bigint[])',
      columns(draws),
    )
    return answer(draws, row)
  }

  async function takeAll(draws: readonly Draw[], spends: readonly Spend[]): Promise<Reservation> {
    sweep()
    const row = await ask<TakenAll>(
      `SELECT at_us, exhausted, retry_us, short, used FROM sallyport.take_budgets(
         $1::text[], $2::int[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])`,
      [
        ...columns(draws),
        spends.map(({ key }) => key),
        spends.map(({ amount }) => amount),
        spends.map(({ max }) => max),
        spends.map(({ windowMs }) => windowMs),
      ],
    )
    const short = row?.short ? spends[row.short - 1] : undefined
    if (!short) return { ...answer(draws, row), ...(row?.at_us && { spends }) }
    const wait = row?.retry_us ? { retryAfterMs: waitMs(row.retry_us) } : {}
    return { reserved: false, keys: draws.map(({ key }) => key), ...exhaustedBy(short, Number(row?.used)), ...wait }
  }

  function answer(draws: readonly Draw[], row: Taken | undefined): Reservation {
    const keys = draws.map((draw) => draw.key)
    const exhausted = row?.exhausted ? draws[row.exhausted - 1] : undefined
    if (exhausted) return { reserved: false, keys, limit: limitOf(exhausted), retryAfterMs: waitMs(row?.retry_us ?? '0') }
    if (!row?.at_us) throw new GatewayError('STORE_UNAVAILABLE', 'the budgets gave no answer')
    return { reserved: true, keys, atMs: Number(row.at_us) / 1_000 }
  }

  async function ask<Row>(sql: string, values: readonly unknown[]): Promise<Row | undefined> {
    return pool
      .query(sql, values)
      .then(({ rows }) => rows[0] as Row | undefined)
      .catch((cause: unknown) => {
        throw new GatewayError('STORE_UNAVAILABLE', 'the budgets cannot be asked', { cause })
      })
  }

  function sweep(): void {
    if (++reservations % SWEEP_EVERY !== 0) return
    forgotten('SELECT sallyport.drop_idle_budgets()', [])
    forgotten('SELECT sallyport.drop_idle_spends()', [])
  }

  function refund(keys: readonly string[], atMs: number): void {
    if (keys.length > 0) forgotten('SELECT sallyport.give_back_calls($1::text[], $2::bigint)', [keys, Math.round(atMs * 1_000)])
  }

  /** One that fails leaves what was reserved counted. What a call used beyond it is then missing: it is said in the record. */
  function adjust(changes: readonly SpendChange[], atMs: number): void {
    if (changes.length === 0) return
    forgotten('SELECT sallyport.change_spends($1::text[], $2::bigint[], $3::bigint)', [
      changes.map(({ key }) => key),
      changes.map(({ by }) => by),
      Math.round(atMs * 1_000),
    ])
  }

  /** What fails here leaves a call counted that was not made: the strict side, and it passes with its window. */
  function forgotten(sql: string, values: readonly unknown[]): void {
    pool.query(sql, values).catch(() => undefined)
  }
}

function columns(draws: readonly Draw[]): readonly unknown[] {
  return [draws.map((draw) => draw.key), draws.map((draw) => draw.callsMax), draws.map((draw) => draw.windowMs)]
}

function waitMs(micros: string): number {
  return Math.max(1, Math.ceil(Number(micros) / 1_000))
}
