import { chmodSync, existsSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { keySourceContract } from '../key-source.contract.ts'
import { openLocalKeys } from './index.ts'

keySourceContract({
  name: 'local file',
  destroys: true,
  make: async () => {
    const folder = tempFolder()
    const open = () => openLocalKeys(`${folder.path}/vault.key`)
    return { source: open(), reopen: open, remove: folder.remove }
  },
})

describe('the file of the local key source', () => {
  const fresh = async () => {
    const folder = tempFolder()
    const file = `${folder.path}/vault.key`
    const source = openLocalKeys(file)
    await source.rotate()
    return { folder, file, source }
  }

  test('R233: is 0600, and not used when others can read it, it is damaged or missing', async () => {
    const { folder, file, source } = await fresh()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const wrapped = await source.wrap(new Uint8Array(32), 'a')
    chmodSync(file, 0o640)
    await expect(source.unwrap(wrapped, 'a')).rejects.toMatchObject({ code: 'CONFIG_INSECURE' })
    chmodSync(file, 0o600)
    writeFileSync(file, '{"keys":{"1":"short"}}')
    await expect(source.unwrap(wrapped, 'a')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    rmSync(file)
    await expect(source.unwrap(wrapped, 'a')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await expect(source.wrap(new Uint8Array(32), 'a')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    folder.remove()
  })

  test('R229: the old bytes are overwritten where they lay', async () => {
    const { folder, file, source } = await fresh()
    const secret = JSON.parse(readFileSync(file, 'utf8')).keys['1'] as string
    // A second name for the same place on the disk shows what became of it.
    linkSync(file, `${folder.path}/same-place`)
    await source.destroyBefore(await source.rotate())
    expect(readFileSync(`${folder.path}/same-place`).every((byte) => byte === 0)).toBe(true)
    expect(readFileSync(file, 'utf8')).not.toContain(secret)
    folder.remove()
  })

  test('R229: keys that a process left in a file it had not renamed yet are overwritten too', async () => {
    const { folder, file, source } = await fresh()
    writeFileSync(`${file}.new`, readFileSync(file), { mode: 0o600 })
    linkSync(`${file}.new`, `${folder.path}/same-place`)
    await source.destroyBefore(await source.rotate())
    expect(readFileSync(`${folder.path}/same-place`).every((byte) => byte === 0)).toBe(true)
    folder.remove()
  })

  test('R229: a process that was stopped half-way is finished by the next', async () => {
    const { folder, file, source } = await fresh()
    const version = await source.rotate()
    // Stopped after the rename: the old file is still there under its other name.
    writeFileSync(`${file}.old`, readFileSync(file), { mode: 0o600 })
    writeFileSync(`${file}.new`, 'half', { mode: 0o600 })
    await openLocalKeys(file).destroyBefore(version)
    expect(existsSync(`${file}.old`)).toBe(false)
    // Stopped before the rename: both names are the file in force, which stays.
    linkSync(file, `${file}.old`)
    await openLocalKeys(file).destroyBefore(version)
    expect([existsSync(`${file}.old`), Object.keys(JSON.parse(readFileSync(file, 'utf8')).keys)]).toEqual([
      false,
      [String(version)],
    ])
    folder.remove()
  })
})
