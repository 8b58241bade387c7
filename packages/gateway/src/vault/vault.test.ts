import { cpSync, mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { committer } from '../committer.ts'
import type { ContentVault, VaultRef } from '../content-vault.ts'
import { tempFolder } from '../fixtures/world.ts'
import { openSqliteVault } from '../stores/sqlite/vault.ts'
import { COMMIT_KEY, vaultAt } from './fixtures/vault-at.ts'

let folder: ReturnType<typeof tempFolder>
let vault: ContentVault
let nowMs: number
const open = (dir = folder.path): ContentVault => vaultAt({ dir, nowMs: () => nowMs })
const TEXT = '{"note":"blood group AB"}'

interface KeptText {
  readonly ref: VaultRef
  readonly commitment: string
}

async function keep(id: string | undefined, of: 'pii' | 'phi' | 'internal' | 'reasoning' = 'phi', text = TEXT): Promise<KeptText> {
  const subject = id === undefined ? undefined : await vault.subject(id)
  const ref = await vault.keep({ ...(subject && { subject }), class: of, text })
  return { ref, commitment: (subject?.commit ?? committer(COMMIT_KEY))(text).commitment }
}

const read = (kept: KeptText, from = vault): Promise<unknown> => from.read(kept.ref, kept.commitment)
const isErased = (kept: KeptText, from = vault) => expect(read(kept, from)).rejects.toMatchObject({ code: 'CONTENT_ERASED' })
const tokenOf = async (id: string): Promise<string> => (await vault.subject(id)).token

beforeEach(() => {
  nowMs = Date.UTC(2026, 10, 21)
  folder = tempFolder()
  vault = open()
})
afterEach(async () => {
  await vault.close()
  folder.remove()
})

describe('the vault', () => {
  test('R122: gives back what was kept, if it is what the entry says', async () => {
    const kept = await keep('p-1')
    expect(await read(kept)).toEqual({ text: TEXT, class: 'phi' })
    for (const wrong of [
      { ...kept, commitment: 'a'.repeat(64) },
      { ...kept, ref: { ...kept.ref, ciphertext: 'b'.repeat(64) } },
      { ...kept, ref: { ...kept.ref, key: (await keep('p-2')).ref.key } },
    ])
      await expect(read(wrong)).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await isErased({ ...kept, ref: { ...kept.ref, id: 'none' } })
  })

  test('content about nobody is kept too, and committed to by the gateway', async () => {
    const kept = await keep(undefined, 'internal')
    expect(await read(kept)).toEqual({ text: TEXT, class: 'internal' })
  })

  test('R235: a key of its own for each person, class and month', async () => {
    const keys = [(await keep('p-1', 'phi')).ref.key, (await keep('p-1', 'pii')).ref.key, (await keep('p-2', 'phi')).ref.key]
    const again = (await keep('p-1', 'phi')).ref.key
    nowMs = Date.UTC(2026, 11, 1)
    keys.push((await keep('p-1', 'phi')).ref.key)
    expect(new Set(keys).size).toBe(4)
    expect(again).toBe(keys[0])
  })

  test('a person has one pseudonym and one key, also for the next process; two have different ones', async () => {
    const first = await vault.subject('p-1')
    await vault.close()
    vault = open()
    const again = await vault.subject('p-1')
    expect([again.token, again.commit(TEXT)]).toEqual([first.token, first.commit(TEXT)])
    const other = await vault.subject('p-2')
    expect([other.token === first.token, other.commit(TEXT).commitment === first.commit(TEXT).commitment]).toEqual([false, false])
    expect(vault.subject('p-1')).not.toBeInstanceOf(Promise)
  })

  test('R233: neither names nor texts nor pseudonyms lie in the files', async () => {
    const { token } = await vault.subject('p-planted')
    await keep('p-planted')
    const bytes = Buffer.concat(readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name))))
    for (const planted of ['p-planted', 'blood group', token, Buffer.from(token, 'hex')])
      expect(bytes.includes(planted)).toBe(false)
  })
})

describe('R229: an erasure', () => {
  const erase = (id: string): Promise<boolean> => vault.erase(vault.lookup(id))

  test('leaves nothing of the person, everything of the others, and a new pseudonym for what comes later', async () => {
    const [gone, other] = [await keep('p-1'), await keep('p-2')]
    const before = await tokenOf('p-1')
    expect(await vault.holdings(vault.lookup('p-1'))).toMatchObject({
      token: before,
      keys: [gone.ref.key],
      counts: [{ class: 'phi', month: '2026-11', contents: 1 }],
    })
    expect(await erase('p-1')).toBe(true)
    await isErased(gone)
    expect(await read(other)).toMatchObject({ text: TEXT })
    expect(await vault.holdings(vault.lookup('p-1'))).toBeUndefined()
    expect(await tokenOf('p-1')).not.toBe(before)
  })

  test('makes every older copy of the files useless, whatever keys live on', async () => {
    const [gone, other] = [await keep('p-1'), await keep('p-2')]
    await vault.close()
    const backup = join(folder.path, 'backup')
    mkdirSync(backup)
    for (const name of ['vault.db', 'vault-keys.db']) cpSync(join(folder.path, name), join(backup, name))
    const control = join(folder.path, 'control')
    cpSync(backup, control, { recursive: true })
    cpSync(join(folder.path, 'vault.key'), join(control, 'vault.key'))
    vault = open()
    await erase('p-1')
    cpSync(join(folder.path, 'vault.key'), join(backup, 'vault.key'))
    const restored = vaultAt({ dir: backup })
    for (const kept of [gone, other]) await expect(read(kept, restored)).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await restored.close()
    // With the old wrapping key the same copy opens: the test can see what it looks for.
    const opened = vaultAt({ dir: control })
    expect(await read(gone, opened)).toMatchObject({ text: TEXT })
    await opened.close()
  })

  test('another process with the keys in memory can neither read nor keep under them', async () => {
    const gone = await keep('p-1')
    const shared = openSqliteVault({ keys: `${folder.path}/k2.db`, contents: `${folder.path}/c2.db` })
    const source = { dir: folder.path, store: { ...shared, close: async () => undefined } }
    const [warm, eraser] = [vaultAt(source), vaultAt(source)]
    const subject = await warm.subject('p-1')
    const kept = { ref: await warm.keep({ subject, class: 'phi', text: TEXT }), commitment: subject.commit(TEXT).commitment }
    expect(await read(kept, eraser)).toMatchObject({ text: TEXT })
    await eraser.erase(eraser.lookup('p-1'))
    await isErased(kept, warm)
    await expect(warm.keep({ subject, class: 'phi', text: TEXT })).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    await expect(warm.keep({ subject, class: 'pii', text: TEXT })).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    const next = await warm.subject('p-1')
    expect(next.token).not.toBe(subject.token)
    await warm.keep({ subject: next, class: 'phi', text: TEXT })
    expect(await read(gone)).toMatchObject({ text: TEXT })
    await shared.close()
  })

  test('of somebody nobody knows changes nothing for the others', async () => {
    const other = await keep('p-2')
    await erase('p-1')
    await erase('p-1')
    expect(await read(other)).toMatchObject({ text: TEXT })
  })
})

test('R130: what expired is destroyed, except what is held; what is younger stays', async () => {
  const old = [
    await keep('p-1', 'pii'),
    await keep('p-2', 'pii'),
    await keep('p-1', 'phi'),
    await keep(undefined, 'internal'),
  ] as const
  nowMs = Date.UTC(2026, 11, 2)
  const young = await keep('p-1', 'pii')
  const held = await tokenOf('p-2')
  expect(await vault.expire({ class: 'pii', beforeMonth: '2026-12' }, async (token) => token === held)).toEqual({
    keys: 1,
    contents: 1,
    isDestroyed: true,
  })
  await isErased(old[0])
  for (const kept of [old[1], old[2], old[3], young]) expect(await read(kept)).toMatchObject({ text: TEXT })
  await vault.expire({ class: 'internal', beforeMonth: '2027-01' }, async (token) => token === undefined)
  expect(await read(old[3])).toMatchObject({ text: TEXT })
})

test('R130: reasoning goes day by day, and nothing of it opens afterwards', async () => {
  const old = await keep(undefined, 'reasoning')
  nowMs += 86_400_000
  const young = await keep(undefined, 'reasoning')
  const nobody = async (): Promise<boolean> => false
  expect(await vault.expire({ class: 'reasoning', beforeMonth: '2026-11-21' }, nobody)).toMatchObject({ contents: 0 })
  expect(await vault.expire({ class: 'reasoning', beforeMonth: '2026-11-22' }, nobody)).toMatchObject({ contents: 1 })
  await isErased(old)
  expect(await read(young)).toMatchObject({ text: TEXT })
})
