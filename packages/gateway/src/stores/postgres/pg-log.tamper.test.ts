import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from '../../fixtures/postgres.ts'
import { admin } from '../files/fixtures/sample.ts'
import { openShared, type SharedLog } from './fixtures/shared-log.ts'

const postgresUrl = inject('postgresUrl')
const ORIGIN = 'sallyport.local/tampered'
const AT = 'log = (SELECT log FROM sallyport.audit_head WHERE origin = $1) AND'
/** Makes room at 300. */
const SHIFT = `UPDATE sallyport.audit_entry SET index = -index - 2 WHERE ${AT} index >= 300; UPDATE sallyport.audit_entry SET index = -index - 1 WHERE ${AT} index < 0`

/** What somebody with every right on the database does to a log of 700 entries whose newest bundle is not full, and what is found. */
const TAMPERED: readonly (readonly [string, string, object])[] = [
  [
    'an entry changed',
    `UPDATE sallyport.audit_entry SET bytes = overlay(bytes PLACING 'X' FROM 20) WHERE ${AT} index = 300`,
    { reason: 'entry_changed', index: 300, exact: true },
  ],
  [
    'an entry of the newest bundle changed',
    `UPDATE sallyport.audit_entry SET bytes = overlay(bytes PLACING 'X' FROM 20) WHERE ${AT} index = 690`,
    { reason: 'entry_changed', index: 690, exact: true },
  ],
  [
    'an entry changed with its leaf hash',
    `UPDATE sallyport.audit_entry SET bytes = b, leaf = sha256('\\x00'::bytea || b) FROM (SELECT overlay(bytes PLACING 'X' FROM 20) b, index i, log l FROM sallyport.audit_entry) o WHERE ${AT} index = 300 AND o.i = index AND o.l = log`,
    { reason: 'entry_changed', index: 300, exact: true },
  ],
  [
    'an entry removed',
    `DELETE FROM sallyport.audit_entry WHERE ${AT} index = 300`,
    { reason: 'entries_missing', index: 300, where: 'middle' },
  ],
  [
    'the first entry removed',
    `DELETE FROM sallyport.audit_entry WHERE ${AT} index = 0`,
    { reason: 'entries_missing', index: 0, where: 'head' },
  ],
  [
    'the newest entries cut off',
    `DELETE FROM sallyport.audit_entry WHERE ${AT} index >= 650`,
    { reason: 'entries_missing', index: 650, where: 'tail' },
  ],
  ['all entries removed', `DELETE FROM sallyport.audit_entry WHERE ${AT} true`, { reason: 'entries_missing', index: 0 }],
  [
    'two entries swapped',
    `UPDATE sallyport.audit_entry e SET bytes = o.bytes, leaf = o.leaf FROM sallyport.audit_entry o WHERE e.log = o.log AND e.${AT} e.index IN (300, 301) AND o.index = 601 - e.index`,
    { reason: 'entry_swapped', index: 300, exact: true },
  ],
  [
    'an entry inserted',
    `${SHIFT}; INSERT INTO sallyport.audit_entry SELECT log, 300, sha256('x'::bytea), '{}'::bytea FROM sallyport.audit_head WHERE origin = $1`,
    { reason: 'entry_changed', index: 300, exact: true },
  ],
  [
    'an entry duplicated',
    `${SHIFT}; INSERT INTO sallyport.audit_entry SELECT log, 300, leaf, bytes FROM sallyport.audit_entry WHERE ${AT} index = 301`,
    { reason: 'entry_duplicated', index: 301, exact: true },
  ],
  [
    'a tile changed',
    `UPDATE sallyport.audit_tile SET hashes = overlay(hashes PLACING '\\x00' FROM 40) WHERE ${AT} level = 0 AND n = 1`,
    { reason: 'tile_mismatch', index: 257 },
  ],
  ['a tile removed', `DELETE FROM sallyport.audit_tile WHERE ${AT} level = 1`, { reason: 'tile_mismatch' }],
  [
    'the checkpoint removed',
    'UPDATE sallyport.audit_head SET checkpoint = NULL WHERE origin = $1',
    { reason: 'checkpoint_missing' },
  ],
]

describe.skipIf(postgresUrl === '')('a tampered audit log in PostgreSQL', () => {
  let urls: TestDatabase
  let one: SharedLog
  beforeAll(async () => {
    urls = await createDatabase(postgresUrl)
    one = await openShared(urls, ORIGIN)
    await Promise.all(Array.from({ length: 700 }, (_, i) => one.log.append(admin(`v${i}`))))
    await one.log.checkpoint()
    await withClient(urls.ownerUrl, (client) =>
      client.query(
        'CREATE TABLE h AS TABLE sallyport.audit_head; CREATE TABLE e AS TABLE sallyport.audit_entry; CREATE TABLE t AS TABLE sallyport.audit_tile',
      ),
    )
  })
  afterAll(() => one?.close())

  test.each(TAMPERED)('R116 R117: %s is pinpointed', async (_, sql, problem) => {
    expect(await one.verify()).toMatchObject({ ok: true, size: 700 })
    await withClient(urls.ownerUrl, async (client) => {
      for (const statement of sql.split(';')) expect((await client.query(statement, [ORIGIN])).rowCount).toBeGreaterThan(0)
      const report = await one.verify()
      await client.query('TRUNCATE sallyport.audit_entry, sallyport.audit_tile')
      await client.query('INSERT INTO sallyport.audit_entry TABLE e; INSERT INTO sallyport.audit_tile TABLE t')
      await client.query('UPDATE sallyport.audit_head SET checkpoint = h.checkpoint FROM h WHERE h.log = audit_head.log')
      expect(report.ok).toBe(false)
      expect(report.problems[0]).toMatchObject(problem)
    })
  })
})
