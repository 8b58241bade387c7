import { randomBytes } from 'node:crypto'
import type { KeySource } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface KeySourceKind {
  readonly name: string
  /** Whether single versions can be destroyed. */
  readonly destroys: boolean
  make(): Promise<{
    readonly source: KeySource
    /** The same keys, as another process opens them. */
    reopen(): KeySource
    remove(): Promise<void> | void
  }>
}

/** What every key source owes. */
export function keySourceContract(kind: KeySourceKind): void {
  describe(`KeySource: ${kind.name}`, () => {
    let made: Awaited<ReturnType<KeySourceKind['make']>>
    const key = randomBytes(32)
    beforeEach(async () => {
      made = await kind.make()
    })
    afterEach(() => made.remove())

    test('R233: a wrapped key opens again, also for another process, and does not show itself', async () => {
      const { source } = made
      await source.rotate()
      const wrapped = await source.wrap(key, 'a')
      expect(Buffer.from(wrapped.bytes).includes(key)).toBe(false)
      expect(Buffer.from(await source.unwrap(wrapped, 'a'))).toEqual(key)
      const again = made.reopen()
      expect(Buffer.from(await again.unwrap(wrapped, 'a'))).toEqual(key)
      await again.close()
    })

    test('it opens in its own context only, and not when it was changed', async () => {
      const { source } = made
      await source.rotate()
      const wrapped = await source.wrap(key, 'a')
      await expect(source.unwrap(wrapped, 'b')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
      const last = wrapped.bytes.length - 1
      const changed = Uint8Array.from(wrapped.bytes).with(last - 3, (wrapped.bytes[last - 3] ?? 0) ^ 1)
      await expect(source.unwrap({ ...wrapped, bytes: changed }, 'a')).rejects.toMatchObject({ code: 'VAULT_UNAVAILABLE' })
    })

    test('R233: rotation makes a newer version, and what was wrapped before still opens', async () => {
      const { source } = made
      await source.rotate()
      const before = await source.wrap(key, 'a')
      const version = await source.rotate()
      const after = await source.wrap(key, 'a')
      expect(after.version).toBe(version)
      expect(after.version - before.version).toBe(kind.destroys ? 1 : 0)
      expect(Buffer.from(await source.unwrap(before, 'a'))).toEqual(key)
    })

    test('R229: a destroyed version opens nothing, for nobody, and the others stay', async () => {
      const { source } = made
      await source.rotate()
      const before = await source.wrap(key, 'a')
      const version = await source.rotate()
      const after = await source.wrap(key, 'a')
      expect(await source.destroyBefore(version)).toBe(kind.destroys)
      expect(await source.destroyBefore(version)).toBe(kind.destroys)
      expect(Buffer.from(await source.unwrap(after, 'a'))).toEqual(key)
      const again = made.reopen()
      if (kind.destroys)
        for (const one of [source, again]) await expect(one.unwrap(before, 'a')).rejects.toMatchObject({ code: 'CONTENT_ERASED' })
      else expect(Buffer.from(await again.unwrap(before, 'a'))).toEqual(key)
      await again.close()
    })
  })
}
