import type { Spend } from '@sallyport/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Budgets, Draw, Reservation, Wanted } from '../budgets.ts'

export interface BudgetsKind {
  readonly name: string
  /** As many views of the same budgets as there may be gateways: one for budgets of a single process. */
  open(): Promise<{ readonly views: readonly Budgets[]; close(): Promise<void> }>
}

const WINDOW_MS = 60_000
const HOUR_MS = 3_600_000
/** Long enough that the calls before the wait all fall into it, also on a busy machine. */
const BRIEF_MS = 1_500

/** What every keeper of budgets owes. */
export function budgetsContract(kind: BudgetsKind): void {
  describe(`budgets contract: ${kind.name}`, () => {
    let opened: Awaited<ReturnType<BudgetsKind['open']>>
    let made = 0
    beforeAll(async () => {
      opened = await kind.open()
    })
    afterAll(() => opened.close())

    const view = (n: number): Budgets => opened.views[n % opened.views.length] as Budgets
    const draw = (callsMax: number, windowMs = WINDOW_MS): Draw => ({ key: `agent:${++made}`, callsMax, windowMs })
    let turn = 0
    /** Every call goes through the next view, as callers behind a proxy without sticky sessions do. */
    const take = async (...draws: Draw[]): Promise<Reservation & { readonly takenMs: number }> => {
      const nowMs = Date.now()
      const taken = await view(turn++).reserve(draws, nowMs, () => true)
      return { ...taken, takenMs: taken.atMs ?? nowMs }
    }

    test('R020: 64 callers at once take exactly as many calls as there are', async () => {
      const budget = draw(100)
      const taken = await Promise.all(
        Array.from({ length: 64 }, async () => [await take(budget), await take(budget), await take(budget)]),
      )
      expect(taken.flat().filter((one) => one.reserved)).toHaveLength(100)
      expect((await take(budget)).reserved).toBe(false)
    })

    test('R020: callers that draw on several budgets in any order take exactly what all of them hold, and none waits for ever', async () => {
      const [a, b, c] = [draw(40), draw(60), draw(30)]
      const orders = [
        [a, b],
        [b, a],
        [c, b, a],
        [a, c],
        [c, a],
        [b, c],
      ]
      const taken = await Promise.all(Array.from({ length: 120 }, (_, i) => take(...(orders[i % orders.length] ?? []))))
      const count = (budget: Draw): number => taken.filter((one) => one.reserved && one.keys.includes(budget.key)).length
      expect(count(a)).toBe(40)
      expect(count(b)).toBeLessThanOrEqual(60)
      expect(count(c)).toBeLessThanOrEqual(30)
    })

    test('R020: takes from all budgets or from none, and names the one that is used up', async () => {
      const [full, free] = [draw(1), draw(1)]
      await take(full)
      expect(await take(free, full)).toMatchObject({
        reserved: false,
        keys: [free.key, full.key],
        limit: `${full.key}: 1 calls per ${WINDOW_MS} ms`,
      })
      expect((await take(free)).reserved).toBe(true)
    })

    test('R020: a look says what taking would, takes nothing, and makes nothing wait', async () => {
      const [budget, free] = [draw(2), draw(2)]
      const look = async (isWanted = true) => view(turn++).peek([free, budget], Date.now(), () => isWanted)
      for (let i = 0; i < 100; i++) expect((await look()).reserved).toBe(true)
      await take(budget)
      expect((await look()).reserved).toBe(true)
      await take(budget)
      const refused = await look()
      expect(refused).toMatchObject({ reserved: false, limit: `${budget.key}: 2 calls per ${WINDOW_MS} ms` })
      expect(refused.retryAfterMs).toBeGreaterThan(WINDOW_MS / 2)
      expect(refused.retryAfterMs).toBeLessThanOrEqual(WINDOW_MS)
      expect((await take(free)).reserved).toBe(true)
      expect((await take(free)).reserved).toBe(true)
    })

    test('R020: another agent is unaffected', async () => {
      const [mine, other] = [draw(1), draw(1)]
      await take(mine)
      expect((await take(mine)).reserved).toBe(false)
      expect((await take(other)).reserved).toBe(true)
    })

    test('R020: the retry hint is when the oldest call leaves the window: not before it, but then', async () => {
      const budget = draw(2, BRIEF_MS)
      const first = await take(budget)
      await take(budget)
      const refused = await take(budget)
      expect(refused.reserved).toBe(false)
      expect(refused.retryAfterMs).toBeGreaterThan(0)
      expect(refused.retryAfterMs).toBeLessThanOrEqual(BRIEF_MS)
      await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs))
      const next = await take(budget)
      expect(next.reserved).toBe(true)
      expect(next.takenMs - first.takenMs).toBeGreaterThanOrEqual(BRIEF_MS)
    })

    test('R020: in any window there are never more calls than it holds, while callers try all the time', async () => {
      const budget = draw(7, 400)
      const taken: number[] = []
      const caller = async (): Promise<void> => {
        while (taken.length < 35) {
          const one = await take(budget)
          if (one.reserved) taken.push(one.takenMs)
          else await new Promise((resolve) => setTimeout(resolve, Math.min(one.retryAfterMs ?? 1, 20)))
        }
      }
      await Promise.all([caller(), caller(), caller(), caller()])
      taken.sort((x, y) => x - y)
      for (const [i, atMs] of taken.entries()) expect((taken[i + 7] ?? Number.POSITIVE_INFINITY) - atMs).toBeGreaterThanOrEqual(400)
    })

    test('a limit lowered meanwhile counts what was used under the old one; a raised one too', async () => {
      const budget = draw(3)
      for (let i = 0; i < 3; i++) await take(budget)
      expect((await take({ ...budget, callsMax: 1 })).reserved).toBe(false)
      expect((await take({ ...budget, callsMax: 5 })).reserved).toBe(true)
      expect((await take({ ...budget, callsMax: 5 })).reserved).toBe(true)
      expect((await take({ ...budget, callsMax: 5 })).reserved).toBe(false)
    })

    test('R020: what is given back is one call of that moment, and only once', async () => {
      const budget = draw(2)
      const first = await take(budget)
      await take(budget)
      view(0).refund([budget.key, 'agent:unknown'], first.takenMs)
      await until(async () => (await take(budget)).reserved)
      expect((await take(budget)).reserved).toBe(false)
      view(1).refund([budget.key], first.takenMs - 5_000)
      view(0).refund([budget.key], first.takenMs - 5_000)
      // Asked through the same views, so after those.
      for (let i = 0; i < 4; i++) expect((await take(budget)).reserved).toBe(false)
    })

    test('R020: callers that give back as they go never take more than there is, and leave exactly the rest', async () => {
      const budget = draw(50)
      const kept = await Promise.all(
        Array.from({ length: 64 }, async (_, i) => {
          const one = await take(budget)
          if (one.reserved && i % 2 === 0) view(i).refund([budget.key], one.takenMs)
          return one.reserved && i % 2 === 1
        }),
      )
      let held = kept.filter(Boolean).length
      await until(async () => {
        if ((await take(budget)).reserved) held++
        return held === 50
      })
      expect((await take(budget)).reserved).toBe(false)
    })

    describe('of amounts', () => {
      const spend = (max: number, amount: number, windowMs = HOUR_MS): Spend => ({
        key: `spend:${++made}`,
        unit: 'tokens',
        per: 'agent',
        amount,
        max,
        windowMs,
      })
      const takeAll = async (...wanted: Wanted[]): Promise<Reservation & { readonly takenMs: number }> => {
        const nowMs = Date.now()
        const taken = await view(turn++).reserve(wanted, nowMs, () => true)
        return { ...taken, takenMs: taken.atMs ?? nowMs }
      }

      test('parallel callers take exactly what there is, and are told limit, used and asked for', async () => {
        const budget = spend(1_000, 30)
        const taken = await Promise.all(Array.from({ length: 64 }, () => takeAll(budget)))
        expect(taken.filter((one) => one.reserved)).toHaveLength(33)
        const refused = taken.find((one) => !one.reserved)
        expect(refused).toMatchObject({
          exhausted: { unit: 'tokens', per: 'agent', limit: '1000', used: '990', asked: '30', windowMs: HOUR_MS },
        })
        expect(refused?.retryAfterMs).toBeGreaterThan(HOUR_MS - 60_000)
        expect(refused?.retryAfterMs).toBeLessThanOrEqual(HOUR_MS * 1.001)
      })

      test('what was not used is there again, what was used beyond it is missing', async () => {
        const budget = spend(100, 100)
        const first = await takeAll(budget)
        view(0).adjust([{ key: budget.key, windowMs: HOUR_MS, by: -90 }], first.takenMs)
        await until(async () => (await takeAll({ ...budget, amount: 85 })).reserved)
        view(1).adjust([{ key: budget.key, windowMs: HOUR_MS, by: 500 }], first.takenMs)
        await until(async () => (await takeAll({ ...budget, amount: 1_000 })).exhausted?.used === '595')
      })

      test('calls and amounts are taken together or not at all', async () => {
        const [calls, amounts] = [draw(1), spend(10, 10)]
        expect((await takeAll(calls, amounts)).reserved).toBe(true)
        const [free, more] = [draw(1), spend(10, 5)]
        expect(await takeAll(free, more, amounts)).toMatchObject({ reserved: false, exhausted: { used: '10' } })
        expect(await takeAll(calls, more)).toMatchObject({ reserved: false, limit: expect.stringContaining('calls per') })
        expect((await takeAll(free, more)).reserved).toBe(true)
        expect((await takeAll({ ...more, amount: 5 })).reserved).toBe(true)
        expect((await takeAll({ ...more, amount: 1 })).reserved).toBe(false)
      })

      test('an amount larger than its whole budget never fits, and no wait is named', async () => {
        const refused = await takeAll(spend(10, 11))
        expect(refused.reserved).toBe(false)
        expect(refused.retryAfterMs).toBeUndefined()
      })

      test('an amount leaves with its part of the window, never before the window is over', async () => {
        const budget = spend(10, 10, BRIEF_MS)
        const first = await takeAll(budget)
        const refused = await takeAll(budget)
        expect(refused.reserved).toBe(false)
        await new Promise((resolve) => setTimeout(resolve, refused.retryAfterMs))
        const next = await takeAll(budget)
        expect(next.reserved).toBe(true)
        expect(next.takenMs - first.takenMs).toBeGreaterThanOrEqual(BRIEF_MS)
      })
    })

    test('no draws, nothing to run out of', async () => {
      expect(await view(0).reserve([], 0, () => true)).toEqual({ reserved: true, keys: [] })
    })
  })
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error('it did not happen')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
