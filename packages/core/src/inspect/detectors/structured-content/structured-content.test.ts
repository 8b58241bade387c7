import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Surroundings } from '../../define-detector.ts'
import { formulas, json, noFormulas, noPages, pages, plainJson } from './fixtures/texts.ts'
import { structuredContent } from './index.ts'

const place: Surroundings = { channel: 'tool', path: '', field: '', view: 'text', otherTools: [] }
const seen = (text: string, at: Partial<Surroundings> = {}) => structuredContent.detect(text, { ...place, ...at })
const codes = (text: string) => seen(text).map(({ code }) => code)

describe('R050, R066: formulas in cells', () => {
  test.each(formulas)('found: %s', (_, text) => expect(codes(text)).toContain('csv_formula'))
  test.each(noFormulas)('not found: %s', (_, text) => expect(codes(text)).not.toContain('csv_formula'))
  test('the place is the formula, as far as the end of its line', () => {
    expect(seen('a,b\n1,=SUM(A1)\n')).toEqual([{ code: 'csv_formula', severity: 'medium', start: 6, end: 14 }])
  })
})

describe('R050, R066: markup in a text field', () => {
  test.each(pages)('found: %s', (_, text, severity) => {
    const found = seen(text).filter(({ code }) => code === 'html_in_text')
    expect(found.map((sighting) => sighting.severity)).toContain(severity)
    if (severity !== 'high') expect(found.map((sighting) => sighting.severity)).not.toContain('high')
  })
  test.each(noPages)('not found: %s', (_, text) => expect(codes(text)).not.toContain('html_in_text'))
  test('a member that says it holds markup, and a channel of pages, may', () => {
    const text = '<b onclick="x()">a</b>'
    expect(seen(text)).not.toEqual([])
    expect(seen(text, { field: 'body_html' })).toEqual([])
    expect(seen(text, { channel: 'web' })).toEqual([])
    expect(seen(text, { channel: 'email' })).toEqual([])
  })
  test('R050: a formula is found in every channel', () => {
    for (const channel of structuredContent.channels) expect(seen('=HYPERLINK("x")', { channel })).toHaveLength(1)
  })
})

describe('R066: JSON in a string', () => {
  test.each(json)('found: %s', (_, text, code) => expect(codes(text)).toEqual([code]))
  test.each(plainJson)('not found: %s', (_, text) => {
    expect(codes(text)).toEqual([])
  })
  test('what JSON.stringify writes has no name twice', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(codes(text)).not.toContain('duplicate_keys')
      }),
    )
  })
})
