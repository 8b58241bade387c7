import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readEntries } from '@sallyport/core'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import {
  createDatabase,
  findPostgres,
  startPostgres,
  withClient,
  type Postgres,
  type TestDatabase,
} from '../../fixtures/postgres.ts'
import { admin, decision, outcome } from '../files/fixtures/sample.ts'
import { openShared, type SharedLog } from './fixtures/shared-log.ts'
import { reconcileActs } from './reconcile-acts.ts'

const bin = inject('postgresUrl') === '' ? undefined : findPostgres()

describe.skipIf(bin === undefined)('faults under the audit log in PostgreSQL', { timeout: 120_000 }, () => {
  let server: Postgres
  let urls: TestDatabase
  let origin = ''
  let count = 0
  let one: SharedLog
  beforeAll(async () => {
    server = await startPostgres(bin ?? '')
    urls = await createDatabase(server.adminUrl)
  })
  afterAll(() => server?.remove())
  beforeEach(async () => {
    origin = `sallyport.local/faults-${++count}`
    one = await openShared(urls, origin)
  })
  afterEach(() => one.close())

  /** Acts, each one executed only after its decision was acknowledged, until told to stop. */
  function work(callers: number): {
    readonly executed: Map<number, string>
    readonly acknowledged: Map<number, string>
    stop(): Promise<void>
  } {
    const executed = new Map<number, string>()
    const acknowledged = new Map<number, string>()
    let isStopped = false
    const caller = async (id: number): Promise<void> => {
      for (let i = 0; !isStopped; i++) {
        const act = `${origin}/${id}-${i}`
        try {
          const index = await one.log.append(decision(act))
          if (acknowledged.has(index)) throw new RangeError('an index was given twice')
          acknowledged.set(index, act)
          executed.set(index, act)
          acknowledged.set(await one.log.append(outcome(act, index)), act)
        } catch (error) {
          expect(error).toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
          await new Promise((resolve) => setTimeout(resolve, 5))
        }
      }
    }
    const all = Promise.all(Array.from({ length: callers }, (_, id) => caller(id)))
    const stop = async (): Promise<void> => {
      isStopped = true
      await all
    }
    return { executed, acknowledged, stop }
  }

  /** Closes what is open, as the others would, and holds the log against what was acknowledged. */
  async function judge({ executed, acknowledged }: Pick<ReturnType<typeof work>, 'executed' | 'acknowledged'>): Promise<void> {
    await one.close()
    const after = await openShared(urls, origin)
    await withClient(urls.ownerUrl, (client) =>
      client.query('UPDATE sallyport.replica SET dead = true WHERE id = $1', [one.replica]),
    )
    one = after
    await reconcileActs({ database: one.database, log: one.log, silentMs: 3_600_000 })
    await one.log.checkpoint()
    const found = new Map<number, string>()
    for await (const { index, entry } of readEntries(one.log.files)) if ('act' in entry) found.set(index, entry.act)
    expect([...acknowledged].filter(([index, act]) => found.get(index) !== act)).toEqual([])
    expect([...executed].filter(([index, act]) => found.get(index) !== act)).toEqual([])
    expect(await one.verify()).toMatchObject({ ok: true, open: { count: 0 } })
  }

  async function more(load: ReturnType<typeof work>, than: number): Promise<void> {
    await expect.poll(() => load.acknowledged.size, { timeout: 30_000, interval: 10 }).toBeGreaterThan(than)
  }

  test('R004 R115: connections ended again and again lose nothing that was acknowledged', async () => {
    const load = work(16)
    for (let round = 0; round < 25; round++) {
      await more(load, load.acknowledged.size)
      await withClient(urls.ownerUrl, (client) =>
        client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'test_gateway'"),
      )
    }
    await more(load, load.acknowledged.size + 50)
    await load.stop()
    await judge(load)
  })

  test('R004 R115: a server that crashes and comes back loses nothing that was acknowledged, and the log goes on by itself', async () => {
    const load = work(16)
    for (let round = 0; round < 3; round++) {
      await more(load, load.acknowledged.size)
      await server.stop('immediate')
      await server.start()
    }
    await more(load, load.acknowledged.size + 50)
    await load.stop()
    await judge(load)
  })

  test('R004 R115: while the server is away everything is refused, then not, and an outcome that was refused is unknown', async () => {
    const index = await one.log.append(decision('act-1'))
    await server.stop()
    await expect(one.log.append(outcome('act-1', index))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await expect(one.log.append(admin('refused'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await server.start()
    await expect
      .poll(
        () =>
          one.log.append(admin('after')).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true)
    expect(await one.log.read(1, 9)).toMatchObject([
      { type: 'unknown', act: 'act-1', decision: index },
      { type: 'admin', verb: 'after' },
    ])
    await judge({ executed: new Map(), acknowledged: new Map() })
  })

  test('R293: a replica that stops while it holds the lock does not stop the others for long', async () => {
    const stopped = new Client({ connectionString: urls.gatewayUrl })
    stopped.on('error', () => undefined)
    await stopped.connect()
    await stopped.query('BEGIN')
    await stopped.query('SELECT * FROM sallyport.audit_begin($1, 0)', [origin])
    expect(await one.log.append(admin('after the timeout'))).toBe(0)
    await expect(stopped.query('COMMIT')).rejects.toThrow()
    await stopped.end().catch(() => undefined)
  })

  test('R004 R115: a commit that waits for a standby that is not there acknowledges nothing; what it refused is closed later', async () => {
    const standby = (name: string): Promise<unknown> =>
      withClient(`${server.adminUrl}/postgres`, async (client) => {
        await client.query(`ALTER SYSTEM SET synchronous_standby_names = '${name}'`)
        await client.query('SELECT pg_reload_conf()')
        // The reload is a signal: a session reads the setting when it gets round to it.
        const inForce = async (): Promise<unknown> => (await client.query('SHOW synchronous_standby_names')).rows
        await expect.poll(inForce, { timeout: 10_000 }).toEqual([{ synchronous_standby_names: name }])
      })
    await one.log.append(admin('before'))
    await standby('missing')
    try {
      await expect(one.log.append(decision('never-executed'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    } finally {
      await standby('')
    }
    await expect
      .poll(
        () =>
          one.log.append(admin('after')).then(
            () => true,
            () => false,
          ),
        { timeout: 30_000 },
      )
      .toBe(true)
    await one.log.append(admin('last'))
    const entries = await one.log.read(0, 100)
    expect(
      entries.flatMap((entry) => (entry.type === 'decision' || entry.type === 'unknown' ? [[entry.type, entry.act]] : [])),
    ).toEqual([
      ['decision', 'never-executed'],
      ['unknown', 'never-executed'],
    ])
    await judge({ executed: new Map(), acknowledged: new Map() })
  })

  test('R115: a server that does not wait for its disk is refused', async () => {
    const fsync = (sql: string): Promise<unknown> =>
      withClient(`${server.adminUrl}/postgres`, async (client) => {
        await client.query(sql)
        await client.query('SELECT pg_reload_conf()')
      })
    await fsync('ALTER SYSTEM SET fsync = off')
    try {
      await expect
        .poll(() => openShared(urls, origin).catch((error: unknown) => error), { timeout: 10_000 })
        .toMatchObject({ code: 'CONFIG_INSECURE' })
    } finally {
      await fsync('ALTER SYSTEM RESET fsync')
    }
  })

  describe.skipIf(!canMount())('a full disk', () => {
    test('R004 R115: appends are refused while the disk is full and go on when there is room', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'sallyport-full-'))
      execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=0777', 'tmpfs', dir])
      const admins = (sql: string): Promise<unknown> => withClient(`${server.adminUrl}/postgres`, (client) => client.query(sql))
      try {
        execFileSync('chown', ['postgres', dir])
        await admins(`CREATE TABLESPACE tiny LOCATION '${dir}'`)
        await withClient(urls.ownerUrl, (client) => client.query('ALTER TABLE sallyport.audit_entry SET TABLESPACE tiny'))
        let refused = 0
        const acknowledged = new Map<number, string>()
        for (let i = 0; refused === 0 && i < 500; i++) {
          const act = `act-${i}`
          await one.log.append({ ...decision(act), purpose: randomBytes(25_000).toString('hex') } as never).then(
            (index) => acknowledged.set(index, act),
            () => refused++,
          )
        }
        expect(refused).toBe(1)
        await withClient(urls.ownerUrl, (client) => client.query('ALTER TABLE sallyport.audit_entry SET TABLESPACE pg_default'))
        acknowledged.set(await one.log.append(decision('after')), 'after')
        await judge({ executed: acknowledged, acknowledged })
        await admins('DROP TABLESPACE tiny')
      } finally {
        execFileSync('/usr/bin/umount', ['-l', dir])
        rmSync(dir, { recursive: true, force: true })
      }
    })
  })
})

/** Whether this machine lets a test have a file system of its own. */
function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'sallyport-mount-'))
  try {
    execFileSync('/usr/bin/mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir], { stdio: 'ignore' })
    execFileSync('/usr/bin/umount', [dir], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
