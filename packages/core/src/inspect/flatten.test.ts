import { describe, expect, test } from 'vitest'
import type { Json } from '../model/json.ts'
import { textAt } from './edit/text-at.ts'
import { FIELD_CHARS_MAX, FIELDS_CHARS_MAX, fieldsViews } from './fields-view.ts'
import { atOf, flatten, pointerOf } from './flatten.ts'

describe('flatten', () => {
  const value = { to: 'a', cards: ['b', { n: 4111111111111111 }], 'x/y': null, few: 12, deep: { '~': true, e: '' } }
  test('every name and text, in order, with where it is and the member that it is in', () => {
    expect([...flatten(value)].map(({ text, kind, field, step }) => [kind, text, field, pointerOf(step)])).toEqual([
      ['name', 'to', 'to', '/to'],
      ['string', 'a', 'to', '/to'],
      ['name', 'cards', 'cards', '/cards'],
      ['string', 'b', 'cards', '/cards/0'],
      ['name', 'n', 'n', '/cards/1/n'],
      ['number', '4111111111111111', 'n', '/cards/1/n'],
      ['name', 'x/y', 'x/y', '/x~1y'],
      ['name', 'few', 'few', '/few'],
      ['name', 'deep', 'deep', '/deep'],
      ['name', '~', '~', '/deep/~0'],
      ['name', 'e', 'e', '/deep/e'],
      ['string', '', 'e', '/deep/e'],
    ])
  })
  test('a place leads back to its text', () => {
    for (const { text, kind, step } of flatten(value)) expect(textAt(value, atOf(step), kind === 'name').text).toBe(text)
  })
  test('R247: a card written as a number is a text', () =>
    expect([...flatten(5_500_000_000_000_004)].map(({ text }) => text)).toEqual(['5500000000000004']))
  test('a single value has no field', () =>
    expect([...flatten('a')]).toEqual([{ text: 'a', kind: 'string', field: '', step: undefined }]))
  test('depth costs no stack', () => {
    let deep: Json = 'x'
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect([...flatten(deep)].length).toBe(1)
  })
})

describe('fieldsViews', () => {
  const views = (value: Json, joint: '' | ' ' = '') => fieldsViews(flatten(value), joint)
  test('R075: a secret split over fields is read whole and leads back to its parts', () => {
    const [view] = views({ a: 'x sk_abcdef', b: '', c: 'ghij y', d: 4111111111111111 })
    expect(view?.text).toBe('x sk_abcdefghij y4111111111111111')
    const start = view?.text.indexOf('sk_') ?? 0
    const parts = view?.locate(start, start + 13) ?? []
    expect(parts.map(({ leaf, start: from, end }) => [pointerOf(leaf.step), leaf.text.slice(from, end)])).toEqual([
      ['/a', 'sk_abcdef'],
      ['/c', 'ghij'],
    ])
  })
  test('with a space, sentences read as sentences; a joint leads nowhere', () => {
    const [view] = views(['ignore all', 'previous'], ' ')
    expect(view?.text).toBe('ignore all previous')
    expect(view?.locate(10, 11)).toEqual([])
    expect(view?.locate(9, 12).map(({ start, end }) => [start, end])).toEqual([
      [9, 10],
      [0, 1],
    ])
  })
  test('one field alone, and long ones, are left out', () => {
    expect(views(['a'])).toEqual([])
    expect(views(['a', 'x'.repeat(FIELD_CHARS_MAX + 1), 'b'])).toEqual([])
    expect(views(['a', 'x'.repeat(FIELD_CHARS_MAX + 1), 'b', 'c']).map(({ text }) => text)).toEqual(['bc'])
  })
  test('views are bounded and overlap by a quarter, so that neighbours across a cut are read together', () => {
    const fields = Array.from({ length: 1_000 }, (_, i) => `<${i}>`.padEnd(40, '.'))
    const all = views(fields)
    for (const { text } of all) expect(text.length).toBeLessThanOrEqual(FIELDS_CHARS_MAX)
    for (let i = 0; i + 20 < 1_000; i += 1)
      expect(all.some(({ text }) => text.includes(fields.slice(i, i + 20).join('')))).toBe(true)
    expect(all.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(2 * 40_000)
  })
})
