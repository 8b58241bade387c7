import { statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { stateStoreContract } from '../state.contract.ts'
import { openSqliteStore } from './index.ts'

stateStoreContract({ name: 'sqlite', open: openSqliteStore })

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

test('the file is private, and its writes are synchronous', () => {
  const file = `${folder.path}/state.db`
  const store = openSqliteStore(file)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  store.close()
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

test('a stored value that is not JSON fails the load', () => {
  const file = `${folder.path}/state.db`
  openSqliteStore(file).close()
  const database = new DatabaseSync(file)
  database.exec(`INSERT INTO record VALUES ('thing', 'a', '{oops')`)
  database.close()
  const store = openSqliteStore(file)
  expect(() => [...store.load()]).toThrowError(expect.objectContaining({ code: 'STORE_UNAVAILABLE' }))
  store.close()
})
