import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { costNanos, costNanosMax, ModelPrice, MoneyAmount, moneyText, nanosOf } from './money.ts'

const price = ModelPrice.parse({ currency: 'USD', input: '1.25', output: '10', cachedInput: '0.125', cacheWrite: '1.5625' })
const amounts = fc.tuple(fc.nat(999_999), fc.nat(999_999_999)).map(([units, nanos]) => `${units}.${String(nanos).padStart(9, '0')}`)

test.each(['0', '250.00', '0.000000001', '999999.999999999'])('%s is an amount', (text) => {
  expect(MoneyAmount.safeParse(text).success).toBe(true)
})
test.each(['', '-1', '1e3', '01', '1.', '.5', '1.0000000001', '1000000', '1,5', 1.5])('%s is none', (text) => {
  expect(MoneyAmount.safeParse(text).success).toBe(false)
})

describe('money is counted without fractions of a double', () => {
  test('what was written comes back', () => {
    fc.assert(
      fc.property(amounts, (text) => {
        expect(nanosOf(moneyText(nanosOf(text)))).toBe(nanosOf(text))
      }),
    )
    expect([moneyText(0), moneyText(1), moneyText(1_500_000_000), moneyText(nanosOf('0.1') + nanosOf('0.2'))]).toEqual([
      '0.00',
      '0.000000001',
      '1.50',
      '0.30',
    ])
  })
  test('a million tokens cost their price, to the billionth', () => {
    expect(costNanos({ input: 1_000_000, output: 0 }, price)).toBe(nanosOf('1.25'))
    expect(costNanos({ input: 1_000_000, output: 1_000_000 }, price)).toBe(nanosOf('11.25'))
    expect(costNanos({ input: 1_000_000, output: 0, cached: 600_000, written: 400_000 }, price)).toBe(nanosOf('0.7'))
  })
  test('what is less than a billionth counts as one', () => {
    expect(costNanos({ input: 1, output: 0 }, { currency: 'USD', input: '0.000000001', output: '0' })).toBe(1)
  })
  test('a share of the input larger than it is all of it, never less than nothing', () => {
    expect(costNanos({ input: 1_000, output: 0, cached: 9_000, written: 9_000 }, price)).toBe(
      costNanos({ input: 1_000, output: 0, cached: 1_000 }, price),
    )
  })
  test('no usage within the bound costs more than the bound', () => {
    const tokens = fc.record({ input: fc.nat(1e9), output: fc.nat(1e9), cached: fc.nat(1e9), written: fc.nat(1e9) })
    fc.assert(
      fc.property(tokens, (usage) => {
        expect(costNanos(usage, price)).toBeLessThanOrEqual(costNanosMax(usage, price))
      }),
    )
  })
})
