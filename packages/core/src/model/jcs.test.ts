import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jcs } from './jcs.ts'
import type { Json } from './json.ts'

describe('RFC 8785', () => {
  test('section 3.2.2: the sample', () => {
    const sample = {
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
    }
    expect(jcs(sample)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
  })

  test('section 3.2.3: keys in the order of UTF-16 code units', () => {
    const keys = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    }
    expect(Object.values(JSON.parse(jcs(keys)) as object)).toHaveLength(7)
    expect([...jcs(keys).matchAll(/:"([A-Z][a-z]+)/g)].map((match) => match[1])).toEqual([
      'Carriage',
      'One',
      'Control',
      'Latin',
      'Euro',
      'Emoji',
      'Hebrew',
    ])
  })

  test.each([
    [0, '0'],
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [295147905179352830000, '295147905179352830000'],
    [1e21, '1e+21'],
    [9.999999999999997e22, '9.999999999999997e+22'],
    [0.000001, '0.000001'],
    [1e-7, '1e-7'],
    [333333333.33333325, '333333333.33333325'],
    [-0.0000033333333333333333, '-0.0000033333333333333333'],
    [1424953923781206.25, '1424953923781206.2'],
  ])('appendix B: %d is %s', (value, text) => {
    expect(jcs(value)).toBe(text)
  })
})

describe('what has no canonical form throws', () => {
  test.each<[Json | undefined, string]>([
    [Number.NaN, 'not a number'],
    [Number.POSITIVE_INFINITY, 'infinity'],
    [{ a: [Number.NEGATIVE_INFINITY] }, 'infinity deep down'],
    [{ '1': Number.NaN }, 'not a number, under a key that looks like an index'],
    [{ b: { '0': [Number.POSITIVE_INFINITY] }, a: 1 }, 'infinity under such a key'],
    ['\ud800', 'a lone surrogate'],
    [{ '\udc00': 1 }, 'a lone surrogate in a key'],
    [{ '7': ['\ud800'] }, 'a lone surrogate under a key that looks like an index'],
    [undefined, 'undefined'],
    [[undefined as unknown as Json], 'undefined in a list'],
    [{ '1': [undefined as unknown as Json] }, 'undefined in a list under a key that looks like an index'],
  ])('%j (%s)', (value) => {
    expect(() => jcs(value)).toThrow(TypeError)
  })
})

test('members that are undefined are left out', () => {
  expect(jcs({ b: undefined, a: { '2': undefined, '10': 1, x: undefined } })).toBe('{"a":{"10":1}}')
})

test('a text that only looks like an escaped surrogate is canonical', () => {
  expect(jcs({ a: '\\ud800' })).toBe('{"a":"\\\\ud800"}')
})

test('the argument is not changed', () => {
  const value = { b: [{ z: 1, a: 2 }], a: 1 }
  jcs(value)
  expect(JSON.stringify(value)).toBe('{"b":[{"z":1,"a":2}],"a":1}')
})

test('agrees with the canonicalize package, whatever the keys', () => {
  const key = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.nat(20).map(String),
    fc.constantFrom('__proto__', 'toJSON', '', '-1', '01', 'constructor'),
  )
  const { value } = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map((pairs) => Object.fromEntries(pairs) as Json),
    ),
  }))
  fc.assert(
    fc.property(value, (sample) => jcs(sample) === canonicalize(sample)),
    { numRuns: 500 },
  )
})
