import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tempFolder } from '../fixtures/world.ts'
import { openKeySource } from './index.ts'

test('R229: a vault that gateways share refuses a key file: an erasure could not reach its copies', async () => {
  const folder = tempFolder()
  const file = `${folder.path}/vault.key`
  const shared = openKeySource({ source: 'local' }, { file, isShared: true })
  for (const call of [shared.rotate(), shared.wrap(new Uint8Array(32), 'a'), shared.destroyBefore(2)])
    await expect(call).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
  expect(existsSync(file)).toBe(false)
  expect(await openKeySource({ source: 'local' }, { file, isShared: false }).rotate()).toBe(1)
  folder.remove()
})
