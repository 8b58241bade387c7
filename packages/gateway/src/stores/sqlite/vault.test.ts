import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { vaultStoreContract } from '../vault.contract.ts'
import { openSqliteVault } from './vault.ts'

const filesIn = (dir: string) => ({ keys: `${dir}/vault-keys.db`, contents: `${dir}/vault.db` })

vaultStoreContract({
  name: 'SQLite',
  make: async () => {
    const folder = tempFolder()
    let store = openSqliteVault(filesIn(folder.path))
    const first = store
    return {
      store: first,
      async reopen() {
        await store.close()
        store = openSqliteVault(filesIn(folder.path))
        return store
      },
      async remove() {
        await store.close()
        folder.remove()
      },
    }
  },
})

test('R233: both files are private, held by one process, and another program’s is refused', async () => {
  const folder = tempFolder()
  const files = filesIn(folder.path)
  const store = openSqliteVault(files)
  expect([statSync(files.keys).mode & 0o777, statSync(files.contents).mode & 0o777]).toEqual([0o600, 0o600])
  expect(() => openSqliteVault(files)).toThrow(expect.objectContaining({ code: 'STORE_LOCKED' }))
  await store.close()
  const foreign = new DatabaseSync(`${folder.path}/foreign.db`)
  foreign.exec('PRAGMA application_id = 77; CREATE TABLE theirs (a)')
  foreign.close()
  expect(() => openSqliteVault({ ...files, contents: `${folder.path}/foreign.db` })).toThrow(
    expect.objectContaining({ code: 'VAULT_UNAVAILABLE' }),
  )
  writeFileSync(`${folder.path}/damaged.db`, 'not a database'.repeat(100))
  expect(() => openSqliteVault({ ...files, keys: `${folder.path}/damaged.db` })).toThrow(
    expect.objectContaining({ code: 'VAULT_UNAVAILABLE' }),
  )
  folder.remove()
})

test('R229: what is dropped is overwritten in the file', async () => {
  const folder = tempFolder()
  const files = filesIn(folder.path)
  const store = openSqliteVault(files)
  const sealed = new Uint8Array(Buffer.from('planted-ciphertext'.repeat(300)))
  await store.turn({ generation: 1, version: 1, bytes: sealed.subarray(0, 8) }, (row) => row.sealed)
  await store.addKey({ id: 'k', slot: 's', class: 'pii', month: '2026-11', sealed }, 1)
  await store.addContent({ id: 'c', key: 'k', slot: 's', class: 'pii', month: '2026-11', sealed })
  const holds = (): boolean[] => [files.keys, files.contents].map((file) => readFileSync(file).includes('planted-ciphertext'))
  expect(holds()).toEqual([true, true])
  await store.drop(['k'])
  expect(holds()).toEqual([false, false])
  await store.close()
  folder.remove()
})

test('R229: what a crash leaves between contents and keys is still found by its key', async () => {
  const folder = tempFolder()
  const files = filesIn(folder.path)
  await openSqliteVault(files).close()
  const contents = new DatabaseSync(files.contents)
  contents.exec("CREATE TRIGGER stop BEFORE DELETE ON content BEGIN SELECT RAISE(ABORT, 'stop'); END")
  contents.close()
  const store = openSqliteVault(files)
  const place = { slot: 's', class: 'pii', month: '2026-11', sealed: new Uint8Array(100) } as const
  await store.turn({ generation: 1, version: 1, bytes: new Uint8Array(8) }, (row) => row.sealed)
  await store.addKey({ id: 'k', ...place }, 1)
  await store.addContent({ id: 'c', key: 'k', ...place })
  await expect(store.drop(['k'])).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
  expect(await store.keys({ slot: 's' })).toHaveLength(1)
  await store.close()
  folder.remove()
})
