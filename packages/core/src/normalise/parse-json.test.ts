import { describe, expect, test } from 'vitest'
import { isGatewayError } from '../errors.ts'
import { JSON_DEPTH_MAX, JSON_ITEMS_MAX, parseJson } from './parse-json.ts'

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth)

function faultOf(text: string): string {
  try {
    parseJson(text)
  } catch (error) {
    if (isGatewayError(error) && error.code === 'REQUEST_MALFORMED') return error.message
    throw error
  }
  return 'accepted'
}

describe('what has one reading is read as JSON.parse reads it', () => {
  test.each([
    ['null'], ['true'], [' 1 '], ['-0'], ['1.5e-7'], ['9007199254740991'], ['-9007199254740991'], ['1e15'], ['0.1234567890123456789'], ['""'],
    ['"\\ud83d\\ude00"'], ['"\\\\ud800"'], ['"a\\"b:c"'], ['{"a":"{\\"a\\":1,\\"a\\":2}"}'], ['{"a":{"a":1},"b":[{"a":1},{"a":2}]}'],
    ['{"__proto":1,"proto__":2}'], ['{"constructor":1,"toString":2}'], ['["__proto__"]'], ['{"":1}'], ['[\n\t\r ]'], ['{"a" : "b"}'],
    ['{"A":1,"a":2,"\\u00e9":3,"e\\u0301":4}'],
  ])('%s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
  }) // prettier-ignore
})

describe('what has two readings, or none, is refused', () => {
  test.each([
    ['{"a":1,"a":2}', /same key twice/, 'a duplicate'],
    ['{"a":1,"\\u0061":2}', /same key twice/, 'a duplicate behind an escape'],
    ['{"\\/":1,"/":2}', /same key twice/, 'a duplicate behind the short escape'],
    ['[{"x":[{"a":1 , "b":2, "a"\n:3}]}]', /same key twice/, 'a duplicate deep down, with white space'],
    ['{"__proto__":1}', /__proto__/, 'the key that changes an object'],
    ['{"\\u005f_proto__":1}', /__proto__/, 'the same behind an escape'],
    ['{"a":{"__proto__" :{}}}', /__proto__/, 'the same deep down'],
    ['"\\ud800"', /surrogate/, 'a lone high surrogate'],
    ['"\\uDC00\\ud83d"', /surrogate/, 'a pair the wrong way round'],
    ['{"\\udead":1}', /surrogate/, 'a lone surrogate in a key'],
    ['"\ud800"', /Unicode/, 'a lone surrogate that is not escaped'],
    ['9007199254740992', /2\^53/, 'the first integer a double cannot tell from its neighbour'],
    ['-9007199254740993', /2\^53/, 'the same below zero'],
    ['[123456789012345678901234567890]', /2\^53/, 'a long integer'],
    ['1e16', /2\^53/, 'a large integer as an exponent'],
    ['1e400', /out of range/, 'a number that overflows'],
    ['-1E999', /out of range/, 'one that overflows below zero'],
    ['\ufeff{}', /not valid/, 'a byte order mark'],
    ['', /not valid/, 'nothing'],
    ['{"a":1}{}', /not valid/, 'two documents'],
    ['{"a":1,}', /not valid/, 'a trailing comma'],
    ["{'a':1}", /not valid/, 'single quotes'],
    ['NaN', /not valid/, 'a number JSON does not have'],
    ['[1,]', /not valid/, 'an empty item'],
    ['01', /not valid/, 'a leading zero'],
    ['-', /not valid/, 'a sign alone'],
    ['"abc', /not valid/, 'a string without end'],
    ['"a\nb"', /not valid/, 'a control character in a string'],
    ['[}', /not valid/, 'brackets that do not match'],
    ['{"a":"\\ux"}', /not valid/, 'an escape that is none'],
  ])('%j: %s (%s)', (text, message) => {
    expect(faultOf(text)).toMatch(message)
  })

  test('the message never repeats the input', () => {
    expect(faultOf('{"secret-key":1,"secret-key":"secret-value"}')).not.toMatch(/secret/)
  })
})

describe('limits', () => {
  test('depth: the deepest allowed passes, one more does not, and 100,000 brackets cost nothing', () => {
    expect(parseJson(nested(JSON_DEPTH_MAX))).toBeInstanceOf(Array)
    expect(faultOf(nested(JSON_DEPTH_MAX + 1))).toMatch(/nested deeper/)
    expect(faultOf('['.repeat(100_000))).toMatch(/nested deeper/)
    expect(faultOf('{"a":'.repeat(10_000))).toMatch(/nested deeper/)
  })

  test('items: counted wherever they stand, the first of each list too', () => {
    const list = (length: number, item: string): string => `[${Array.from({ length }, () => item).join(',')}]`
    expect(parseJson(list(JSON_ITEMS_MAX, '0'))).toHaveLength(JSON_ITEMS_MAX)
    expect(faultOf(list(JSON_ITEMS_MAX + 1, '0'))).toMatch(/items/)
    expect(parseJson(list(JSON_ITEMS_MAX, '[ ]'))).toHaveLength(JSON_ITEMS_MAX)
    expect(parseJson(list(JSON_ITEMS_MAX / 2, '[0]'))).toHaveLength(JSON_ITEMS_MAX / 2)
    expect(faultOf(list(JSON_ITEMS_MAX / 2 + 1, '{"a":0}'))).toMatch(/items/)
    expect(faultOf(list(JSON_ITEMS_MAX / 10, nested(10, '0')))).toMatch(/items/)
  })
})
