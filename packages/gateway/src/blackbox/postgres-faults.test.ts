import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import type { AgentClient } from '../fixtures/agent-client.ts'
import { send } from '../fixtures/agent-client.ts'
import { type Governed, govern, reads } from '../fixtures/govern.ts'
import { numberedCalls, type NumberedCalls } from '../fixtures/numbered-calls.ts'
import { createDatabase, findPostgres, type Postgres, startPostgres, withClient } from '../fixtures/postgres.ts'
import { type ReceivedCall, type RecordingServer, startRecordingServer, tool } from '../fixtures/recording-server.ts'
import { type Replica, replicate } from '../fixtures/replicate.ts'

/** What no caller may learn: where the database is, what it is asked, how it failed, who logs in, where files lie. */
const INTERNAL =
  /postgres|pg_|127\.0\.0\.1|ECONN|EPIPE|test_gateway|test_\d|sallyport\.\w+\(|SELECT|INSERT|SQLSTATE|\b5[37]\w{3}\b|\/tmp\/|node_modules|\.ts:\d|\bat .+:\d+:\d+|No space left|read-only transaction/i
const RECOVERED_MS_MAX = 40_000

interface World {
  readonly database: Postgres
  readonly adminUrl: string
  readonly governed: Governed
  readonly other: Replica
  readonly server: RecordingServer
  readonly calls: NumberedCalls
  readonly clients: readonly AgentClient[]
  readonly logged: string[]
  close(): Promise<void>
}

async function openWorld(settings: readonly string[] = []): Promise<World> {
  const calls = numberedCalls()
  const tools = [tool('add', calls.behave)]
  const logged: string[] = []
  const server = await startRecordingServer({ tools })
  const database = await startPostgres(findPostgres() ?? '', settings)
  const made = await createDatabase(database.adminUrl)
  const governed = await govern({
    servers: { erp: { transport: 'http', url: server.url } },
    reviewed: { erp: tools.map(({ definition }) => [definition, 'read'] as const) },
    agents: {
      clerk: {
        tasks: { work: { tools: reads('erp.add') } },
        manifest: { defaults: { rateLimit: { callsMax: 100_000, windowMs: 60_000 } } },
      },
    },
    config: {
      store: { type: 'postgres', url: made.gatewayUrl, auditorUrl: made.auditorUrl, statementMs: 1_000, connectMs: 1_000 },
    },
    log: (message, error) =>
      logged.push(`${message} ${error instanceof Error ? `${error.message} ${String(error.cause)}` : String(error)}`),
    database: made,
  })
  const other = await replicate(governed)
  const clients = [governed, other, governed, other].map((gateway) => gateway.client('clerk', 'work'))
  return {
    database,
    adminUrl: made.ownerUrl,
    governed,
    other,
    server,
    calls,
    clients,
    logged,
    async close() {
      await other.close().catch(() => undefined)
      await governed.close().catch(() => undefined)
      await server.close()
      await database.remove()
    },
  }
}

/** Load through both gateways while `fault` happens and `mend` ends it; then both serve again and nothing was done unrecorded. */
async function endure(world: World, fault: () => Promise<void>, mend: () => Promise<void>): Promise<void> {
  const { calls, clients, governed } = world
  await serveAgain(world)
  let isOver = false
  const load = calls.keepCalling(clients, 'erp__add', () => isOver)
  await vi.waitFor(() => expect(calls.reached.length).toBeGreaterThan(10), { timeout: 10_000 })
  try {
    await fault()
  } finally {
    await mend()
  }
  await serveAgain(world)
  isOver = true
  await load
  expect(await calls.unrecorded(governed)).toEqual([])
  expect(new Set(calls.reached).size).toBe(calls.reached.length)
  for (const { text, headers } of calls.answers) expect(`${text} ${JSON.stringify(headers)}`).not.toMatch(INTERNAL)
}

async function serveAgain({ calls, clients }: World): Promise<void> {
  for (const client of clients.slice(0, 2))
    await vi.waitFor(async () => expect((await calls.call(client, 'erp__add'))?.said).toBe('done'), {
      timeout: RECOVERED_MS_MAX,
      interval: 50,
    })
}

/** Waits until every call is refused with a code of the gateway's own: sessions hear of a new setting one by one. */
async function refuses({ calls, clients }: World): Promise<void> {
  await vi.waitFor(
    async () => {
      const before = calls.reached.length
      for (let i = 0; i < 6; i++) {
        const answer = await calls.call(clients[i % 2] as AgentClient, 'erp__add')
        expect(answer?.status).toBe(503)
        expect(answer?.text).toMatch(/"(?:STORE_UNAVAILABLE|STORE_STALE|AUDIT_UNAVAILABLE)"/)
      }
      expect(calls.reached.length).toBe(before)
    },
    { timeout: 20_000, interval: 20 },
  )
}

describe.skipIf(inject('postgresUrl') === '')('faults of PostgreSQL under load, with two gateways', () => {
  let world: World
  beforeAll(async () => {
    world = await openWorld()
  })
  afterAll(() => world.close())
  const admin = (sql: string) => withClient(world.adminUrl, (client) => client.query(sql))
  const alter = async (setting: string): Promise<void> => {
    await admin(`ALTER SYSTEM ${setting}`)
    await admin('SELECT pg_reload_conf()')
  }
  const statusOf = async (path: string): Promise<number> => (await send(`${world.governed.url()}${path}`, { method: 'GET' })).status

  test('R004 R013: connections that break, again and again', async () => {
    const kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'test_%'"
    await endure(
      world,
      async () => {
        for (let i = 0; i < 10; i++) await admin(kill)
      },
      async () => undefined,
    )
  })

  test('R004 R013 R014: a crash of the server and its return, as in a failover', async () => {
    await endure(
      world,
      async () => {
        await world.database.stop('immediate')
        await refuses(world)
        await vi.waitFor(async () => expect(await statusOf('/readyz')).toBe(503), { timeout: 5_000 })
        expect(await statusOf('/healthz')).toBe(200)
      },
      () => world.database.start(),
    )
    await vi.waitFor(async () => expect(await statusOf('/readyz')).toBe(200), { timeout: 10_000 })
  })

  test('R004 R013 R014: a server that only reads', async () => {
    await endure(
      world,
      async () => {
        await alter('SET default_transaction_read_only = on')
        await refuses(world)
      },
      async () => {
        await withClient(world.adminUrl, async (client) => {
          await client.query('SET default_transaction_read_only = off')
          await client.query('ALTER SYSTEM RESET default_transaction_read_only')
          await client.query('SELECT pg_reload_conf()')
        })
      },
    )
  })

  test('R004 R013 R014: commits that take longer than anyone waits', async () => {
    await endure(
      world,
      async () => {
        // A standby that does not exist never confirms: every commit waits for it.
        await alter("SET synchronous_standby_names = 'nobody'")
        await refuses(world)
      },
      () => alter('RESET synchronous_standby_names'),
    )
  })

  test('R004 R035: after all that the log is whole, and every act has its end or is known to have none', async () => {
    await vi.waitFor(
      async () => {
        const entries = await world.governed.entries()
        const open = new Map(
          entries.flatMap((entry, index) =>
            entry.type === 'decision' && entry.enforced === 'allow' ? [[index, entry.act] as const] : [],
          ),
        )
        for (const entry of entries) if (entry.type === 'outcome' || entry.type === 'unknown') open.delete(entry.decision)
        expect(open.size).toBe(0)
      },
      { timeout: 25_000, interval: 250 },
    )
    expect(await world.governed.control('bob', 'audit.verify', {})).toMatchObject({ ok: true })
    // What these tests look for would be seen: a call nobody recorded, and words of the database.
    await world.calls.behave({ params: { _meta: { traceparent: 'planted' } } } as unknown as ReceivedCall)
    expect(await world.calls.unrecorded(world.governed)).toEqual(['planted'])
    for (const words of [
      'connect ECONNREFUSED 10.0.0.1',
      'relation "sallyport.append(" of role test_gateway',
      'at run (/srv/a.ts:1:2)',
    ])
      expect(words).toMatch(INTERNAL)
  })

  test('R013: what went wrong is in the operator’s log, and only there', () => {
    expect(world.logged.join('\n')).toMatch(/ECONN|terminat|read-only|timeout|Connection/i)
  })
})

const scratch = mkdtempSync(join(tmpdir(), 'sallyport-small-disk-'))
const canMount =
  process.platform === 'linux' && spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'none', scratch]).status === 0
afterAll(() => {
  if (canMount) spawnSync('umount', ['-l', scratch])
  rmSync(scratch, { recursive: true, force: true })
})

describe.skipIf(inject('postgresUrl') === '' || !canMount)('a full disk', () => {
  test('R004 R013 R014: nothing is done until there is room again, and then everything works', async () => {
    const before = process.env['TMPDIR']
    process.env['TMPDIR'] = scratch
    execFileSync('chmod', ['1777', scratch])
    const opened = openWorld(['min_wal_size=32MB', 'max_wal_size=32MB', 'shared_buffers=16MB'])
    const world = await opened.finally(() => {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    })
    const filler = join(scratch, 'filler')
    try {
      await endure(
        world,
        async () => {
          let isNoticed = false
          const filling = fillUp(world, filler, () => isNoticed)
          await refuses(world).finally(() => (isNoticed = true))
          await filling
        },
        async () => {
          rmSync(filler)
          // The server ends itself when it cannot write its log; whoever runs it starts it again.
          await world.database.stop('immediate')
          await world.database.start()
        },
      )
    } finally {
      await world.close()
    }
  })
})

/** Takes every free byte, and makes the server ask for more: it writes into files it has until they are used up. */
async function fillUp({ adminUrl }: World, file: string, done: () => boolean): Promise<void> {
  while (!done()) {
    const { bavail, bsize } = statfsSync(scratch)
    try {
      appendFileSync(file, Buffer.alloc(bavail * bsize))
    } catch {
      // The server was faster.
    }
    await withClient(adminUrl, (client) => client.query('SELECT pg_switch_wal()')).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
