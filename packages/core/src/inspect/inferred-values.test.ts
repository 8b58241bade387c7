import { describe, expect, test } from 'vitest'
import { sha256Hex } from '../model/bytes.ts'
import { inferredValues, plainValue, type OutputValue } from './inferred-values.ts'

const seen = (value: string, name = 'pii'): OutputValue => ({
  value,
  sighting: { code: 'email', severity: 'medium', class: name, start: 3, end: 3 + value.length },
})
const known = new Set(['jane.roe@example.com', '+49 (30) 1234-567', 'José Núñez'].map(plainValue))

describe('R086: personal data that no input held is inferred', () => {
  test('with the place and class of what was seen', () => {
    expect(inferredValues([seen('john@example.com')], known)).toEqual([
      { code: 'inferred_personal_data', severity: 'medium', class: 'pii', start: 3, end: 19 },
    ])
  })
  test('by commitments as well', () => {
    const keyed = new Set([...known].map(sha256Hex))
    expect(inferredValues([seen('jane.roe@example.com'), seen('john@example.com')], keyed, sha256Hex).length).toBe(1)
  })
})
describe('R086: what an input held is not', () => {
  test.each(['jane.roe@example.com', 'Jane.Roe@Example.com', '+49 30 1234567', 'Jose Nunez', 'ｊａｎｅ.roe@example.com'])(
    '%s',
    (value) => {
      expect(inferredValues([seen(value)], known)).toEqual([])
    },
  )
  test('nor what is no personal data', () => expect(inferredValues([seen('sk_live_x', 'secret'), seen('...')], known)).toEqual([]))
})
