import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Draw } from '../../budgets.ts'
import { createDatabase, findPostgres, startPostgres, withClient, type TestDatabase } from '../../fixtures/postgres.ts'
import { budgetsContract } from '../budgets.contract.ts'
import { openPostgresBudgets } from './budgets.ts'
import { hasPooler, startPooler } from './fixtures/pooler.ts'

const postgresUrl = inject('postgresUrl')
const POOLS = 3
const wanted = (): boolean => true

const openPool = (connectionString: string, max = 8): Pool => {
  const pool = new Pool({ connectionString, max })
  pool.on('error', () => undefined)
  return pool
}

describe.skipIf(postgresUrl === '')('PostgreSQL budgets', () => {
  let database: TestDatabase
  let pools: Pool[]
  beforeAll(async () => {
    database = await createDatabase(postgresUrl)
    pools = Array.from({ length: POOLS }, () => openPool(database.gatewayUrl))
  })
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()))
  })

  budgetsContract({
    name: `PostgreSQL, ${POOLS} pools`,
    open: async () => ({ views: pools.map(openPostgresBudgets), close: async () => undefined }),
  })

  const first = (): Pool => pools[0] as Pool
  const owner = <T>(run: Parameters<typeof withClient<T>>[1]): Promise<T> => withClient(database.ownerUrl, run)
  const day: Draw = { key: 'agent:day', callsMax: 100_000, windowMs: 86_400_000 }

  test('R020 R293: three processes that draw at once never over-admit, and use the budget up', async () => {
    const child = fileURLToPath(new URL('fixtures/draw-all.ts', import.meta.url))
    const draws = async (): Promise<number> => {
      const drawing = fork(child, [database.gatewayUrl, 'agent:processes'], { execArgv: ['--conditions=sallyport-source'] })
      const [[taken]] = (await Promise.all([once(drawing, 'message'), once(drawing, 'exit')])) as [[number], unknown]
      return taken
    }
    const taken = await Promise.all([draws(), draws(), draws()])
    expect(taken.reduce((sum, one) => sum + one, 0)).toBe(250)
  })

  test('R020: the clock of a gateway does not matter', async () => {
    const budget = { key: 'agent:skew', callsMax: 1, windowMs: 60_000 }
    const budgets = openPostgresBudgets(first())
    expect((await budgets.reserve([budget], Date.now(), wanted)).reserved).toBe(true)
    for (const skewMs of [-86_400_000, 0, 86_400_000]) {
      expect((await budgets.reserve([budget], Date.now() + skewMs, wanted)).reserved).toBe(false)
    }
  })

  test('R020: an act that is refused anyway takes nothing and waits for nothing', async () => {
    const budget = { key: 'agent:refused', callsMax: 1, windowMs: 60_000 }
    const budgets = openPostgresBudgets(first())
    expect(budgets.reserve([budget], 0, () => false)).toEqual({ reserved: true, keys: [] })
    expect((await budgets.reserve([budget], 0, wanted)).reserved).toBe(true)
  })

  test('R020: a full window of 100,000 calls over a day is exact, and finding that out is one look-up', async () => {
    await owner(async (client) => {
      await client.query(`
        INSERT INTO sallyport.budget (key, first, next, last_at) VALUES ('agent:day', 0, 100000, clock_timestamp());
        INSERT INTO sallyport.budget_call (budget, seq, at)
        SELECT id, n, clock_timestamp() - interval '23 hours' + n * interval '100 ms'
        FROM sallyport.budget, generate_series(0, 99999) AS n WHERE key = 'agent:day'`)
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        'EXPLAIN SELECT at FROM sallyport.budget_call WHERE budget = 1 AND seq = 5',
      )
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Index')
    })
    const budgets = openPostgresBudgets(first())
    const refused = await budgets.reserve([day], 0, wanted)
    expect(refused).toMatchObject({ reserved: false })
    expect(refused.retryAfterMs).toBeGreaterThan(3_500_000)
    expect(refused.retryAfterMs).toBeLessThanOrEqual(3_600_000)
    // One call fewer in the window, one to take.
    await owner((client) => client.query("UPDATE sallyport.budget_call SET at = at - interval '2 hours' WHERE seq = 0"))
    expect((await budgets.reserve([day], 0, wanted)).reserved).toBe(true)
    expect((await budgets.reserve([day], 0, wanted)).reserved).toBe(false)
  })

  test('what no window needs any more is forgotten in small bites', async () => {
    const kept = (): Promise<number> =>
      owner(async (client) => {
        const { rows } = await client.query<{ n: string }>(
          "SELECT count(*) AS n FROM sallyport.budget_call c JOIN sallyport.budget b ON b.id = c.budget WHERE key = 'agent:old'",
        )
        return Number(rows[0]?.n)
      })
    const budgets = openPostgresBudgets(first())
    const old = { ...day, key: 'agent:old' }
    for (let i = 0; i < 10; i++) await budgets.reserve([old], 0, wanted)
    await owner((client) =>
      client.query(
        "UPDATE sallyport.budget_call SET at = at - interval '25 hours' WHERE budget = (SELECT id FROM sallyport.budget WHERE key = 'agent:old')",
      ),
    )
    for (let i = 1; i <= 5; i++) {
      await budgets.reserve([old], 0, wanted)
      expect(await kept()).toBe(10 - i)
    }
    expect((await budgets.reserve([{ ...old, callsMax: 6 }], 0, wanted)).reserved).toBe(true)
    expect((await budgets.reserve([{ ...old, callsMax: 6 }], 0, wanted)).reserved).toBe(false)
    await owner((client) =>
      client.query("UPDATE sallyport.budget SET last_at = last_at - interval '26 hours' WHERE key = 'agent:old'"),
    )
    await first().query('SELECT sallyport.drop_idle_budgets()')
    expect(await kept()).toBe(0)
    expect((await budgets.reserve([old], 0, wanted)).reserved).toBe(true)
  })

  test('only this one transaction does without the flush, and the gateway can touch no row', async () => {
    await withClient(database.gatewayUrl, async (client) => {
      const commits = async (): Promise<unknown> => (await client.query('SHOW synchronous_commit')).rows[0]
      expect(await commits()).toEqual({ synchronous_commit: 'on' })
      await client.query('BEGIN')
      await client.query("SELECT sallyport.take_calls(ARRAY['agent:flush'], ARRAY[1], ARRAY[1000]::bigint[])")
      expect(await commits()).toEqual({ synchronous_commit: 'off' })
      await client.query('COMMIT')
      expect(await commits()).toEqual({ synchronous_commit: 'on' })
      for (const statement of [
        'DELETE FROM sallyport.budget_call',
        'UPDATE sallyport.budget SET next = 0',
        'SELECT * FROM sallyport.budget',
      ])
        await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' })
    })
    await withClient(database.auditorUrl, async (client) => {
      await expect(
        client.query("SELECT sallyport.take_calls(ARRAY['agent:x'], ARRAY[1], ARRAY[1000]::bigint[])"),
      ).rejects.toMatchObject({ code: '42501' })
    })
  })
})

describe.skipIf(postgresUrl === '' || !hasPooler)('PostgreSQL budgets through a pooler', () => {
  budgetsContract({
    name: 'PgBouncer in transaction mode, two connections for three pools',
    async open() {
      const pooler = await startPooler(await createDatabase(postgresUrl))
      const pools = Array.from({ length: POOLS }, () => openPool(pooler.urls.gatewayUrl))
      return {
        views: pools.map(openPostgresBudgets),
        async close() {
          await Promise.all(pools.map((pool) => pool.end()))
          pooler.close()
        },
      }
    },
  })
})

describe.skipIf(postgresUrl === '')('PostgreSQL budgets when the server fails', () => {
  test('R020: after a crash of the server every call whose decision was durable is still counted', async () => {
    const server = await startPostgres(findPostgres() ?? '', ['wal_writer_delay=10s'])
    const budget = { key: 'agent:crash', callsMax: 20, windowMs: 3_600_000 }
    try {
      const database = await createDatabase(server.adminUrl)
      await withClient(database.ownerUrl, (client) =>
        client.query('CREATE TABLE decision (act int); GRANT INSERT ON decision TO sallyport_gateway'),
      )
      const pool = openPool(database.gatewayUrl)
      const budgets = openPostgresBudgets(pool)
      for (let act = 0; act < 20; act++) {
        expect((await budgets.reserve([budget], 0, wanted)).reserved).toBe(true)
        await pool.query('INSERT INTO decision (act) VALUES ($1)', [act])
      }
      await server.stop('immediate')
      await expect(budgets.reserve([budget], 0, wanted)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await server.start()
      expect(await budgets.reserve([budget], 0, wanted)).toMatchObject({ reserved: false })
      await pool.end()
    } finally {
      await server.remove()
    }
  })

  test('R020: what cannot be asked is an error, never an allow, and names nothing of the database', async () => {
    const pool = openPool('postgres://gateway:hunter2@127.0.0.1:1/secret_database')
    const failed = openPostgresBudgets(pool).reserve([{ key: 'agent:a', callsMax: 1, windowMs: 1_000 }], 0, wanted)
    await expect(failed).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'the budgets cannot be asked' })
    openPostgresBudgets(pool).refund(['agent:a'], 5)
    await pool.end()
  })
})
