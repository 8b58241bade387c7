import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tempFolder } from '../../fixtures/world.ts'
import { cursorStoreContract } from '../cursors.contract.ts'
import { diskCursors, openFileCursors, type CursorFolder } from './cursors.ts'

cursorStoreContract({
  name: 'files',
  make: async () => {
    const folder = tempFolder()
    const dir = join(folder.path, 'cursors')
    return { store: openFileCursors(dir), reopen: async () => openFileCursors(dir), remove: () => folder.remove() }
  },
})

test.each(['makeFolder', 'write', 'rename', 'syncFolder'] as const)(
  'a failing %s leaves the old position or the new one',
  async (operation) => {
    const folder = tempFolder()
    await openFileCursors(folder.path).set('sink.a', 5)
    const broken: CursorFolder = { ...diskCursors, [operation]: () => Promise.reject(new Error('EIO')) }
    await expect(openFileCursors(folder.path, broken).set('sink.a', 6)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await openFileCursors(folder.path).get('sink.a')).toBe(operation === 'syncFolder' ? 6 : 5)
    folder.remove()
  },
)

test('what is not a cursor stops the follower instead of sending everything again', async () => {
  const folder = tempFolder()
  await openFileCursors(folder.path).set('sink.a', 5)
  const [file = ''] = readdirSync(folder.path)
  writeFileSync(join(folder.path, file), '{"next":')
  await expect(openFileCursors(folder.path).get('sink.a')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  folder.remove()
})

test('R117: storing a position blocks nobody else: the call comes back before anything is written', async () => {
  const folder = tempFolder()
  const stored = openFileCursors(folder.path).set('sink.a', 5)
  expect(readdirSync(folder.path)).toEqual([])
  await stored
  expect(readdirSync(folder.path)).toEqual(['sink.a.json'])
  folder.remove()
})
