import { describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient } from '../../fixtures/postgres.ts'
import { migrate, requireSchema } from './migrate.ts'
import { MIGRATIONS } from './migrations/index.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('PostgreSQL migrations', () => {
  test.each(MIGRATIONS.map(({ id, name }) => [id, name]))('from version %i (%s) the newest is reached, once', async (id) => {
    const { ownerUrl } = await createDatabase(postgresUrl, id)
    await withClient(ownerUrl, async (client) => {
      expect(await migrate(client)).toEqual(MIGRATIONS.filter((migration) => migration.id > id).map(({ name }) => name))
      expect(await migrate(client)).toEqual([])
    })
  })

  test('many migrators at once take every step once', async () => {
    const { ownerUrl } = await createDatabase(postgresUrl, 1)
    const taken = await Promise.all([1, 2, 3].map(() => withClient(ownerUrl, (client) => migrate(client))))
    expect(taken.flat().sort()).toEqual(
      MIGRATIONS.slice(1)
        .map(({ name }) => name)
        .sort(),
    )
  })

  test('R116 R134: nothing in the schema is open to everybody, and no role may change or delete what the log holds', async () => {
    const { ownerUrl } = await createDatabase(postgresUrl)
    await withClient(ownerUrl, async (client) => {
      const open = await client.query(`
        SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'sallyport' AND has_function_privilege('public', p.oid, 'EXECUTE')
        UNION ALL
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'sallyport' AND c.relkind IN ('r', 'v', 'S')
          AND has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`)
      expect(open.rows).toEqual([])
      const changing = await client.query(`
        SELECT table_name, grantee, privilege_type FROM information_schema.role_table_grants
        WHERE table_schema = 'sallyport' AND table_name LIKE 'audit%' AND grantee LIKE 'sallyport%' AND privilege_type <> 'SELECT'`)
      expect(changing.rows).toEqual([])
    })
  })

  test('a database of a newer version is refused', async () => {
    const { ownerUrl } = await createDatabase(postgresUrl)
    await withClient(ownerUrl, async (client) => {
      await client.query("INSERT INTO sallyport.migration (id, name) VALUES (10000, 'later')")
      await expect(requireSchema(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    })
  })
})
