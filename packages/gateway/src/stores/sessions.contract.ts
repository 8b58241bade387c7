import { randomBytes } from 'node:crypto'
import type { SessionStore } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface SessionStoreKind {
  readonly name: string
  /** A store of its own, and a way to open the same one again. */
  make(): Promise<{ readonly store: SessionStore; reopen(): Promise<SessionStore>; remove(): Promise<void> | void }>
}

const at = (nowMs: number, mustLast: boolean = true) => ({ nowMs, mustLast })
const session = (): string => randomBytes(32).toString('hex')
const bytes = (...texts: readonly string[]): Uint8Array[] => texts.map((text) => Buffer.from(text))
const texts = async (store: SessionStore, of: string, after: number = 0): Promise<string[]> =>
  (await store.read(of, after)).map(({ sealed }) => Buffer.from(sealed).toString())

/** What every store of sessions owes. */
export function sessionStoreContract(kind: SessionStoreKind): void {
  describe(`session store contract: ${kind.name}`, () => {
    let made: Awaited<ReturnType<SessionStoreKind['make']>>
    beforeEach(async () => {
      made = await kind.make()
    })
    afterEach(() => made.remove())

    test('R064: items come back in order and after reopening, each session its own', async () => {
      const [a, b] = [session(), session()]
      await made.store.append(a, bytes('1', '2'), at(1_000))
      await made.store.append(b, bytes('other'), at(1_000))
      const last = await made.store.append(a, bytes('3'), at(2_000, false))
      const again = await made.reopen()
      expect(await texts(again, a)).toEqual(['1', '2', '3'])
      expect(await texts(again, b)).toEqual(['other'])
      expect(await texts(again, a, last)).toEqual([])
      expect(await texts(again, session())).toEqual([])
    })

    test('what follows a place is read from there', async () => {
      const a = session()
      const first = await made.store.append(a, bytes('1'), at(1_000))
      await made.store.append(a, bytes('2', '3'), at(1_000))
      expect(await texts(made.store, a, first)).toEqual(['2', '3'])
    })

    test('R229: a forgotten session is gone, another stays; old items go with age', async () => {
      const [a, b] = [session(), session()]
      await made.store.append(a, bytes('1'), at(1_000))
      await made.store.append(b, bytes('old'), at(1_000))
      await made.store.append(b, bytes('new'), at(9_000))
      await made.store.erase(a)
      expect(await texts(made.store, a)).toEqual([])
      expect(await made.store.expire(5_000)).toBe(1)
      expect(await texts(made.store, b)).toEqual(['new'])
    })

    test('a session says whose it is', async () => {
      const [a, b, owner] = [session(), session(), session()]
      await made.store.append(a, bytes('1'), at(1_000))
      await made.store.append(a, bytes('2'), { ...at(1_000), owner })
      await made.store.append(b, bytes('1'), at(1_000))
      expect(await Promise.all([a, b, session()].map((one) => made.store.owner(one)))).toEqual([owner, undefined, undefined])
    })

    test('R229: the sessions of a person are found, and forgotten up to a place', async () => {
      const [a, b, c, owner] = [session(), session(), session(), session()]
      await made.store.append(a, bytes('1'), { ...at(1_000), owner })
      await made.store.append(b, bytes('1'), { ...at(1_000), owner })
      await made.store.append(c, bytes('other'), { ...at(1_000), owner: session() })
      await made.store.append(session(), bytes('nobody’s'), at(1_000))
      const again = await made.reopen()
      expect([...(await again.owned(owner))].sort()).toEqual([a, b].sort())
      expect([await again.owned(session()), await again.owned('')]).toEqual([[], []])
      const last = await again.append(a, bytes('2'), at(2_000))
      await again.erase(a, last)
      expect(await texts(again, a)).toEqual(['2'])
    })

    test('many appends at once lose nothing', async () => {
      const a = session()
      await Promise.all(Array.from({ length: 40 }, (_, i) => made.store.append(a, bytes(String(i)), at(1_000))))
      expect((await texts(made.store, a)).sort((x, y) => Number(x) - Number(y))).toEqual(
        Array.from({ length: 40 }, (_, i) => String(i)),
      )
    })

    test('nothing to add is nothing', async () => expect(await made.store.append(session(), [], at(1_000))).toBe(0))
  })
}
