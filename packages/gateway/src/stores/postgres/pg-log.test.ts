import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readEntries, verifyCheckpoint, verifyLog, type NoteKey } from '@sallyport/core'
import { afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { rawPublicKey } from '../../ed25519.ts'
import { createDatabase, withClient, type TestDatabase } from '../../fixtures/postgres.ts'
import { pruneLog } from '../../prune-log.ts'
import { admin, decision, outcome, SIGNER } from '../files/fixtures/sample.ts'
import { ALL_LEASES } from '../fixtures/log-places.ts'
import { openShared, type SharedLog } from './fixtures/shared-log.ts'
import { logDatabase } from './log-database.ts'
import { openPool } from './open-pool.ts'
import { openPostgresLog } from './pg-log.ts'
import { reconcileActs } from './reconcile-acts.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('the audit log in PostgreSQL', () => {
  let urls: TestDatabase
  let origin = ''
  let count = 0
  const open: SharedLog[] = []
  const openOne = async (
    ...rest: Parameters<typeof openShared> extends [unknown, unknown, ...infer R] ? R : never
  ): Promise<SharedLog> => {
    const one = await openShared(urls, origin, ...rest)
    open.push(one)
    return one
  }
  const fill = (one: SharedLog, many: number): Promise<number[]> =>
    Promise.all(Array.from({ length: many }, (_, i) => one.log.append(admin(`v${i}`))))
  const asOwner = (sql: string, values: unknown[] = []): Promise<unknown[]> =>
    withClient(urls.ownerUrl, async (client) => (await client.query(sql, values)).rows)

  beforeAll(async () => {
    urls = await createDatabase(postgresUrl)
  })
  beforeEach(() => {
    origin = `sallyport.local/shared-${++count}`
  })
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close().catch(() => undefined)
  })

  test('R116 R134: the runtime role can neither read, change, remove nor write audit rows', async () => {
    await fill(await openOne(), 3)
    const tables = { audit_entry: 'bytes', audit_tile: 'hashes', audit_head: 'root', audit_open_act: 'act', audit_writer: 'tail' }
    await withClient(urls.gatewayUrl, async (client) => {
      for (const [table, column] of Object.entries(tables)) {
        for (const sql of [
          `SELECT * FROM sallyport.${table}`,
          `UPDATE sallyport.${table} SET ${column} = ${column}`,
          `DELETE FROM sallyport.${table}`,
          `TRUNCATE sallyport.${table}`,
          `INSERT INTO sallyport.${table} DEFAULT VALUES`,
          `DROP TABLE sallyport.${table}`,
        ])
          await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' })
      }
      const sql = 'SELECT sallyport.audit_remove($1, 256, 0)'
      await expect(client.query(sql, [origin])).rejects.toMatchObject({ code: '42501' })
    })
  })

  test('R134: the auditor role reads entries, tiles and head, and can do nothing else', async () => {
    await fill(await openOne(), 3)
    await withClient(urls.auditorUrl, async (client) => {
      for (const table of ['audit_entry', 'audit_tile', 'audit_head']) await client.query(`SELECT * FROM sallyport.${table}`)
      for (const sql of [
        'SELECT * FROM sallyport.audit_open_act',
        'SELECT * FROM sallyport.replica',
        'DELETE FROM sallyport.audit_entry',
        'UPDATE sallyport.audit_head SET size = 0',
        "SELECT sallyport.audit_append('{}', '')",
        "SELECT sallyport.audit_publish('x', 1, '', '')",
        "SELECT sallyport.audit_bury('x', 'y', 0)",
      ])
        await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' })
    })
  })

  test('R134: without the auditor’s login nothing of the log can be read, and it goes on', async () => {
    const { database, close, log } = await openOne()
    await fill({ database, close, log } as SharedLog, 2)
    await database.query('SELECT sallyport.beat_replica($1)', ['blind'])
    const blind = await openPostgresLog({
      database,
      origin,
      signer: SIGNER,
      checkpointMs: 60_000,
      nowMs: Date.now,
      replica: 'blind',
      leases: ALL_LEASES,
    })
    expect(await blind.append(admin('seen by nobody here'))).toBe(2)
    await expect(blind.read(0, 1)).rejects.toMatchObject({ code: 'AUDIT_FORBIDDEN' })
    await expect(blind.removeBelow(256, 0)).rejects.toMatchObject({ code: 'AUDIT_FORBIDDEN' })
    await blind.close()
  })

  test('R293: entries of several replicas make one chain; each learns of the checkpoints of the others', async () => {
    const three = [
      await openOne(),
      await openOne(),
      await openOne({ checkpointMs: 10, leases: { hold: () => Promise.resolve(false), release: () => Promise.resolve() } }),
    ]
    const indexes = (await Promise.all(three.map((one) => fill(one, 700)))).flat()
    expect(indexes.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2_100 }, (_, i) => i))
    for (const one of three) {
      for (let i = 0; i < 5; i++) await one.log.append(admin('in turn'))
    }
    const [first, , last] = three
    await first?.log.checkpoint()
    await expect.poll(() => last?.log.head().size).toBe(2_115)
    expect(last?.log.head()).toEqual(first?.log.head())
    expect(await first?.verify()).toMatchObject({ ok: true, size: 2_115, checkpointed: 2_115 })
  })

  test('R115: acts of a replica that fell silent are closed once, and it appends nothing after', async () => {
    const [lost, living] = [await openOne(), await openOne()]
    const index = await lost.log.append(decision('act-1'))
    const other = await living.log.append(decision('act-2'))
    await asOwner("UPDATE sallyport.replica SET seen_at = now() - interval '1 minute' WHERE id = $1", [lost.replica])
    const twice = [1, 2].map(() => reconcileActs({ database: living.database, log: living.log, silentMs: 30_000 }))
    expect((await Promise.all(twice)).reduce((sum, closed) => sum + closed)).toBe(1)
    await expect(lost.log.append(outcome('act-1', index))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
    await living.log.append(outcome('act-2', other))
    await living.log.checkpoint()
    const entries = []
    for await (const { entry } of readEntries(living.log.files)) entries.push(entry)
    expect(entries.filter(({ type }) => type === 'unknown')).toMatchObject([
      { act: 'act-1', decision: index, replica: lost.replica },
    ])
    expect(
      entries.some((entry) => entry.type === 'admin' && entry.verb === 'replica.silent' && entry.target === lost.replica),
    ).toBe(true)
    expect(await living.verify()).toMatchObject({ ok: true, open: { count: 0 } })
  })

  test('R115: an outcome of an act that is not open here is refused, and the rest of its group is not', async () => {
    const [one, two] = [await openOne(), await openOne()]
    const index = await one.log.append(decision('act-1'))
    const results = await Promise.allSettled([two.log.append(outcome('act-1', index)), two.log.append(admin('beside it'))])
    expect(results).toMatchObject([
      { status: 'rejected', reason: { code: 'CONFLICT' } },
      { status: 'fulfilled', value: 1 },
    ])
    const both = await Promise.allSettled([one.log.append(outcome('act-1', index)), one.log.append(outcome('act-1', index))])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  test('R118: a replica whose clock runs ahead of the database appends nothing', async () => {
    const one = await openOne({ nowMs: () => Date.now() + 3_600_000 })
    await expect(one.log.append(admin('tomorrow'))).rejects.toMatchObject({ code: 'AUDIT_UNAVAILABLE' })
  })

  test('R115: a statement that its sender gave up on is refused however late it arrives', async () => {
    const one = await openOne()
    await fill(one, 2)
    const { size, root } = await logDatabase.state(one.database, origin)
    const late = {
      origin,
      replica: one.replica,
      era: 1,
      size,
      root: Buffer.from(root).toString('hex'),
      firstMs: Date.now(),
      lastMs: Date.now(),
      skewMs: 1_000,
      newRoot: '00'.repeat(32),
      lengths: [1],
      opens: [],
      closes: [],
      tiles: [],
    }
    expect(await logDatabase.settle(one.database, { origin, replica: one.replica, era: 2 })).toBe(2)
    expect(await logDatabase.append(one.database, late, Uint8Array.of(1))).toEqual({ is: 'fenced' })
    expect(await one.log.size()).toBe(2)
  })

  test('R117: a database rewritten under a running gateway gets no signature and no further entry', async () => {
    const one = await openOne()
    await fill(one, 5)
    await asOwner("UPDATE sallyport.audit_head SET root = sha256('other'::bytea) WHERE origin = $1", [origin])
    await expect(one.log.append(admin('next'))).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
    await expect(one.log.checkpoint()).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
    await expect(openOne()).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
  })

  test('R117: a checkpoint never goes back, not past the entries, and not to another root', async () => {
    const one = await openOne()
    await fill(one, 5)
    await one.log.checkpoint()
    await fill(one, 5)
    const { size, root } = await logDatabase.state(one.database, origin)
    const publish = (of: number, hash: Uint8Array): Promise<boolean> =>
      logDatabase.publish(one.database, origin, { size: of, root: hash, note: 'x' })
    expect([
      await publish(4, root),
      await publish(5, root),
      await publish(11, root),
      await publish(size, Buffer.alloc(32)),
    ]).toEqual([false, false, false, false])
  })

  test('R117: a log whose key was rotated opens with both keys, and only the new one signs after', async () => {
    const first = await openOne()
    await fill(first, 3)
    await first.close()
    const signer = generateKeyPairSync('ed25519').privateKey
    const key = (from: KeyObject): NoteKey => ({ name: origin, publicKey: rawPublicKey(from) })
    const keys = [
      { ...key(SIGNER), to: 4 },
      { ...key(signer), from: 4 },
    ]
    await expect(openOne({ signer })).rejects.toMatchObject({ code: 'AUDIT_INVALID' })
    const rotating = await openOne({ signer, keys, retiring: SIGNER })
    await fill(rotating, 1)
    const note = await rotating.log.checkpoint()
    for (const trusted of [SIGNER, signer])
      expect(verifyCheckpoint(note, { origin, keys: [key(trusted)] })).toMatchObject({ size: 4 })
    await rotating.close()
    const after = await openOne({ signer, keys })
    await fill(after, 1)
    expect(verifyCheckpoint(await after.log.checkpoint(), { origin, keys: [key(SIGNER)] })).toHaveProperty('fault')
    expect(await verifyLog(after.log.files, { origin, keys })).toMatchObject({ ok: true, size: 5, checkpointed: 5 })
  })

  test('R116: pruning removes entries, for the keeper and with its entry only, and the rest still verifies', async () => {
    const keeper = openPool({ url: urls.keeperUrl, connectionsMax: 1 })
    const one = await openOne({ keeper })
    await fill(one, 700)
    await one.log.checkpoint()
    await expect(keeper.query('SELECT sallyport.audit_remove($1, 256, 300)', [origin])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await expect(keeper.query('DELETE FROM sallyport.audit_entry')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await pruneLog(one.log, { to: 512, policy: 'test', authority: 'test' })
    expect(
      await asOwner(
        'SELECT min(index)::int AS first FROM sallyport.audit_entry e JOIN sallyport.audit_head h USING (log) WHERE origin = $1',
        [origin],
      ),
    ).toEqual([{ first: 512 }])
    expect(await one.verify()).toMatchObject({ ok: true })
    await keeper.close()
  })
})
