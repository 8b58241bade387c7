import { beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from '../../fixtures/postgres.ts'

const postgresUrl = inject('postgresUrl')

/** What each login may do with state, log and budgets, written by hand a second time: nothing else. */
const GATEWAY_TABLES = ['lease: SELECT', 'migration: SELECT', 'replica: SELECT', 'state_head: SELECT', 'state_record: SELECT']
const AUDITOR_TABLES = ['audit_entry: SELECT', 'audit_head: SELECT', 'audit_tile: SELECT', 'migration: SELECT']
const KEEPER_TABLES = ['lease: SELECT', 'migration: SELECT']
const GATEWAY_FUNCTIONS = [
  ...['append', 'begin', 'bury', 'leaves', 'open', 'orphans', 'publish', 'settle', 'silent', 'state'].map(
    (name) => `audit_${name}`,
  ),
  'beat_replica',
  'change_spends',
  'commit_state',
  'drop_idle_budgets',
  'drop_idle_spends',
  'end_replica',
  'give_back_calls',
  'hold_lease',
  'peek_calls',
  'release_lease',
  'state_since',
  'take_budgets',
  'take_calls',
]
const KEEPER_FUNCTIONS = ['audit_remove', 'hold_lease', 'release_lease']
const IS_OURS =
  '^(audit_|state_|replica|lease|budget|migration|commit_|beat_|end_|hold_|release_|take_|peek_|give_|lock_|drop_|spend|change_)'

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

  test('R178 R293: what acts wait for is not compiled by the server, whatever it guesses of a large table', async () => {
    await withClient(urls.ownerUrl, async (client) => {
      const { rows } = await client.query<{ name: string }>(`
        SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'sallyport' AND p.proconfig @> ARRAY['jit=off'] ORDER BY p.proname`)
      expect(rows.map(({ name }) => name)).toEqual(['audit_begin', 'audit_leaves', 'audit_open', 'state_since'])
    })
  })

  test.each([
    ['gatewayUrl', GATEWAY_TABLES, GATEWAY_FUNCTIONS],
    ['auditorUrl', AUDITOR_TABLES, []],
    ['keeperUrl', KEEPER_TABLES, KEEPER_FUNCTIONS],
  ] as const)(
    'R134: of state, log and budgets the login %s may use what it needs, and nothing else',
    async (login, tables, functions) => {
      await withClient(urls[login], async (client) => {
        const { rows: held } = await client.query<{ held: string }>(
          `SELECT c.relname || ': ' || string_agg(p, ', ' ORDER BY p) AS held
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
          unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p
        WHERE n.nspname = 'sallyport' AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname ~ $1 AND has_table_privilege(c.oid, p)
        GROUP BY c.relname ORDER BY c.relname COLLATE "C"`,
          [IS_OURS],
        )
        expect(held.map((row) => row.held)).toEqual(tables)
        const { rows: run } = await client.query<{ name: string }>(
          `SELECT p.proname AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'sallyport' AND p.proname ~ $1 AND has_function_privilege(p.oid, 'EXECUTE')
        ORDER BY p.proname COLLATE "C"`,
          [IS_OURS],
        )
        expect(run.map(({ name }) => name)).toEqual(functions)
        const { rows } = await client.query(
          "SELECT has_schema_privilege('sallyport', 'CREATE') AS creates, pg_has_role('postgres', 'MEMBER') AS owns",
        )
        expect(rows).toEqual([{ creates: false, owns: false }])
      })
    },
  )

  test.each([
    ["SELECT sallyport.commit_state(ARRAY['put'], ARRAY['k'], ARRAY['1'], ARRAY['1'], NULL)"],
    ["SELECT sallyport.take_calls(ARRAY['k'], ARRAY[1], ARRAY[1000])"],
    ["SELECT sallyport.peek_calls(ARRAY['k'], ARRAY[1], ARRAY[1000])"],
    ["SELECT sallyport.give_back_calls(ARRAY['k'], 1)"],
    ["SELECT sallyport.take_budgets(ARRAY['k'], ARRAY[1], ARRAY[1000], ARRAY['s'], ARRAY[1], ARRAY[1], ARRAY[1000])"],
    ["SELECT sallyport.change_spends(ARRAY['s'], ARRAY[1], 1)"],
    ['SELECT sallyport.drop_idle_spends()'],
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
