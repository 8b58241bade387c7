import { randomUUID } from 'node:crypto'
import { buildEntry, leafHash } from '@sallyport/core'
import { openPool, type LogStore } from '@sallyport/gateway'
import { createDatabase, findPostgres, startPostgres, withClient } from '../../../packages/gateway/src/fixtures/postgres.ts'
import { openShared } from '../../../packages/gateway/src/stores/postgres/fixtures/shared-log.ts'
import type { AppendOne } from './load.ts'
import { decision } from './sample.ts'

/** A PostgreSQL of this run, with its defaults for durability. */
export interface BenchPostgres {
  /** The audit log, opened by one more replica. */
  openLog(): Promise<{ readonly log: LogStore; close(): Promise<void> }>
  /** The same rows by plain INSERT: one row a transaction, a connection for each writer. */
  openInserts(connections: number): Promise<{ readonly append: AppendOne; close(): Promise<void> }>
  remove(): Promise<void>
}

/** @throws Error where PostgreSQL is not installed */
export async function openBenchPostgres(): Promise<BenchPostgres> {
  const bin = findPostgres()
  if (bin === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const server = await startPostgres(bin, ['max_connections=300'])
  const urls = await createDatabase(server.adminUrl)
  await withClient(urls.ownerUrl, (client) =>
    client.query(`CREATE TABLE plain (index bigint PRIMARY KEY, leaf bytea NOT NULL, bytes bytea NOT NULL);
      GRANT INSERT ON plain TO sallyport_gateway`),
  )
  let next = 0
  return {
    openLog: () => openShared(urls, `sallyport.local/bench-${randomUUID()}`, { checkpointMs: 1_000 }),
    async openInserts(connections) {
      const pool = openPool({ url: urls.gatewayUrl, connectionsMax: connections })
      const append: AppendOne = (act) => {
        const index = next++
        const { bytes } = buildEntry(decision(act), { index, nowMs: Date.now(), lastMs: 0 })
        return pool.query('INSERT INTO plain VALUES ($1, $2, $3)', [index, leafHash(bytes), bytes])
      }
      return { append, close: () => pool.close() }
    },
    remove: () => server.remove(),
  }
}
