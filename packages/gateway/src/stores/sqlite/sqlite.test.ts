import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { runWriter, stateStoreContract } from '../state.contract.ts'
import { openSqliteStore } from './index.ts'

stateStoreContract({ name: 'sqlite', makePlace: (dir) => `${dir}/state.db`, open: openSqliteStore })

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

test('a second opener is refused at once, also from another process', async () => {
  const place = `${folder.path}/state.db`
  const store = openSqliteStore(place)
  await store.commit([{ op: 'put', kind: 'thing', key: 'a', value: 1 }])
  expect(() => openSqliteStore(place)).toThrowError(expect.objectContaining({ code: 'STORE_LOCKED' }))
  const child = runWriter({ name: 'sqlite' }, { place, name: 'other', acks: `${folder.path}/acks` })
  const [message] = await once(child, 'message')
  child.kill('SIGKILL')
  expect(message).toBe('STORE_LOCKED')
  await store.close()
  await openSqliteStore(place).close()
})

test('the file is private, and its writes are synchronous', async () => {
  const file = `${folder.path}/state.db`
  const store = openSqliteStore(file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  await store.close()
})

test('a damaged file and another program’s database are refused, not written to', () => {
  const damaged = `${folder.path}/damaged.db`
  writeFileSync(damaged, 'not a database, but long enough to have a header in it, and then some more text'.repeat(20), {
    mode: 0o600,
  })
  expect(() => openSqliteStore(damaged)).toThrowError(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
  const foreign = `${folder.path}/foreign.db`
  const database = new DatabaseSync(foreign)
  database.exec('PRAGMA application_id = 77; CREATE TABLE theirs (a)')
  database.close()
  expect(() => openSqliteStore(foreign)).toThrowError(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
})

test('a stored value that is not JSON fails the load', async () => {
  const file = `${folder.path}/state.db`
  await openSqliteStore(file).close()
  const database = new DatabaseSync(file)
  database.exec(`INSERT INTO record VALUES ('thing', 'a', '{oops')`)
  database.close()
  const store = openSqliteStore(file)
  await expect(store.since(0)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await store.close()
})
