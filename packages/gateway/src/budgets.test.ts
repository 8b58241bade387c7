import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openBudgets } from './budgets.ts'
import { budgetsContract } from './stores/budgets.contract.ts'

const draw = (key: string, callsMax = 2, windowMs = 100): { key: string; callsMax: number; windowMs: number } => ({
  key,
  callsMax,
  windowMs,
})

describe('R020 R032: a sliding window', () => {
  test('lets through exactly as many calls as it holds, and says when the next one fits', () => {
    const budgets = openBudgets()
    expect(budgets.reserve([draw('a')], 0).reserved).toBe(true)
    expect(budgets.reserve([draw('a')], 30).reserved).toBe(true)
    expect(budgets.reserve([draw('a')], 60)).toMatchObject({ reserved: false, retryAfterMs: 40, limit: 'a: 2 calls per 100 ms' })
    expect(budgets.reserve([draw('a')], 99).reserved).toBe(false)
    expect(budgets.reserve([draw('a')], 100).reserved).toBe(true)
    expect(budgets.reserve([draw('a')], 100)).toMatchObject({ reserved: false, retryAfterMs: 30 })
  })

  test('another key is unaffected', () => {
    const budgets = openBudgets()
    budgets.reserve([draw('a', 1)], 0)
    expect(budgets.reserve([draw('b', 1)], 0).reserved).toBe(true)
  })

  test('takes from all budgets or from none', () => {
    const budgets = openBudgets()
    budgets.reserve([draw('b', 1)], 0)
    expect(budgets.reserve([draw('a', 1), draw('b', 1)], 1)).toMatchObject({ reserved: false, keys: ['a', 'b'] })
    expect(budgets.reserve([draw('a', 1)], 1).reserved).toBe(true)
  })

  test('a limit lowered meanwhile counts what was used under the old one', () => {
    const budgets = openBudgets()
    for (const atMs of [0, 10, 20]) budgets.reserve([draw('a', 3)], atMs)
    expect(budgets.reserve([draw('a', 1)], 30)).toMatchObject({ reserved: false, retryAfterMs: 90 })
  })

  test('what a refund gives back is one call of that moment, and only once', () => {
    const budgets = openBudgets()
    budgets.reserve([draw('a', 1)], 5)
    budgets.refund(['a'], 6)
    expect(budgets.reserve([draw('a', 1)], 7).reserved).toBe(false)
    budgets.refund(['a', 'unknown'], 5)
    budgets.refund(['a'], 5)
    expect(budgets.reserve([draw('a', 1)], 7).reserved).toBe(true)
    expect(budgets.reserve([draw('a', 1)], 7).reserved).toBe(false)
  })

  test('calls read back from the log count, in whatever order they come', () => {
    const budgets = openBudgets()
    for (const atMs of [50, 10, 30]) budgets.restore(['a'], atMs)
    expect(budgets.reserve([draw('a', 3)], 60)).toMatchObject({ reserved: false, retryAfterMs: 50 })
    expect(budgets.reserve([draw('a', 3)], 110).reserved).toBe(true)
  })

  test('a clock set back loosens nothing', () => {
    const budgets = openBudgets()
    budgets.reserve([draw('a', 1)], 1_000)
    expect(budgets.reserve([draw('a', 1)], 500).reserved).toBe(false)
    expect(budgets.reserve([draw('a', 1)], 1_099).reserved).toBe(false)
    expect(budgets.reserve([draw('a', 1)], 1_100).reserved).toBe(true)
  })

  test('no draws, nothing to run out of', () => {
    expect(openBudgets().reserve([], 0)).toEqual({ reserved: true, keys: [] })
  })
})

test('a day of calls read back, newest first, counts as the day did', () => {
  const budgets = openBudgets()
  for (let at = 99_999; at >= 0; at--) budgets.restore(['a'], at)
  const draw = { key: 'a', callsMax: 100_000, windowMs: 100_000 }
  expect(budgets.reserve([draw], 99_999)).toMatchObject({ reserved: false, retryAfterMs: 1 })
  expect(budgets.reserve([draw], 100_000)).toMatchObject({ reserved: true })
})

/** The slowest way to be right: every call ever made, counted anew each time. */
function naive(): {
  reserve(draws: readonly ReturnType<typeof draw>[], nowMs: number): boolean
  refund(keys: readonly string[], atMs: number): void
  calls: { key: string; atMs: number }[]
} {
  const calls: { key: string; atMs: number }[] = []
  return {
    calls,
    reserve(draws, nowMs) {
      const used = ({ key, windowMs }: ReturnType<typeof draw>): number =>
        calls.filter((call) => call.key === key && call.atMs > nowMs - windowMs).length
      if (draws.some((one) => used(one) >= one.callsMax)) return false
      calls.push(...draws.map(({ key }) => ({ key, atMs: nowMs })))
      return true
    },
    refund(keys, atMs) {
      for (const key of keys) {
        const at = calls.findIndex((call) => call.key === key && call.atMs === atMs)
        if (at >= 0) calls.splice(at, 1)
      }
    },
  }
}

test('R020: under any interleaving it agrees with the naive count, and no window ever holds more than it may', () => {
  const limits = { a: draw('a', 1, 7), b: draw('b', 3, 20), c: draw('c', 2, 50) }
  const step = fc.record({ waitMs: fc.nat(12), draws: fc.subarray(Object.values(limits)), refund: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const budgets = openBudgets()
      const model = naive()
      const taken: { keys: readonly string[]; atMs: number }[] = []
      let nowMs = 0
      for (const { waitMs, draws, refund } of steps) {
        nowMs += waitMs
        const { reserved, keys, retryAfterMs } = budgets.reserve(draws, nowMs)
        expect(reserved).toBe(model.reserve(draws, nowMs))
        if (reserved) taken.push({ keys, atMs: nowMs })
        else expect(retryAfterMs).toBeGreaterThan(0)
        const last = refund ? taken.pop() : undefined
        if (last) {
          budgets.refund(last.keys, last.atMs)
          model.refund(last.keys, last.atMs)
        }
        for (const { key, callsMax, windowMs } of Object.values(limits)) {
          expect(model.calls.filter((call) => call.key === key && call.atMs > nowMs - windowMs).length).toBeLessThanOrEqual(
            callsMax,
          )
        }
      }
    }),
  )
})

budgetsContract({ name: 'one process', open: async () => ({ views: [openBudgets()], close: async () => undefined }) })
