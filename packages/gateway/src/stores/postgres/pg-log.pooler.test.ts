import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../fixtures/postgres.ts'
import { admin, decision, outcome } from '../files/fixtures/sample.ts'
import { hasPooler, startPooler } from './fixtures/pooler.ts'
import { openShared } from './fixtures/shared-log.ts'

const postgresUrl = inject('postgresUrl')

test.runIf(process.env['CI'] !== undefined)('CI has PgBouncer: apt-get install pgbouncer', () => {
  expect(hasPooler).toBe(true)
})

describe.skipIf(postgresUrl === '' || !hasPooler)('through PgBouncer in transaction mode', () => {
  let pooler: Awaited<ReturnType<typeof startPooler>>

  beforeAll(async () => {
    pooler = await startPooler(await createDatabase(postgresUrl))
  })
  afterAll(() => pooler.close())

  test('R115 R293: four replicas over two server connections make one chain', async () => {
    const origin = 'sallyport.local/pooled'
    const replicas = []
    for (let i = 0; i < 4; i++) replicas.push(await openShared(pooler.urls, origin))
    await Promise.all(
      replicas.map(async ({ log }, id) => {
        for (let i = 0; i < 20; i++) {
          const index = await log.append(decision(`${id}-${i}`))
          await Promise.all([log.append(outcome(`${id}-${i}`, index)), log.append(admin('beside'))])
        }
      }),
    )
    await replicas[0]?.log.checkpoint()
    expect(await replicas[1]?.verify()).toMatchObject({ ok: true, size: 240, checkpointed: 240, open: { count: 0 } })
    for (const one of replicas) await one.close()
  })

  test('R115: nothing of one transaction is left in the connection for the next', async () => {
    const origin = 'sallyport.local/settings'
    const one = await openShared(pooler.urls, origin)
    await one.log.append(admin('a'))
    const { rows } = await one.database.query<{ lock: string; idle: string }>(
      "SELECT current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle",
    )
    expect(rows).toEqual([{ lock: '0', idle: '0' }])
    await one.close()
  })
})
