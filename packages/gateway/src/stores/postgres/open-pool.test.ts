import { createServer, type AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { describe, expect, inject, test } from 'vitest'
import { createDatabase } from '../../fixtures/postgres.ts'
import { openPool } from './open-pool.ts'

/** One message of PostgreSQL's protocol, version 3. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

test('R014: a server that says in one packet that it is ready and that it goes away is an error, not the end of this process', async () => {
  const authenticated = message('R', Buffer.alloc(4))
  const ready = message('Z', Buffer.from('I'))
  const leaving = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'))
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(Buffer.concat([authenticated, ready, leaving])))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const pool = openPool({ url: `postgres://a@127.0.0.1:${port}/b`, connectionsMax: 1 })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await pool.close()
  await new Promise((resolve) => server.close(resolve))
})

describe.skipIf(inject('postgresUrl') === '')('a pool over a real server', () => {
  test('R004 R013: a transaction that the server rolled back is no success, even when nobody minded the failed statement', async () => {
    const pool = openPool({ url: (await createDatabase(inject('postgresUrl'))).gatewayUrl, connectionsMax: 1 })
    const done = pool.transact(async (queries) => {
      await queries.query("SELECT sallyport.beat_replica('ghost')")
      await queries.query('SELECT 1 / 0').catch(() => undefined)
      return 'done'
    })
    await expect(done).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    const { rows } = await pool.query("SELECT FROM sallyport.replica WHERE id = 'ghost'")
    expect(rows).toEqual([])
    await pool.close()
  })

  test('R013: what is wrong with a URL says nothing of the password in it', async () => {
    for (const url of [
      'postgres://a:hunter2@[bad/b',
      'postgres://a:hunter2@127.0.0.1:99999/b',
      'postgres://a:hunter2%zz@127.0.0.1:1/b',
    ]) {
      const pool = openPool({ url, connectionsMax: 1, connectMs: 500 })
      const error: unknown = await pool.query('SELECT 1').catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2')
    }
  })
})
