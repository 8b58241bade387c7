import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isGatewayError } from '../errors.ts'
import { jcs } from '../model/jcs.ts'
import type { Json } from '../model/json.ts'
import { parseJson } from './parse-json.ts'

const anyValue = fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }) as fc.Arbitrary<Json>

function attempt(text: string): { value: Json } | undefined {
  try {
    return { value: parseJson(text) }
  } catch (error) {
    if (isGatewayError(error) && error.code === 'REQUEST_MALFORMED') return undefined
    throw error
  }
}

test('whatever parses equals what JSON.parse gives, and comes back from its canonical form', () => {
  fc.assert(
    fc.property(anyValue, fc.constantFrom(0, 1, 3), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent)
      const parsed = attempt(text)
      if (!parsed) return
      expect(parsed.value).toEqual(JSON.parse(text))
      const canonical = jcs(parsed.value)
      expect(jcs(parseJson(canonical))).toBe(canonical)
    }),
  )
})

test('any text is either refused with the one code or read as JSON.parse reads it', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"\\u0061"',
    '"b"',
    '"__proto__"',
    '"\\ud800"',
    ' ',
    '1',
    '-0',
    '1e400',
    'null',
    '"',
    '\\',
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 14 }), (parts) => {
      const text = parts.join('')
      const parsed = attempt(text)
      if (parsed) expect(parsed.value).toEqual(JSON.parse(text))
    }),
    { numRuns: 2_000 },
  )
})

test('an object with one key twice is never read, however the second is written', () => {
  const escaped = (key: string): string =>
    `"${Array.from(key, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), fc.boolean(), (key, isEscaped) => {
      const again = isEscaped ? escaped(key) : JSON.stringify(key)
      expect(attempt(`{${JSON.stringify(key)}:1,"other ${key}":2,${again}:3}`)).toBeUndefined()
    }),
  )
})
