import { describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient } from '../../fixtures/postgres.ts'
import { vaultStoreContract } from '../vault.contract.ts'
import { openPool } from './open-pool.ts'
import { openPostgresVault } from './vault.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('PostgreSQL vault', () => {
  vaultStoreContract({
    name: 'PostgreSQL',
    make: async () => {
      const { gatewayUrl } = await createDatabase(postgresUrl)
      const open = () => openPool({ url: gatewayUrl, connectionsMax: 4 })
      const pools = [open()]
      return {
        store: openPostgresVault(pools[0] as (typeof pools)[0]),
        async reopen() {
          const pool = open()
          pools.push(pool)
          return openPostgresVault(pool)
        },
        remove: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
      }
    },
  })

  test('R293: two gateways add the same person and key at once; both get the one that stays', async () => {
    const { gatewayUrl } = await createDatabase(postgresUrl)
    const pools = [1, 2].map(() => openPool({ url: gatewayUrl, connectionsMax: 8 }))
    const stores = pools.map(openPostgresVault)
    await stores[0]?.turn({ generation: 1, version: 1, bytes: new Uint8Array(1) }, (row) => row.sealed)
    const added = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        stores[i % 2]?.addKey({ id: `k${i}`, slot: 's', class: 'pii', month: '2026-11', sealed: new Uint8Array([i]) }, 1),
      ),
    )
    expect(new Set(added.map((key) => key?.id)).size).toBe(1)
    await Promise.all(pools.map((pool) => pool.close()))
  })

  test('R134: auditor and keeper reach neither keys nor contents', async () => {
    const { auditorUrl, keeperUrl } = await createDatabase(postgresUrl)
    for (const url of [auditorUrl, keeperUrl]) {
      for (const table of ['sallyport_keys.root', 'sallyport_keys.subject', 'sallyport_keys.data_key', 'sallyport.vault_content'])
        await withClient(url, (client) => expect(client.query(`SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' }))
    }
  })

  test('a database that is gone is an unavailable vault', async () => {
    const pool = openPool({ url: 'postgres://nobody@127.0.0.1:9/none', connectionsMax: 1 })
    await expect(openPostgresVault(pool).root()).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await pool.close()
  })
})
