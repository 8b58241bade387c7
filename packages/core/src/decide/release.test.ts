import { describe, expect, test } from 'vitest'
import type { Decision, Obligation } from '../model/decision.ts'
import type { Json, JsonObject } from '../model/json.ts'
import { release, type ToolResult } from './release.ts'

const fields = (...names: string[]): Obligation => ({ type: 'project_fields', mode: 'enforce', fields: names })
const rows = (entities: Record<string, string | number>): Obligation => ({ type: 'filter_rows', mode: 'enforce', entities })
const decided = (...obligations: Obligation[]): Decision => ({
  evaluated: 'allow',
  enforced: 'allow',
  reasons: ['granted'],
  votes: [],
  obligations,
})
const structured = (value: Json): ToolResult => ({ content: [], structuredContent: value })
const text = (...texts: string[]): ToolResult => ({ content: texts.map((each) => ({ type: 'text', text: each })) })
const OWN = { department: 'facilities' }

describe('without obligations', () => {
  test('a result passes unchanged, but for members outside the three', () => {
    const result = {
      content: [{ type: 'image', data: 'x', mimeType: 'image/png' }],
      structuredContent: { a: 1 },
      isError: false,
      _meta: { x: 1 },
      other: 1,
    }
    const { effect, reasons, result: released } = release(decided(), result)
    expect([effect, reasons]).toEqual(['allow', ['granted']])
    expect(released).toEqual({ content: result.content, structuredContent: { a: 1 }, isError: false })
  })
})

describe('R030: fields', () => {
  test.each<[string, Json, string[], Json]>([
    ['rows in a list', { suppliers: [{ id: 1, name: 'A', iban: 'x' }] }, ['name'], { suppliers: [{ name: 'A' }] }],
    ['a list on top', [{ name: 'A', iban: 'x' }], ['name'], [{ name: 'A' }]],
    ['a single record', { name: 'A', iban: 'x' }, ['name'], { name: 'A' }],
    ['a wrapped record', { result: { name: 'A', iban: 'x' } }, ['name'], { result: { name: 'A' } }],
    [
      'a wrapper with values of its own',
      { status: 'ok', page: { items: [{ name: 'A', iban: 'x' }] } },
      ['name'],
      { page: { items: [{ name: 'A' }] } },
    ],
    [
      'a granted record kept whole',
      { rows: [{ contact: { mail: 'a', phone: 'b' }, iban: 'x' }] },
      ['contact'],
      { rows: [{ contact: { mail: 'a', phone: 'b' } }] },
    ],
    ['a dotted path', { rows: [{ contact: { mail: 'a', phone: 'b' } }] }, ['contact.mail'], { rows: [{ contact: { mail: 'a' } }] }],
    [
      'a dotted path through a list',
      { rows: [{ lines: [{ sku: 1, cost: 2 }] }] },
      ['lines.sku'],
      { rows: [{ lines: [{ sku: 1 }] }] },
    ],
    [
      'the same name in a neighbouring record',
      { rows: [{ name: 'A', owner: { name: 'secret' } }] },
      ['name'],
      { rows: [{ name: 'A' }] },
    ],
    [
      'the same name in a neighbour of a record without it',
      { rows: [{ id: 1, owner: { name: 'secret' } }] },
      ['name'],
      { rows: [{}] },
    ],
    ['the same name in a neighbour of a single record without it', { id: 1, owner: { name: 'secret' } }, ['name'], {}],
    ['a row in a list of lists', [[{ name: 'A', iban: 'x' }]], ['name'], [[{ name: 'A' }]]],
    ['single values in a list', { rows: ['secret', 1] }, ['name'], {}],
    ['an empty list', { rows: [] }, ['name'], { rows: [] }],
    ['nothing granted in it', { iban: 'x' }, ['name'], {}],
    ['other case', { rows: [{ Name: 'x' }] }, ['name'], { rows: [{}] }],
  ])('%s', (_, value, names, expected) => {
    expect(release(decided(fields(...names)), structured(value)).result?.structuredContent).toEqual(expected)
    const [block] = release(decided(fields(...names)), text(JSON.stringify(value))).result?.content ?? []
    expect(JSON.parse(block?.['text'] as string)).toEqual(expected)
  })
  test('what was left out is counted and told', () => {
    const { reasons, removed } = release(decided(fields('name')), structured({ rows: [{ name: 'A', iban: 'x' }] }))
    expect([reasons, removed.fields]).toEqual([['granted', 'fields_projected'], 1])
    expect(release(decided(fields('name')), structured({ rows: [{ name: 'A' }] })).reasons).toEqual(['granted'])
  })
  test('prose beside structured content is replaced by what is granted', () => {
    const result = {
      ...structured({ name: 'A', iban: 'x' }),
      content: [
        { type: 'text', text: 'iban x' },
        { type: 'resource_link', uri: 'file:///x' },
      ],
    }
    expect(release(decided(fields('name')), result).result).toEqual({
      content: [{ type: 'text', text: '{"name":"A"}' }],
      structuredContent: { name: 'A' },
    })
  })
  test('members of a text block other than the text do not pass', () => {
    const block: JsonObject = { type: 'text', text: '{"name":"A"}', _meta: { iban: 'x' }, annotations: { note: 'x' } }
    expect(release(decided(fields('name')), { content: [block] }).result?.content).toEqual([{ type: 'text', text: '{"name":"A"}' }])
  })
  test.each<[string, ToolResult]>([
    ['prose', text('the iban is x')],
    ['a single value', text('"x"')],
    ['JSON with two readings', text('{"name":"A","name":"B"}')],
    ['a picture', { content: [{ type: 'image', data: 'x', mimeType: 'image/png' }] }],
    ['an embedded resource', { content: [{ type: 'resource', resource: { uri: 'f:///x', text: 'x' } }] }],
    ['nothing', { content: [] }],
    ['a single structured value', structured('x')],
  ])('%s is refused', (_, result) => {
    expect(release(decided(fields('name')), result)).toMatchObject({ effect: 'deny', reasons: ['result_not_projectable'] })
    expect(release(decided(fields('name')), result).result).toBeUndefined()
  })
  test('an error keeps its mark and loses its words', () => {
    const { effect, result } = release(decided(fields('name')), { ...text('no such supplier: iban x'), isError: true })
    expect([effect, result?.isError, JSON.stringify(result).includes('iban')]).toEqual(['allow', true, false])
  })
})

describe('R029 R046: records', () => {
  test.each<[string, Json, Json]>([
    [
      'own and foreign rows',
      {
        orders: [
          { id: 1, ...OWN },
          { id: 2, department: 'finance' },
        ],
      },
      { orders: [{ id: 1, ...OWN }] },
    ],
    ['a row without the name', { orders: [{ id: 1 }, { id: 2, ...OWN }] }, { orders: [{ id: 2, ...OWN }] }],
    ['inner records of an own row', { orders: [{ ...OWN, lines: [{ sku: 1 }] }] }, { orders: [{ ...OWN, lines: [{ sku: 1 }] }] }],
    [
      'a foreign record inside an own row',
      { orders: [{ ...OWN, linked: [{ department: 'finance' }], parent: { department: 'finance' } }] },
      { orders: [{ ...OWN, linked: [] }] },
    ],
    ['values above the rows', { total: 9, summary: 'finance spent 2', orders: [] }, { orders: [] }],
    ['a list on top', [{ department: 'finance' }, OWN], [OWN]],
    ['an own single record', { ...OWN, id: 1 }, { ...OWN, id: 1 }],
    ['single values in a list', ['finance'], []],
  ])('%s', (_, value, expected) =>
    expect(release(decided(rows(OWN)), structured(value)).result?.structuredContent).toEqual(expected),
  )
  test.each<[string, Json, string]>([
    ['a foreign single record', { department: 'finance' }, 'entity_mismatch'],
    ['a foreign record that holds own rows', { department: 'finance', orders: [OWN] }, 'entity_mismatch'],
    ['a number instead of a text', { department: 7 }, 'entity_mismatch'],
    ['a record without the name', { id: 1 }, 'result_not_projectable'],
    ['a wrapped record without the name', { result: { id: 1 } }, 'result_not_projectable'],
  ])('%s is refused', (_, value, reason) => {
    expect(release(decided(rows(OWN)), structured(value))).toMatchObject({ effect: 'deny', reasons: [reason] })
    expect(release(decided(rows(OWN)), text(JSON.stringify(value)))).toMatchObject({ effect: 'deny', reasons: [reason] })
  })
  test('removed rows are counted and told', () => {
    expect(release(decided(rows(OWN)), structured([OWN, { department: 'x' }]))).toMatchObject({
      reasons: ['granted', 'rows_filtered'],
      removed: { rows: 1 },
    })
  })
  test('one record a text block: foreign blocks are left out', () => {
    const result = release(decided(rows(OWN)), text(JSON.stringify(OWN), '{"department":"finance"}', 'prose')).result
    expect(result?.content).toEqual([{ type: 'text', text: JSON.stringify(OWN) }])
  })
  test('all bound names must match', () => {
    const both = rows({ department: 'facilities', site: 1 })
    expect(release(decided(both), structured([{ ...OWN, site: 1 }, { ...OWN, site: 2 }, OWN])).result?.structuredContent).toEqual([
      { ...OWN, site: 1 },
    ])
  })
  test('records first, then fields; a granted cursor above the rows survives', () => {
    const value = {
      nextCursor: 'c',
      orders: [
        { id: 1, ...OWN },
        { id: 2, department: 'finance' },
      ],
    }
    const both = decided(rows(OWN), fields('id'))
    expect(release(both, structured(value)).result?.structuredContent).toEqual({ orders: [{ id: 1 }] })
  })
})

describe('output schema', () => {
  const invalid = () => ({ path: '/a', message: 'm' })
  test('structured content that violates it is refused', () => {
    expect(release(decided(), structured({ a: 1 }), invalid)).toMatchObject({ effect: 'deny', reasons: ['result_invalid'] })
    expect(release(decided(), structured({ a: 1 }), () => undefined).effect).toBe('allow')
  })
  test('its absence is refused, unless the tool reports an error', () => {
    expect(release(decided(), text('x'), () => undefined).reasons).toEqual(['result_invalid'])
    expect(release(decided(), { ...text('x'), isError: true }, invalid).effect).toBe('allow')
  })
})

describe('observe mode', () => {
  const observing = (obligation: Obligation): Obligation => ({ ...obligation, mode: 'observe' })
  test('the result passes, and what would have been done is told', () => {
    const value = { rows: [{ name: 'A', iban: 'x' }] }
    const released = release(decided(observing(fields('name'))), structured(value))
    expect(released).toMatchObject({ effect: 'allow', evaluated: 'allow', reasons: ['granted'], observed: ['fields_projected'] })
    expect(released.result?.structuredContent).toEqual(value)
  })
  test('a result that would have been refused passes as such', () => {
    const released = release(decided(observing(rows(OWN))), structured({ department: 'finance' }))
    expect(released).toMatchObject({ effect: 'allow', evaluated: 'deny', observed: ['entity_mismatch'] })
  })
})
