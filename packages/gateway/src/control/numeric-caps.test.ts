import { expect, test } from 'vitest'
import { CAPS_MAX, numericCaps } from './numeric-caps.ts'

test('R010: the tightest upper bound of every number, by dotted path', () => {
  const schema = {
    properties: {
      amount: { type: 'number', maximum: 500, exclusiveMaximum: 400 },
      order: { properties: { lines: { type: 'array', items: { properties: { count: { maximum: 9 } } } } } },
      pair: { prefixItems: [{ maximum: 1 }, { maximum: 2 }] },
      note: { type: 'string', maxLength: 10 },
    },
    allOf: [{ properties: { amount: { maximum: 400 } } }, { properties: { fee: { exclusiveMaximum: 0.5 } } }],
  }
  expect(numericCaps(schema)).toEqual([
    { path: 'amount', max: 400, exclusive: true },
    { path: 'order.lines[].count', max: 9 },
    { path: 'pair[0]', max: 1 },
    { path: 'pair[1]', max: 2 },
    { path: 'fee', max: 0.5, exclusive: true },
  ])
})

test('R010: a bound that may not apply is not listed as one; no schema has none', () => {
  expect(
    numericCaps({
      anyOf: [{ properties: { a: { maximum: 1 } } }],
      if: { properties: { a: { maximum: 1 } } },
      not: { maximum: 3 },
      properties: { a: { $ref: '#/$defs/a', minimum: 1 } },
      $defs: { a: { maximum: 2 } },
    }),
  ).toEqual([])
  expect(numericCaps(undefined)).toEqual([])
  expect(numericCaps({ maximum: '5' })).toEqual([])
})

test('a schema without end gives a list with one', () => {
  const wide = { properties: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, { maximum: i }])) }
  expect(numericCaps(wide)).toHaveLength(CAPS_MAX)
  let deep: object = { maximum: 1 }
  for (let i = 0; i < 60; i++) deep = { items: deep }
  expect(numericCaps(deep as never)).toEqual([])
})
