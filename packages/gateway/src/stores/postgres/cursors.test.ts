import { describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient } from '../../fixtures/postgres.ts'
import { cursorStoreContract } from '../cursors.contract.ts'
import { openPostgresCursors } from './cursors.ts'
import { openPool } from './open-pool.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('PostgreSQL cursors', () => {
  cursorStoreContract({
    name: 'PostgreSQL',
    make: async () => {
      const { gatewayUrl } = await createDatabase(postgresUrl)
      const pools = [openPool({ url: gatewayUrl, connectionsMax: 4 })]
      return {
        store: openPostgresCursors(pools[0] as (typeof pools)[0]),
        reopen: async () => {
          const pool = openPool({ url: gatewayUrl, connectionsMax: 4 })
          pools.push(pool)
          return openPostgresCursors(pool)
        },
        remove: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
      }
    },
  })

  test('the gateway’s role cannot delete a cursor, and the auditor’s cannot move one', async () => {
    const { gatewayUrl, auditorUrl } = await createDatabase(postgresUrl)
    await withClient(gatewayUrl, async (client) => {
      await client.query(`INSERT INTO sallyport.cursor (name, next) VALUES ('sink.a', 1)`)
      await expect(client.query('DELETE FROM sallyport.cursor')).rejects.toMatchObject({ code: '42501' })
    })
    await withClient(auditorUrl, (client) =>
      expect(client.query('UPDATE sallyport.cursor SET next = 0')).rejects.toMatchObject({ code: '42501' }),
    )
  })
})
