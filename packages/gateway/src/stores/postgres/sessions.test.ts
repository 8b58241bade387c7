import { describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient } from '../../fixtures/postgres.ts'
import { sessionStoreContract } from '../sessions.contract.ts'
import { openPool } from './open-pool.ts'
import { openPostgresSessions } from './sessions.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('PostgreSQL sessions', () => {
  sessionStoreContract({
    name: 'PostgreSQL',
    make: async () => {
      const { gatewayUrl } = await createDatabase(postgresUrl)
      const pools = [openPool({ url: gatewayUrl, connectionsMax: 4 })]
      return {
        store: openPostgresSessions(pools[0] as (typeof pools)[0]),
        reopen: async () => {
          const pool = openPool({ url: gatewayUrl, connectionsMax: 4 })
          pools.push(pool)
          return openPostgresSessions(pool)
        },
        remove: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
      }
    },
  })

  test('the auditor’s role reads none of it, and the gateway’s changes none', async () => {
    const { gatewayUrl, auditorUrl } = await createDatabase(postgresUrl)
    await withClient(auditorUrl, (client) =>
      expect(client.query('SELECT * FROM sallyport.session_item')).rejects.toMatchObject({ code: '42501' }),
    )
    await withClient(gatewayUrl, (client) =>
      expect(client.query(`UPDATE sallyport.session_item SET sealed = ''`)).rejects.toMatchObject({ code: '42501' }),
    )
  })
})
