import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Json } from '../model/json.ts'
import { SHAPE_NODES_MAX, shape } from './shape.ts'

test('R122 R125: a shape names fields, types and sizes', () => {
  const value = { name: 'Ann Lee', age: 41, tags: ['a', 'b', 'cc'], nested: { ok: true, none: null } }
  expect(shape(value)).toEqual({
    name: 'string(7)',
    age: 'number',
    tags: ['array(3)', 'string(1)', 'string(2)'],
    nested: { ok: 'boolean', none: 'null' },
  })
})

test.each(['ann@example.com', '+49 170 1234567', 'x'.repeat(65), 'IBAN12345678', '', '__proto__', 'Zürich'])(
  'R122: the field name %j may be a value and is replaced',
  (name) => {
    const redacted = shape(JSON.parse(`{${JSON.stringify(name)}:1}`) as Json)
    expect(redacted).toEqual({ '?1': 'number' })
  },
)

test('R122: no value of any JSON shows in its shape, and the shape stays within its bounds', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 12 }), fc.string({ minLength: 12, maxLength: 20 }), (value, secret) => {
      const text = JSON.stringify(shape({ value: value as Json, secret, [`${secret}@`]: [secret, { deep: secret }] }))
      expect(text.includes(secret)).toBe(false)
      expect(text.length).toBeLessThan(SHAPE_NODES_MAX * 200)
    }),
  )
})

test('a wide, a deep and a long value are counted beyond the bounds', () => {
  const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`f${i}`, 1]))
  expect(shape(wide)).toMatchObject({ f31: 'number', '?more': 'fields(8)' })
  let deep: Json = 1
  for (let i = 0; i < 60; i++) deep = { a: deep }
  expect(JSON.stringify(shape(deep))).toBe('{"a":{"a":{"a":{"a":{"a":{"a":"object(1)"}}}}}}')
  expect(shape(Array.from({ length: 100_000 }, () => 'abc'))).toEqual(['array(100000)', 'string(3)'])
})
