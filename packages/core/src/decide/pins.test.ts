import { describe, expect, test } from 'vitest'
import type { Json } from '../model/json.ts'
import type { Pin, ToolDefinition } from '../model/pin.ts'
import { classifyTools, pinHash, standingsOf, type OfferedTool } from './pins.ts'

const define = (name: string, more: Partial<ToolDefinition> = {}): ToolDefinition => ({
  name,
  description: 'reads',
  inputSchema: { type: 'object' },
  ...more,
})
const offer = (server: string, definition: ToolDefinition, exposed = `${server}__${definition.name}`): OfferedTool => ({
  server,
  exposed,
  definition,
})
const pin = (server: string, definition: ToolDefinition): Pin => ({
  server,
  tool: definition.name,
  hash: pinHash(server, definition),
  definition,
  effect: 'read',
  reviewedBy: 'alice',
  reviewedAtMs: 0,
})
const query = define('query')
const state = (definition: ToolDefinition, pins: readonly Pin[] = [pin('erp', query)], server = 'erp') =>
  classifyTools([offer(server, definition)], pins)[0]

describe('R041 R264: pins', () => {
  test('the reviewed definition is approved', () => expect(state(query)).toBe('approved'))
  test('R038: an imported tool grants nothing until reviewed', () => expect(state(query, [])).toBe('new'))
  test.each<[string, Partial<ToolDefinition>]>([
    ['description', { description: 'reads.' }],
    ['title', { title: 'x' }],
    ['input schema', { inputSchema: { type: 'object', properties: {} } }],
    ['output schema', { outputSchema: { type: 'object' } }],
    ['annotations', { annotations: { readOnlyHint: true } }],
    ['_meta', { _meta: { a: 1 } }],
    ['icons', { icons: [] }],
    ['an unknown member', { extra: 1 }],
  ])('one change in %s', (_, more) => expect(state({ ...query, ...more })).toBe('changed'))
  test('order of members does not matter', () => {
    expect(state({ inputSchema: { type: 'object' }, name: 'query', description: 'reads' })).toBe('approved')
  })
  test('a renamed tool is not accepted', () => expect(state(define('query2'))).toBe('new'))
  test('the same definition at another server is another tool', () => {
    expect(pinHash('erp', query)).not.toBe(pinHash('mail', query))
    expect(state(query, undefined, 'mail')).toBe('new')
  })
})

describe('R265: names', () => {
  test.each(['Query', 'que_ry', 'q.uery', 'qu-ery'])('%s looks like the reviewed query', (name) => {
    expect(state(define(name))).toBe('lookalike')
    expect(state(define(name), undefined, 'evil')).toBe('lookalike')
  })
  test.each([
    ['send_mail', 'send_mai1'],
    ['modern', 'modem'],
    ['list_items', 'Iist_items'],
    ['order_status', '0rder_status'],
  ])('%s is imitated by %s', (name, other) => expect(state(define(other), [pin('erp', define(name))], 'evil')).toBe('lookalike'))
  test.each(['queries', 'requery', 'query_all', 'search'])('%s does not', (name) => expect(state(define(name))).toBe('new'))
  test('a person’s review of a look-alike settles it', () => {
    const other = define('Query')
    expect(state(other, [pin('erp', query), pin('erp', other)])).toBe('approved')
  })
  test('two tools exposed under one name collide, both', () => {
    const both = [offer('erp', query, 'query'), offer('mail', query, 'query'), offer('docs', query)]
    expect(classifyTools(both, [pin('erp', query)])).toEqual(['colliding', 'colliding', 'new'])
  })
  test('a tool offered twice collides with itself', () =>
    expect(classifyTools([offer('erp', query), offer('erp', query)], [])).toEqual(['colliding', 'colliding']))
  test('collisions count tools of servers that are not being classified', () => {
    const mine = [offer('erp', query, 'query')]
    expect(classifyTools(mine, [pin('erp', query)], [...mine, offer('mail', query, 'query')])).toEqual(['colliding'])
  })
  test('the standing names the tool it resembles', () =>
    expect(standingsOf([offer('evil', define('Query'))], [pin('erp', query)])[0]?.detail).toContain('erp.query'))
})

describe('definitions that cannot be used are invalid, reviewed or not', () => {
  const nested = (depth: number): Json =>
    depth === 0 ? { type: 'string' } : { type: 'object', properties: { a: nested(depth - 1) } }
  const schema = (properties: Json): Partial<ToolDefinition> => ({ inputSchema: { type: 'object', properties } as never })
  test.each<[string, Partial<ToolDefinition>]>([
    ['a remote reference', schema({ a: { $ref: 'https://evil.io/schema' } })],
    ['a relative reference', schema({ a: { $ref: 'other.json' } })],
    ['a dynamic reference', schema({ a: { $dynamicRef: '#a' } })],
    ['an inner $id', schema({ a: { $id: 'https://evil.io/' } })],
    [
      'a remote reference in the output schema',
      { outputSchema: { type: 'object', properties: { a: { $ref: 'https://evil.io' } } } },
    ],
    ['nested too deep', { inputSchema: nested(16) as never }],
    ['too large', { inputSchema: { type: 'object', description: 'x'.repeat(262_144) } }],
    ['no object', { inputSchema: { type: 'string' } }],
    ['a lone surrogate', { description: '\ud800' }],
    ['a blank in the name', { name: 'a b' }],
    ['Cyrillic in the name', { name: 'quеry' }],
    ['a header name with a line break', schema({ a: { type: 'string', 'x-mcp-header': 'A\r\nB' } })],
    ['an empty header name', schema({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['a header on an object', schema({ a: { type: 'object', 'x-mcp-header': 'A' } })],
    ['a header twice', schema({ a: { type: 'string', 'x-mcp-header': 'A' }, b: { type: 'string', 'x-mcp-header': 'a' } })],
    ['a header in a list', schema({ a: { type: 'array', items: { type: 'string', 'x-mcp-header': 'A' } } })],
    [
      'a header in a branch',
      { inputSchema: { type: 'object', anyOf: [{ properties: { a: { type: 'string', 'x-mcp-header': 'A' } } }] } },
    ],
  ])('%s', (_, more) => {
    const definition = { ...query, ...more }
    expect(state(definition)).toBe('invalid')
    expect(state(definition, [pin('erp', definition)])).toBe('invalid')
  })
  test.each<[string, Partial<ToolDefinition>]>([
    ['an inner reference', { inputSchema: { type: 'object', $defs: { a: {} }, properties: { a: { $ref: '#/$defs/a' } } } }],
    ['a header', schema({ a: { type: 'object', properties: { b: { type: 'string', 'x-mcp-header': 'Region' } } } })],
    ['a property called x-mcp-header', schema({ 'x-mcp-header': { type: 'object' } })],
    ['a deep schema', { inputSchema: nested(15) as never }],
  ])('%s is fine', (_, more) => expect(state({ ...query, ...more }, [])).toBe('new'))
})
