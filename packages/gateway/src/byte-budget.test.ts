import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openByteBudget } from './byte-budget.ts'

test('what does not fit is refused with a time to come back, and takes nothing', () => {
  const budget = openByteBudget(100)
  budget.take(60)
  expect(() => budget.take(41)).toThrow(expect.objectContaining({ code: 'LIMIT_OVERLOADED', retryAfterMs: 1_000 }))
  expect(budget.used()).toBe(60)
  budget.take(40)
  budget.give(100)
  expect(budget.used()).toBe(0)
})

test('never holds more than its maximum, and is empty when all is given back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(fc.nat(600)), (bytesMax, sizes) => {
      const budget = openByteBudget(bytesMax)
      const held: number[] = []
      for (const [at, size] of sizes.entries()) {
        try {
          budget.take(size)
          held.push(size)
        } catch {
          expect(budget.used() + size).toBeGreaterThan(bytesMax)
        }
        expect(budget.used()).toBeLessThanOrEqual(bytesMax)
        if (at % 3 === 2) budget.give(held.pop() ?? 0)
      }
      for (const size of held) budget.give(size)
      expect(budget.used()).toBe(0)
    }),
  )
})
