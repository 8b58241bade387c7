import type { Leases } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface LeasesKind {
  readonly name: string
  /** Opens the leases of one place for a holder; `undefined` where there can be only one. */
  open(): Promise<{ readonly of: (holder: string) => Leases; close(): Promise<void> }>
  /** Whether several holders can compete. */
  readonly isShared: boolean
}

/** What every adapter of leases owes. */
export function leasesContract(kind: LeasesKind): void {
  describe(`leases contract: ${kind.name}`, () => {
    let opened: Awaited<ReturnType<LeasesKind['open']>>
    beforeEach(async () => {
      opened = await kind.open()
    })
    afterEach(() => opened.close())

    test('whoever holds a lease holds it again', async () => {
      const one = opened.of('one')
      expect(await one.hold('siem', 60_000)).toBe(true)
      expect(await one.hold('siem', 60_000)).toBe(true)
      await one.release('siem')
      await one.release('never held')
      expect(await one.hold('siem', 60_000)).toBe(true)
    })

    test.runIf(kind.isShared)('R293: one at a time, each lease by itself, and never by taking it away', async () => {
      const [one, two] = [opened.of('one'), opened.of('two')]
      expect(await one.hold('siem', 60_000)).toBe(true)
      expect(await two.hold('siem', 60_000)).toBe(false)
      expect(await two.hold('prune', 60_000)).toBe(true)
      await two.release('siem')
      expect(await two.hold('siem', 60_000)).toBe(false)
      await one.release('siem')
      expect(await two.hold('siem', 60_000)).toBe(true)
      expect(await one.hold('siem', 60_000)).toBe(false)
    })

    test.runIf(kind.isShared)('of many who try at once one gets it', async () => {
      const held = await Promise.all(Array.from({ length: 12 }, (_, i) => opened.of(`holder-${i}`).hold('siem', 60_000)))
      expect(held.filter(Boolean)).toHaveLength(1)
    })

    test.runIf(kind.isShared)('a lease that ran out is anybody’s', async () => {
      expect(await opened.of('one').hold('siem', 1)).toBe(true)
      const deadline = Date.now() + 5_000
      while (!(await opened.of('two').hold('siem', 60_000))) expect(Date.now()).toBeLessThan(deadline)
      expect(await opened.of('one').hold('siem', 60_000)).toBe(false)
    })
  })
}
