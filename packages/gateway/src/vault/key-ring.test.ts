import { randomBytes } from 'node:crypto'
import type { VaultStore } from '@sallyport/core'
import { expect, test } from 'vitest'
import { tempFolder } from '../fixtures/world.ts'
import { openLocalKeys } from '../keys/local/index.ts'
import { openSqliteVault } from '../stores/sqlite/vault.ts'
import { openKeyRing } from './key-ring.ts'

test('R229: whoever asks for the root while it is turned does not leave the old one in memory', async () => {
  const folder = tempFolder()
  const files = openSqliteVault({ keys: `${folder.path}/vault-keys.db`, contents: `${folder.path}/vault.db` })
  const given: number[] = []
  const store: VaultStore = {
    ...files,
    async turn(next, rewrap) {
      if (next.generation > 1) given.push((await ring.root()).generation)
      await files.turn(next, rewrap)
    },
  }
  const ring = openKeyRing({ store, source: openLocalKeys(`${folder.path}/vault.key`), tenant: 'default', randomBytes })
  const first = await ring.root()
  expect(await ring.turn()).toBe(true)
  expect(given).toEqual([first.generation])
  expect((await ring.root()).generation).toBe(first.generation + 1)
  await store.close()
  folder.remove()
})
