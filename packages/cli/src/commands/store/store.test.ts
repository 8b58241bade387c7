import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DatabaseStatus, migrateDatabase, openPool } from '@sallyport/gateway'
import { afterEach, beforeEach, describe, expect, inject, onTestFinished, test } from 'vitest'
import { findPostgres, startPostgres } from '../../../../gateway/src/fixtures/postgres.ts'
import { runCli } from '../../run-cli.ts'

const postgresUrl = inject('postgresUrl')
const INIT = fileURLToPath(new URL('../../../../../deploy/postgres-init.sh', import.meta.url))
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sallyport-store-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function run(...args: string[]): Promise<{ code: number; said: string }> {
  let said = ''
  const write = (text: string): void => void (said += text)
  const code = await runCli(args, { env: { SALLYPORT_HOME: dir }, out: write, err: write, version: 'test' })
  return { code, said }
}

describe('store migrate', () => {
  test('R013: a database that cannot be reached is reported without its address or password', async () => {
    writeFileSync(join(dir, 'url'), 'postgres://owner:hunter2@127.0.0.1:1/secret')
    const { code, said } = await run('store', 'migrate', '--url-file', join(dir, 'url'))
    expect(code).not.toBe(0)
    expect(said).not.toMatch(/hunter2|127\.0\.0\.1|secret|owner/)
  })

  test.each([
    ['no url', 'hello'],
    ['another database', 'mysql://a:b@c/d'],
  ])('a file that holds %s is refused', async (_, text) => {
    writeFileSync(join(dir, 'url'), text)
    const { code, said } = await run('store', 'migrate', '--url-file', join(dir, 'url'))
    expect(code).not.toBe(0)
    expect(said).toContain('must hold postgres://')
  })
})

describe.skipIf(postgresUrl === '')('the database of deploy/compose.yaml', () => {
  test('R138: made by its script, migrated by its owner, who is no superuser; the gateways’ login may not', async () => {
    const secrets = { owner: 'o'.repeat(48), gateway: 'g'.repeat(48), auditor: 'a'.repeat(48), keeper: 'k'.repeat(48) }
    for (const [name, password] of Object.entries(secrets)) writeFileSync(join(dir, `${name}-password`), password)
    // Roles belong to the whole server.
    const server = await startPostgres(findPostgres() ?? '')
    onTestFinished(() => server.remove())
    const { hostname, port } = new URL(server.adminUrl)
    const env = { PATH: process.env['PATH'] ?? '', SECRETS: dir, PGHOST: hostname, PGPORT: port, POSTGRES_USER: 'postgres' }
    const made = spawnSync('sh', [INIT], { env, encoding: 'utf8' })
    expect(made.stderr).toBe('')
    const url = (login: string): string => `postgres://${login}@${hostname}:${port}/sallyport`
    writeFileSync(join(dir, 'url'), url('owner'))
    const first = await run('store', 'migrate', '--url-file', join(dir, 'url'), '--json')
    expect(first.said).toContain('"budgets"')
    expect(await run('store', 'migrate', '--url-file', join(dir, 'url'))).toMatchObject({ code: 0, said: 'nothing to do\n' })
    await expect(migrateDatabase(url('gateway'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  })
})

describe.skipIf(postgresUrl === '')('store status', () => {
  test('R293: schema, gateways and leases of a database; one that was never migrated says so', async () => {
    const name = `status_${process.pid}`
    const { hostname, port } = new URL(postgresUrl)
    const admin = openPool({ url: new URL('/postgres', postgresUrl).href, connectionsMax: 1 })
    await admin.query(`CREATE DATABASE ${name}`)
    await admin.close()
    const url = `postgres://postgres@${hostname}:${port}/${name}`
    writeFileSync(join(dir, 'url'), url)
    const status = async () =>
      JSON.parse((await run('store', 'status', '--url-file', join(dir, 'url'), '--json')).said) as DatabaseStatus
    expect(await status()).toMatchObject({ schema: 0, replicas: [], leases: [] })
    await migrateDatabase(url)
    const pool = openPool({ url, connectionsMax: 1 })
    await pool.query("SELECT sallyport.beat_replica('one'), sallyport.hold_lease('siem', 'one', 60000)")
    await pool.close()
    const found = await status()
    expect(found).toMatchObject({ replicas: [{ id: 'one', state: 'live' }], leases: [{ name: 'siem', holder: 'one' }] })
    expect(found.schema).toBe(found.wanted)
    expect((await run('store', 'status', '--url-file', join(dir, 'url'))).said).toMatch(/gateway {3}one {2}live/)
  })
})
