import { describe, expect, inject, test, vi } from 'vitest'
import { createDatabase, withClient } from '../../fixtures/postgres.ts'
import { leasesContract } from '../leases.contract.ts'
import { openPostgresLeases } from './leases.ts'
import { openPool } from './open-pool.ts'
import { startReplica } from './replica.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('leases and replicas in PostgreSQL', () => {
  leasesContract({
    name: 'postgres',
    isShared: true,
    async open() {
      const pool = openPool({ url: (await createDatabase(postgresUrl)).gatewayUrl, connectionsMax: 4 })
      return { of: (holder) => openPostgresLeases(pool, holder), close: () => pool.close() }
    },
  })

  test('a store that cannot be asked gives no lease', async () => {
    const pool = openPool({ url: 'postgres://nobody@127.0.0.1:1/none', connectionsMax: 1, connectMs: 500 })
    expect(await openPostgresLeases(pool, 'one').hold('siem', 1_000)).toBe(false)
    await openPostgresLeases(pool, 'one').release('siem')
    await pool.close()
  })

  test('R293: a beat under way when a replica ends does not tell it that it was given up', async () => {
    const answers: (() => void)[] = []
    let givenUp = 0
    const database = {
      query: (sql: string) =>
        sql.includes('AS alive')
          ? new Promise<{ rows: never[] }>((resolve) => answers.push(() => resolve({ rows: [{ alive: false }] as never[] })))
          : Promise.resolve({ rows: [] }),
    }
    const replica = await startReplica({ database, id: 'one', monotonicMs: () => 0, onGivenUp: () => givenUp++ })
    await vi.waitFor(() => expect(answers).toHaveLength(1), { timeout: 10_000, interval: 50 })
    await replica.close()
    answers[0]?.()
    await new Promise((resolve) => setImmediate(resolve))
    expect(givenUp).toBe(0)
  })

  test('R293: a replica is seen from its start to its end, and one that was given up hears of it', async () => {
    const { gatewayUrl, ownerUrl } = await createDatabase(postgresUrl)
    const pool = openPool({ url: gatewayUrl, connectionsMax: 2 })
    let givenUp = 0
    let nowMs = 0
    const start = (id: string) => startReplica({ database: pool, id, monotonicMs: () => nowMs, onGivenUp: () => givenUp++ })
    const [one, two] = [await start('one'), await start('two')]
    const dead = async (): Promise<readonly unknown[]> =>
      (await pool.query('SELECT id FROM sallyport.replica WHERE dead ORDER BY id')).rows
    expect(await dead()).toEqual([])
    await one.close()
    expect(await dead()).toEqual([{ id: 'one' }])
    expect(two.isSteady(5_000)).toBe(false)
    await withClient(ownerUrl, (client) => client.query("UPDATE sallyport.replica SET dead = true WHERE id = 'two'"))
    await vi.waitFor(() => expect(givenUp).toBe(1), { timeout: 10_000, interval: 50 })
    nowMs = 60_000
    expect(two.isSteady(5_000)).toBe(false)
    await two.close()
    await pool.close()
  })
})
