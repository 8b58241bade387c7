import { beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from '../../fixtures/postgres.ts'

const postgresUrl = inject('postgresUrl')

/** A type of the session's own whose check runs code as whoever converts to it. */
const TRAP = `
  CREATE FUNCTION pg_temp.note() RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF current_user <> session_user THEN RAISE EXCEPTION 'ran as the owner' USING ERRCODE = 'XX999'; END IF;
    RETURN true;
  END $$;
  CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.note());
  CREATE DOMAIN pg_temp.timestamptz AS pg_catalog.timestamptz CHECK (pg_temp.note());
  CREATE DOMAIN pg_temp.bytea AS pg_catalog.bytea CHECK (pg_temp.note());
  CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.note());
  CREATE TABLE pg_temp.state_head (revision bigint);
`

describe.skipIf(postgresUrl === '')('rights of the logins of a shared store', () => {
  let urls: TestDatabase
  beforeAll(async () => {
    urls = await createDatabase(postgresUrl)
  })

  test('R134: every function that runs as its owner looks for names in the catalogue first, and for temporary ones last', async () => {
    await withClient(urls.ownerUrl, async (client) => {
      const { rows } = await client.query(`
        SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname LIKE 'sallyport%' AND p.prosecdef
          AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']`)
      expect(rows).toEqual([])
    })
  })

  test.each([
    ["SELECT sallyport.commit_state(ARRAY['put'], ARRAY['k'], ARRAY['1'], ARRAY['1'], NULL)"],
    ["SELECT sallyport.take_calls(ARRAY['k'], ARRAY[1], ARRAY[1000])"],
    ["SELECT sallyport.give_back_calls(ARRAY['k'], 1)"],
    ["SELECT sallyport.beat_replica('r')"],
    ["SELECT sallyport.end_replica('r')"],
    ["SELECT sallyport.hold_lease('l', 'r', 1000)"],
    ["SELECT sallyport.release_lease('l', 'r')"],
    ['SELECT sallyport.drop_idle_budgets()'],
    ["SELECT sallyport.audit_open('o')"],
    ["SELECT sallyport.audit_begin('o', 0)"],
    ["SELECT sallyport.audit_append('{}', '')"],
    ["SELECT sallyport.audit_settle('o', 'r', 1)"],
    ["SELECT sallyport.audit_publish('o', 0, '', 'n')"],
    ["SELECT sallyport.audit_bury('o', 'r', 0)"],
  ])('R134: a login cannot make a function run its own code as the owner: %s', async (sql) => {
    await withClient(urls.gatewayUrl, async (client) => {
      await client.query(TRAP)
      const code = await client.query(sql).then(
        () => undefined,
        (error: { code?: string }) => error.code,
      )
      expect(code).not.toBe('XX999')
    })
  })
})
