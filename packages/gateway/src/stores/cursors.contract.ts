import type { CursorStore } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface CursorStoreKind {
  readonly name: string
  /** A store of its own, and a way to open the same one again. */
  make(): Promise<{ readonly store: CursorStore; reopen(): Promise<CursorStore>; remove(): Promise<void> | void }>
}

/** What every cursor store owes. */
export function cursorStoreContract(kind: CursorStoreKind): void {
  describe(`cursor store contract: ${kind.name}`, () => {
    let made: Awaited<ReturnType<CursorStoreKind['make']>>
    beforeEach(async () => {
      made = await kind.make()
    })
    afterEach(() => made.remove())

    test('a follower nobody knows begins at the first entry', async () => expect(await made.store.get('sink.new')).toBe(0))

    test('R137: what was stored is there after reopening, for each follower its own', async () => {
      await made.store.set('sink.a', 7)
      await made.store.set('sink.b', 9_007_199_254_740_991)
      await made.store.set('sink.a', 8)
      const again = await made.reopen()
      expect([await again.get('sink.a'), await again.get('sink.b')]).toEqual([8, 9_007_199_254_740_991])
    })

    test('a cursor may be set back, so that entries are sent again', async () => {
      await made.store.set('sink.a', 70)
      await made.store.set('sink.a', 3)
      expect(await made.store.get('sink.a')).toBe(3)
    })

    test.each(['../x', 'a/b', '', 'A', 'x'.repeat(101), `'; DROP TABLE cursor; --`])('the name %j is refused', async (name) => {
      await expect(made.store.set(name, 1)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(made.store.get(name)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    })

    test.each([-1, 0.5, Number.NaN])('the position %d is refused', async (next) => {
      await expect(made.store.set('sink.a', next)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      expect(await made.store.get('sink.a')).toBe(0)
    })

    test('stores of many followers at once do not touch each other', async () => {
      const names = Array.from({ length: 20 }, (_, i) => `sink.${i}`)
      await Promise.all(names.map((name, i) => made.store.set(name, i + 1)))
      expect(await Promise.all(names.map((name) => made.store.get(name)))).toEqual(names.map((_, i) => i + 1))
    })
  })
}
