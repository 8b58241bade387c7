import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeParams, mismatchedParam, paramHeaders } from './param-headers.ts'

const marked = (mark: unknown, type: unknown = 'string'): object => ({ type, 'x-mcp-header': mark })
const schema = (properties: object, more: object = {}): never => ({ type: 'object', properties, ...more }) as never

describe('which marks a schema may carry', () => {
  test('at any depth under properties, and none is fine', () => {
    expect(paramHeaders(schema({}))).toEqual([])
    expect(
      paramHeaders(schema({ a: marked('Region'), b: { type: 'object', properties: { c: marked('Tenant', 'integer') } } })),
    ).toEqual([
      { path: ['a'], name: 'Region' },
      { path: ['b', 'c'], name: 'Tenant' },
    ])
  })

  test.each<[object, string]>([
    [schema({ a: marked('') }), 'an empty name'],
    [schema({ a: marked('a b') }), 'a name that is no token'],
    [schema({ a: marked('a\r\nb') }), 'a line break'],
    [schema({ a: marked('é') }), 'a name beyond ASCII'],
    [schema({ a: marked(7) }), 'a name that is no text'],
    [schema({ a: marked({}) }), 'a name that is an object'],
    [schema({ a: marked('A', 'object') }), 'a type that is not primitive'],
    [schema({ a: { 'x-mcp-header': 'A' } }), 'no type'],
    [schema({ a: marked('A', ['string', 'null']) }), 'several types'],
    [schema({ a: marked('Region'), b: marked('REGION') }), 'one name twice, in two cases'],
    [schema({}, { 'x-mcp-header': 'A' }), 'at the root'],
    [schema({ a: { type: 'array', items: marked('A') } }), 'under items'],
    [schema({ a: { anyOf: [marked('A')] } }), 'under anyOf'],
    [schema({}, { additionalProperties: marked('A') }), 'under additionalProperties'],
    [schema({}, { $defs: { d: marked('A') } }), 'under $defs'],
    [schema({}, { if: { properties: { a: marked('A') } } }), 'under if'],
    [schema(Object.fromEntries(Array.from({ length: 33 }, (_, at) => [`p${at}`, marked(`H${at}`)]))), 'too many'],
  ])('%j is not usable: %s', (input) => {
    expect(paramHeaders(input as never)).toBeUndefined()
  })

  test('a property that is only called x-mcp-header is no mark', () => {
    expect(paramHeaders(schema({ 'x-mcp-header': { type: 'string' } }))).toEqual([])
  })
})

describe('comparing headers with the body', () => {
  const region = [{ path: ['region'], name: 'Region' }]
  test.each<[unknown, string | undefined, boolean, string]>([
    ['eu', 'eu', true, 'equal'],
    ['eu', 'us', false, 'different'],
    ['eu', undefined, false, 'missing'],
    ['eu', 'EU', false, 'values have case'],
    ['', '=?base64??=', true, 'the empty text'],
    ['é', '=?base64?w6k=?=', true, 'equal behind the sentinel'],
    ['é', '=?base64?w6k?=', false, 'a malformed sentinel'],
    [undefined, undefined, true, 'absent in both'],
    [undefined, 'eu', true, 'a header for an absent value is not looked at'],
    [null, 'eu', true, 'nor for null'],
    [{}, undefined, true, 'an object is the schema’s business'],
    [42, '42', true, 'a number'],
    [42, '42.0', true, 'the same number'],
    [42, '4.2e1', false, 'an exponent is not how it is written'],
    [42, '0x2a', false, 'nor hexadecimal'],
    [42, '', false, 'nor nothing'],
    [1e-7, '1e-7', true, 'unless it is'],
    [true, 'true', true, 'a truth value'],
    [true, 'True', false, 'in lower case only'],
    ['42', '42.0', false, 'text is not a number'],
  ])('body %j, header %j: %s (%s)', (value, header, agrees) => {
    const args = (value === undefined ? {} : { region: value }) as never
    const name = mismatchedParam(region, args, (asked) => (asked === 'mcp-param-region' ? header : undefined))
    expect(name).toBe(agrees ? undefined : 'Region')
  })

  test('a path that meets something else on the way has no value', () => {
    expect(encodeParams([{ path: ['a', 'b'], name: 'B' }], { a: 'text' })).toEqual({})
    expect(encodeParams([{ path: ['constructor', 'name'], name: 'B' }], {})).toEqual({})
  })
})

test('what is written for a body always agrees with it', () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.boolean(),
    fc.constant(null),
  )
  fc.assert(
    fc.property(value, value, (a, b) => {
      const headers = [{ path: ['a'], name: 'A' }, { path: ['o', 'b'], name: 'B' }] // prettier-ignore
      const args = { a, o: { b } }
      const sent = encodeParams(headers, args)
      expect(mismatchedParam(headers, args, (name) => sent[name])).toBeUndefined()
    }),
  )
})
