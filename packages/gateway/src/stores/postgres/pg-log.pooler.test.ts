import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { createDatabase, freePort, withClient, type TestDatabase } from '../../fixtures/postgres.ts'
import { admin, decision, outcome } from '../files/fixtures/sample.ts'
import { openShared } from './fixtures/shared-log.ts'

const postgresUrl = inject('postgresUrl')
const BINARY = '/usr/sbin/pgbouncer'
const isInstalled = existsSync(BINARY)

test.runIf(process.env['CI'] !== undefined)('CI has PgBouncer: apt-get install pgbouncer', () => {
  expect(isInstalled).toBe(true)
})

describe.skipIf(postgresUrl === '' || !isInstalled)('through PgBouncer in transaction mode', () => {
  let dir = ''
  let pooler: ChildProcess | undefined
  let direct: TestDatabase
  let urls: Pick<TestDatabase, 'gatewayUrl' | 'auditorUrl'>

  beforeAll(async () => {
    direct = await createDatabase(postgresUrl)
    dir = mkdtempSync(join(tmpdir(), 'sallyport-pooler-'))
    chmodSync(dir, 0o755)
    const server = new URL(postgresUrl)
    const port = await freePort()
    writeFileSync(join(dir, 'users.txt'), '"test_gateway" ""\n"test_auditor" ""\n')
    writeFileSync(
      join(dir, 'pooler.ini'),
      `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(dir, 'users.txt')}
pool_mode = transaction
default_pool_size = 2
`,
    )
    const user = process.getuid?.() === 0 ? ['-u', 'postgres'] : []
    pooler = spawn(BINARY, ['-q', ...user, join(dir, 'pooler.ini')], { stdio: 'ignore' })
    const through = (url: string): string => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href
    urls = { gatewayUrl: through(direct.gatewayUrl), auditorUrl: through(direct.auditorUrl) }
    await vi.waitFor(() => withClient(urls.gatewayUrl, () => Promise.resolve()), { timeout: 10_000 })
  })
  afterAll(() => {
    pooler?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  test('R115 R293: four replicas over two server connections make one chain', async () => {
    const origin = 'sallyport.local/pooled'
    const replicas = []
    for (let i = 0; i < 4; i++) replicas.push(await openShared(urls, origin))
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
    const one = await openShared(urls, origin)
    await one.log.append(admin('a'))
    const { rows } = await one.database.query<{ lock: string; idle: string }>(
      "SELECT current_setting('lock_timeout') AS lock, current_setting('idle_in_transaction_session_timeout') AS idle",
    )
    expect(rows).toEqual([{ lock: '0', idle: '0' }])
    await one.close()
  })
})
