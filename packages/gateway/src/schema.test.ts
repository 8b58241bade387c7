import { isGatewayError, type JsonObject } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { closedInputSchema, compileSchema } from './schema.ts'

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more })
function fault(schema: JsonObject): string {
  try {
    compileSchema(schema)
  } catch (error) {
    if (isGatewayError(error) && error.code === 'CONFIG_INVALID') return error.message
    throw error
  }
  return 'accepted'
}

describe('R042: arguments are checked, with the path of the violation', () => {
  const validate = compileSchema(
    closedInputSchema(
      object(
        {
          name: { type: 'string', maxLength: 5 },
          amount: { type: 'integer', minimum: 1, maximum: 9 },
          tags: { type: 'array', items: { type: 'string' } },
        },
        { required: ['name'] },
      ),
    ),
  )
  test('a valid call passes', () => expect(validate({ name: 'a', amount: 9, tags: ['x'] })).toBeUndefined())
  test.each<[string, JsonObject, string]>([
    ['wrong type', { name: 1 }, '/name'],
    ['too long', { name: 'abcdef' }, '/name'],
    ['out of range', { name: 'a', amount: 10 }, '/amount'],
    ['a fraction', { name: 'a', amount: 1.5 }, '/amount'],
    ['wrong type in a list', { name: 'a', tags: ['x', 1] }, '/tags/1'],
    ['an extra property', { name: 'a', 'x/y': 1 }, '/?'],
    ['a missing property', {}, ''],
  ])('%s', (_, args, path) => expect(validate(args)?.path).toBe(path))
  test('messages hold no value of the call', () => {
    for (const args of [{ name: 's3cret' }, { name: ['s3cret'] }, { name: 'a', amount: 's3cret' }]) {
      expect(validate(args)?.message).not.toContain('s3cret')
    }
  })
  test('values are neither converted nor filled in', () => {
    const args = { name: 'a', amount: '5' }
    expect(validate(args)?.path).toBe('/amount')
    const open = compileSchema(object({ a: { type: 'number', default: 1 } }))
    const empty = {}
    expect([open(empty), empty]).toEqual([undefined, {}])
  })
})

describe('R042: schemas are closed', () => {
  test.each<[string, JsonObject, JsonObject, boolean]>([
    ['plain', object({ a: {} }), { a: 1, b: 1 }, false],
    ['plain, declared only', object({ a: {} }), { a: 1 }, true],
    ['no properties at all', { type: 'object' }, { b: 1 }, false],
    ['open by its own word', object({ a: {} }, { additionalProperties: true }), { b: 1 }, true],
    ['patterns of its own', { type: 'object', patternProperties: { '^x': {} } }, { b: 1 }, true],
    ['a composition', { type: 'object', allOf: [object({ a: {} })], properties: { b: {} } }, { a: 1, b: 1 }, true],
    [
      'more than a composition declares',
      { type: 'object', allOf: [object({ a: {} })], properties: { b: {} } },
      { a: 1, c: 1 },
      false,
    ],
    ['a reference', { type: 'object', $ref: '#/$defs/a', $defs: { a: object({ a: {} }) } }, { a: 1 }, true],
    ['more than a reference declares', { type: 'object', $ref: '#/$defs/a', $defs: { a: object({ a: {} }) } }, { b: 1 }, false],
  ])('%s', (_, schema, args, isValid) => expect(compileSchema(closedInputSchema(schema))(args) === undefined).toBe(isValid))
})

describe('R264: a schema reaches nothing outside itself', () => {
  test.each<[string, JsonObject]>([
    ['a remote reference', object({ a: { $ref: 'https://evil.io/schema.json' } })],
    ['a file', object({ a: { $ref: 'file:///etc/passwd' } })],
    ['a relative reference', object({ a: { $ref: 'other.json' } })],
    ['a reference to the meta-schema', object({ a: { $ref: 'https://json-schema.org/draft/2020-12/schema' } })],
    ['a dynamic reference', object({ a: { $dynamicRef: '#x' } })],
    ['an inner $id', object({ a: { $id: 'https://evil.io/', type: 'string' } })],
    ['a reference to nothing', object({ a: { $ref: '#/$defs/none' } })],
    ['an unknown dialect', { $schema: 'https://evil.io/schema', type: 'object' }],
    ['not a schema', { type: 'nonsense' }],
    ['look-behind', object({ a: { type: 'string', pattern: '(?<=a)b' } })],
    ['a back-reference', object({ a: { type: 'string', pattern: '(a)\\1' } })],
    ['a broken pattern', object({ a: { type: 'string', pattern: '(' } })],
    ['too many references', object(Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`a${i}`, { $ref: '#' }])))],
    ['too large', { type: 'object', description: 'x'.repeat(262_144) }],
  ])('%s is refused', (_, schema) => expect(fault(schema)).not.toBe('accepted'))
  test.each<[string, JsonObject]>([
    ['an inner reference', object({ a: { $ref: '#/$defs/a' } }, { $defs: { a: { type: 'string' } } })],
    ['an anchor', object({ a: { $ref: '#a' } }, { $defs: { a: { $anchor: 'a', type: 'string' } } })],
    ['a property called $ref', object({ $ref: { type: 'string' } })],
    ['an $id of its own', { $id: 'https://company.com/a', type: 'object' }],
    ['the same $id again', { $id: 'https://company.com/a', type: 'object', title: 'b' }],
    [
      'draft-07',
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        type: 'object',
        definitions: { a: {} },
        properties: { a: { $ref: '#/definitions/a' } },
      },
    ],
    ['an unknown format', object({ a: { type: 'string', format: 'x-unknown' } })],
    ['an unknown keyword', object({ a: { type: 'string', 'x-mcp-header': 'A' } })],
  ])('%s is accepted', (_, schema) => expect(fault(schema)).toBe('accepted'))
  test('text of a schema does not become code', () => {
    const nasty = `"]); globalThis.hacked = true; (["'\`\${globalThis.hacked = true}\\`
    const validate = compileSchema({
      type: 'object',
      title: nasty,
      properties: { [nasty]: { const: nasty, enum: [nasty] } },
      required: [nasty],
      patternProperties: { '^x"\\]\\)': { description: nasty } },
    })
    expect([validate({ [nasty]: nasty }), validate({ [nasty]: 1 })?.path.length]).toEqual([undefined, expect.any(Number)])
    expect('hacked' in globalThis).toBe(false)
  })
})

describe('hostile patterns and shapes', () => {
  test('a pattern that explodes elsewhere is linear here', () => {
    const validate = compileSchema(
      object({ a: { type: 'string', pattern: '^(a+)+$' }, b: { type: 'string', pattern: '^(a|a)*$' } }),
    )
    // Elsewhere this would not end.
    expect(validate({ a: `${'a'.repeat(50_000)}!` })?.path).toBe('/a')
    expect(validate({ b: `${'a'.repeat(50_000)}!` })?.path).toBe('/b')
  })
  test('each pattern is its own', () => {
    const validate = compileSchema(object({ a: { type: 'string', pattern: '^a$' }, b: { type: 'string', pattern: '^b$' } }))
    expect([validate({ a: 'a', b: 'b' }), validate({ a: 'a', b: 'a' })?.path, validate({ a: 'b' })?.path]).toEqual([
      undefined,
      '/b',
      '/a',
    ])
  })
  test('Unicode in patterns', () => {
    const validate = compileSchema(
      object({ a: { type: 'string', pattern: '^\\p{L}+$' }, b: { type: 'string', pattern: '^\\u00e4$' } }),
    )
    expect([validate({ a: 'Zoë', b: 'ä' }), validate({ a: '1' })?.path]).toEqual([undefined, '/a'])
  })
  test('a schema that recurses without end fails the call, not the program', () => {
    const validate = compileSchema({ type: 'object', allOf: [{ $ref: '#' }] })
    expect(validate({ a: 1 })).toEqual({ path: '', message: 'cannot be checked' })
  })
  test('inherited names are not properties', () => {
    expect(compileSchema({ type: 'object', required: ['constructor'] })({})?.message).toContain('constructor')
  })
  test('the same schema is compiled once', () => expect(compileSchema(object({ a: {} }))).toBe(compileSchema(object({ a: {} }))))
})
