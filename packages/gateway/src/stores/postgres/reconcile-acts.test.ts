import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { createDatabase, withClient, type TestDatabase } from '../../fixtures/postgres.ts'
import { decision } from '../files/fixtures/sample.ts'
import { openShared, type SharedLog } from './fixtures/shared-log.ts'
import { reconcileActs } from './reconcile-acts.ts'

const postgresUrl = inject('postgresUrl')

describe.skipIf(postgresUrl === '')('replicas that fell silent', () => {
  let urls: TestDatabase
  const open: SharedLog[] = []
  beforeAll(async () => {
    urls = await createDatabase(postgresUrl)
  })
  afterAll(async () => {
    for (const one of open) await one.close().catch(() => undefined)
  })

  test('R115 R293: a database whose clock is set forward gives up only who does not say again that it is there', async () => {
    const [judge, living, lost] = [
      await openShared(urls, 'sallyport.local/clock'),
      await openShared(urls, 'sallyport.local/clock'),
      await openShared(urls, 'sallyport.local/clock'),
    ]
    open.push(judge, living, lost)
    const act = await lost.log.append(decision('act-1'))
    const suspects = new Set<string>()
    const look = () => reconcileActs({ database: judge.database, log: judge.log, silentMs: 30_000, suspects })
    const dead = () =>
      withClient(urls.ownerUrl, async (owner) => (await owner.query('SELECT id FROM sallyport.replica WHERE dead')).rows)
    // All are heard an hour ago, as after a step of the clock.
    await withClient(urls.ownerUrl, (owner) => owner.query("UPDATE sallyport.replica SET seen_at = seen_at - interval '1 hour'"))
    expect(await look()).toBe(0)
    expect(await dead()).toEqual([])
    for (const { database, replica } of [judge, living]) await database.query('SELECT sallyport.beat_replica($1)', [replica])
    expect(await look()).toBe(1)
    expect(await dead()).toEqual([{ id: lost.replica }])
    expect(await living.log.append(decision('act-2'))).toBeGreaterThan(act)
  })
})
