import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { sessionStoreContract } from '../sessions.contract.ts'
import { openSqliteSessions } from './sessions.ts'

sessionStoreContract({
  name: 'SQLite',
  make: async () => {
    const folder = tempFolder()
    const file = join(folder.path, 'sessions.db')
    let store = openSqliteSessions(file)
    const first = store
    return {
      store: first,
      reopen: async () => {
        await store.close()
        store = openSqliteSessions(file)
        return store
      },
      remove: async () => {
        await store.close()
        folder.remove()
      },
    }
  },
})

test('a file of another program, a damaged one, and one that is held are refused', async () => {
  const folder = tempFolder()
  const file = join(folder.path, 'sessions.db')
  const other = new DatabaseSync(file)
  other.exec('PRAGMA application_id = 7')
  other.close()
  expect(() => openSqliteSessions(file)).toThrow('of another program')
  writeFileSync(file, 'not a database at all, but long enough to be taken for one by its size alone'.repeat(20))
  expect(() => openSqliteSessions(file)).toThrow('cannot be read')
  const held = openSqliteSessions(join(folder.path, 'held.db'))
  expect(() => openSqliteSessions(join(folder.path, 'held.db'))).toThrow('another process')
  await held.close()
  folder.remove()
})
