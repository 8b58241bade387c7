import { randomUUID } from 'node:crypto'
import { KEYS_LISTED_MAX, type Rewrappable, type VaultKey, type VaultStore } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface VaultPlace {
  readonly store: VaultStore
  /** The same vault, as another process opens it after this one. */
  reopen(): Promise<VaultStore>
  remove(): Promise<void>
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text))
const text = (from: Uint8Array | undefined): string => Buffer.from(from ?? []).toString()
const root = (generation: number) => ({ generation, version: generation, bytes: bytes(`root ${generation}`) })
const keyOf = (slot: string, month = '2026-11', id: string = randomUUID()): VaultKey => ({
  id,
  slot,
  class: 'pii',
  month,
  sealed: bytes('key'),
})
const contentOf = (key: VaultKey, id: string = randomUUID()) => ({ ...key, id, key: key.id, sealed: bytes('content') })
const same = (row: Rewrappable): Uint8Array => row.sealed

/** What every store of the vault owes. */
export function vaultStoreContract({ name, make }: { readonly name: string; readonly make: () => Promise<VaultPlace> }): void {
  describe(`VaultStore: ${name}`, () => {
    let place: VaultPlace
    let store: VaultStore
    beforeEach(async () => {
      place = await make()
      store = place.store
      await store.turn(root(1), same)
    })
    afterEach(() => place.remove())

    test('R233: an empty vault has no root; the first is the first that comes', async () => {
      await expect(store.turn(root(1), same)).rejects.toMatchObject({ code: 'STORE_MOVED' })
      expect(await store.root()).toMatchObject({ generation: 1, version: 1 })
    })

    test('people, keys and contents are there when the process is gone', async () => {
      const key = keyOf('slot')
      await store.addSubject({ lookup: 'a', sealed: bytes('person') }, 1)
      await store.addKey(key, 1)
      await store.addContent(contentOf(key, 'c1'))
      const again = await place.reopen()
      expect(text((await again.subject('a'))?.sealed)).toBe('person')
      expect(await again.findKey(key)).toMatchObject({ id: key.id, class: 'pii', month: '2026-11' })
      expect(await again.key(key.id)).toMatchObject({ slot: 'slot' })
      expect(text((await again.content('c1'))?.sealed)).toBe('content')
      expect(await again.counts('slot')).toEqual([{ class: 'pii', month: '2026-11', contents: 1, bytes: 7 }])
    })

    test('what nobody added is not there', async () => {
      expect(await Promise.all([store.subject('x'), store.key('x'), store.content('x'), store.findKey(keyOf('x'))])).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
      ])
      expect(await store.counts('x')).toEqual([])
      await store.removeSubject('x')
      expect(await store.drop(['x'])).toBe(0)
    })

    test('who adds second gets what was first', async () => {
      await store.addSubject({ lookup: 'a', sealed: bytes('one') }, 1)
      expect(text((await store.addSubject({ lookup: 'a', sealed: bytes('two') }, 1)).sealed)).toBe('one')
      const first = keyOf('slot')
      await store.addKey(first, 1)
      expect(await store.addKey(keyOf('slot'), 1)).toMatchObject({ id: first.id })
    })

    test('R229: turning seals every key anew, and nothing is added under the old root', async () => {
      const key = keyOf('slot')
      await store.addSubject({ lookup: 'a', sealed: bytes('person') }, 1)
      await store.addKey(key, 1)
      await store.turn(root(2), (row) => bytes(`${row.kind} ${text(row.sealed)} anew`))
      expect([text((await store.subject('a'))?.sealed), text((await store.key(key.id))?.sealed)]).toEqual([
        'subject person anew',
        'key key anew',
      ])
      await expect(store.addSubject({ lookup: 'b', sealed: bytes('x') }, 1)).rejects.toMatchObject({ code: 'STORE_MOVED' })
      await expect(store.addKey(keyOf('other'), 1)).rejects.toMatchObject({ code: 'STORE_MOVED' })
      await store.addKey(keyOf('other'), 2)
    })

    test('a turn that fails half-way leaves everything as it was', async () => {
      for (const lookup of ['a', 'b']) await store.addSubject({ lookup, sealed: bytes(lookup) }, 1)
      const failing = store.turn(root(2), (row) => {
        if (row.kind === 'subject' && row.lookup === 'b') throw new Error('half-way')
        return bytes('changed')
      })
      await expect(failing).rejects.toThrow()
      expect(await store.root()).toMatchObject({ generation: 1 })
      expect(text((await store.subject('a'))?.sealed)).toBe('a')
    })

    test('R229: a closed slot takes no key, and content without its key is not taken', async () => {
      const key = keyOf('slot')
      await store.addKey(key, 1)
      await store.closeSlot('slot')
      await store.closeSlot('slot')
      await expect(store.addKey(keyOf('slot', '2026-12'), 1)).rejects.toMatchObject({ code: 'STORE_MOVED' })
      await store.addContent(contentOf(key, 'c1'))
      expect(await store.drop([key.id])).toBe(1)
      expect([await store.content('c1'), await store.key(key.id)]).toEqual([undefined, undefined])
      await expect(store.addContent(contentOf(key))).rejects.toMatchObject({ code: 'STORE_MOVED' })
    })

    test('R130: keys are listed by slot, and by class before a month, page by page', async () => {
      for (const month of ['2026-09', '2026-10', '2026-11']) await store.addKey(keyOf('slot', month), 1)
      await store.addKey({ ...keyOf('slot', '2026-09'), class: 'phi' }, 1)
      expect((await store.keys({ class: 'pii', beforeMonth: '2026-11' })).map(({ month }) => month).sort()).toEqual([
        '2026-09',
        '2026-10',
      ])
      const all = await store.keys({ slot: 'slot' })
      expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted())
      expect(await store.keys({ slot: 'slot' }, all[1]?.id)).toEqual(all.slice(2))
      expect(KEYS_LISTED_MAX).toBeGreaterThan(all.length)
    })
  })
}
