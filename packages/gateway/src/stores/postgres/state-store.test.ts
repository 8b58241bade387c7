import { once } from 'node:events'
import { describe, expect, inject, test, vi } from 'vitest'
import { createDatabase, findPostgres, startPostgres, withClient } from '../../fixtures/postgres.ts'
import { tempFolder } from '../../fixtures/world.ts'
import { acknowledged, acksIn, runWriter, stateStoreContract } from '../state.contract.ts'
import { openPool } from './open-pool.ts'
import { openPostgresState } from './state-store.ts'

const postgresUrl = inject('postgresUrl')
const open = (url: string) => openPostgresState(openPool({ url, connectionsMax: 2 }))
const put = (key: string, value = 1) => ({ op: 'put', kind: 'thing', key, value }) as const

describe.skipIf(postgresUrl === '')('state in PostgreSQL', () => {
  stateStoreContract({ name: 'postgres', makePlace: async () => (await createDatabase(postgresUrl)).gatewayUrl, open })

  test('R293: no update is lost among processes that commit at once, and one is killed', async () => {
    const folder = tempFolder()
    const { gatewayUrl } = await createDatabase(postgresUrl)
    const writers = ['a', 'b', 'c'].map((name) => {
      const acks = `${folder.path}/${name}`
      return { name, acks, child: runWriter({ name: 'postgres' }, { place: gatewayUrl, name, acks }) }
    })
    await Promise.all(writers.map(({ acks }) => acknowledged(acks, 20)))
    for (const { child } of writers) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    const store = open(gatewayUrl)
    // A statement that was under way when its writer died may still end; the sums hold all the time.
    const count = new Map((await store.since(0)).records.map(({ key, value }) => [key, Number(value)]))
    await store.close()
    const own = writers.map(({ name }) => count.get(`${name}/left`) ?? 0)
    expect(count.get('all')).toBe(own.reduce((sum, one) => sum + one, 0))
    for (const [i, { acks, name }] of writers.entries()) {
      expect(own[i]).toBeGreaterThanOrEqual(acksIn(acks))
      expect(count.get(`${name}/right`)).toBe(own[i])
    }
    folder.remove()
  })

  test('revisions come in commit order: a reader that follows them misses nothing', async () => {
    const { gatewayUrl } = await createDatabase(postgresUrl)
    const reader = open(gatewayUrl)
    const writers = Array.from({ length: 4 }, () => open(gatewayUrl))
    const seen = new Map<string, number>()
    let { revision } = await reader.since(0)
    const all = writers.map(async (writer, w) => {
      for (let i = 0; i < 25; i++) await writer.commit([put(`${w}/${i}`)])
    })
    let isDone = false
    const done = Promise.all(all).then(() => {
      isDone = true
    })
    for (let last = false; !last;) {
      last = isDone
      const delta = await reader.since(revision)
      for (const { key } of delta.records) seen.set(key, (seen.get(key) ?? 0) + 1)
      revision = delta.revision
    }
    await done
    expect(seen.size).toBe(100)
    expect([...seen.values()].every((times) => times === 1)).toBe(true)
    await Promise.all([reader, ...writers].map((store) => store.close()))
  })

  test('what was deleted long ago is forgotten; whoever knows only older revisions gets everything', async () => {
    const { gatewayUrl, ownerUrl } = await createDatabase(postgresUrl)
    const store = open(gatewayUrl)
    const known = await store.commit([put('a'), put('b')])
    await store.commit([{ op: 'delete', kind: 'thing', key: 'a' }])
    await withClient(ownerUrl, (client) =>
      client.query("UPDATE sallyport.state_record SET deleted_at = now() - interval '2 hours' WHERE deleted_at IS NOT NULL"),
    )
    const newest = await store.commit([put('c')])
    expect(await store.since(known)).toMatchObject({ isComplete: true, records: [{ key: 'b' }, { key: 'c' }] })
    expect(await store.since(newest)).toEqual({ isComplete: false, revision: newest, records: [] })
    await store.close()
  })

  test.each([
    ["INSERT INTO sallyport.state_record VALUES ('agent', '\"a\"', '1', 1)"],
    ["UPDATE sallyport.state_record SET value = '1'"],
    ['DELETE FROM sallyport.state_record'],
    ['UPDATE sallyport.state_head SET revision = 1'],
    ['UPDATE sallyport.replica SET dead = false'],
    ["INSERT INTO sallyport.lease VALUES ('x', 'y', now())"],
    ['DROP TABLE sallyport.state_record'],
    ['CREATE TABLE sallyport.mine (a int)'],
  ])('the role of the gateway may not: %s', async (sql) => {
    const { gatewayUrl, auditorUrl } = await createDatabase(postgresUrl)
    for (const url of [gatewayUrl, auditorUrl])
      await expect(withClient(url, (client) => client.query(sql))).rejects.toMatchObject({ code: '42501' })
    await expect(withClient(auditorUrl, (client) => client.query('SELECT * FROM sallyport.state_record'))).rejects.toMatchObject({
      code: '42501',
    })
  })

  test('R013: a lost connection is an unknown outcome, in words that give nothing away; the next call finds a new one', async () => {
    const bin = findPostgres()
    if (bin === undefined) throw new Error('PostgreSQL is there, or this suite is skipped')
    const server = await startPostgres(bin)
    const { gatewayUrl } = await createDatabase(server.adminUrl)
    const store = open(gatewayUrl)
    await store.commit([put('a')])
    await server.stop('immediate')
    for (const call of [() => store.commit([put('a', 2)]), () => store.since(0)]) {
      const error: unknown = await call().catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: 'the database cannot be used' })
    }
    await server.start()
    expect((await store.since(0)).records).toEqual([{ kind: 'thing', key: 'a', value: 1 }])
    await store.commit([put('a', 3)])
    await store.close()
    await server.remove()
  })

  test('R013: a change that waited too long for others is refused for good, and not made once they are done', async () => {
    const { gatewayUrl, ownerUrl } = await createDatabase(postgresUrl)
    const store = open(gatewayUrl)
    await withClient(ownerUrl, async (client) => {
      await client.query('BEGIN; SELECT FROM sallyport.state_head FOR UPDATE')
      await expect(store.commit([put('late')])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await client.query('ROLLBACK')
      const waiting = async (): Promise<unknown> =>
        (
          await client.query(
            "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()",
          )
        ).rows
      await vi.waitFor(async () => expect(await waiting()).toEqual([]), { timeout: 10_000, interval: 20 })
    })
    expect((await store.since(0)).records).toEqual([])
    await store.close()
  })

  test.each(['off', 'local', 'remote_apply'])(
    'R013 R178: a change is as durable as the log where the default is %s',
    async (given) => {
      const { gatewayUrl } = await createDatabase(postgresUrl)
      await withClient(gatewayUrl, async (client) => {
        await client.query(`SET synchronous_commit = ${given}; BEGIN`)
        await client.query("SELECT sallyport.commit_state(ARRAY['put'], ARRAY['k'], ARRAY['1'], ARRAY['1'], NULL)")
        const { rows } = await client.query('SHOW synchronous_commit')
        expect(rows).toEqual([{ synchronous_commit: given === 'remote_apply' ? given : 'on' }])
      })
    },
  )

  test('R178 R293: commits that wait do not keep this process from hearing what others did', async () => {
    const { gatewayUrl, ownerUrl } = await createDatabase(postgresUrl)
    const store = openPostgresState(
      openPool({ url: gatewayUrl, connectionsMax: 2 }),
      openPool({ url: gatewayUrl, connectionsMax: 1 }),
    )
    await withClient(ownerUrl, async (client) => {
      await client.query('BEGIN; SELECT FROM sallyport.state_head FOR UPDATE')
      let ended = 0
      const commits = Array.from({ length: 5 }, (_, i) => store.commit([put(`${i}`)]).finally(() => ended++))
      const settled = Promise.allSettled(commits)
      await store.since(0)
      expect(ended).toBe(0)
      await client.query('ROLLBACK')
      await settled
    })
    await store.close()
  })

  test('a stored value that is not JSON fails the reading', async () => {
    const { gatewayUrl, ownerUrl } = await createDatabase(postgresUrl)
    await withClient(ownerUrl, (client) => client.query("INSERT INTO sallyport.state_record VALUES ('thing', '\"a\"', '{oops', 1)"))
    const store = open(gatewayUrl)
    await expect(store.since(0)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await store.close()
  })
})
