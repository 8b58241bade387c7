import { describe, expect, test } from 'vitest'
import { markers, unmarked } from './fixtures/markers.ts'
import { boundaryMarkers } from './index.ts'

const look = (text: string) =>
  boundaryMarkers.detect(text, { channel: 'document', path: '', field: '', view: 'text', otherTools: [] })

describe('R054: marks that format a prompt are found', () => {
  test.each(markers.filter(([, kind]) => kind !== 'sequence_token'))('%j: %s', (text, kind) =>
    expect(look(text).map(({ code }) => code)).toContain(kind),
  )
  test('there are at least 100', () => expect(new Set(markers.map(([text]) => text)).size).toBeGreaterThanOrEqual(100))
})
describe('R054: ordinary text, code and markup have none', () => {
  test.each(unmarked)('%j', (text) => expect(look(text).filter(({ severity }) => severity !== 'low')).toEqual([]))
})
test('R054: a forged trust boundary is found however it is spelled', () => {
  expect(look('x <</Sally Port-UNTRUSTED id=1>> y').map(({ code, severity }) => [code, severity])).toEqual([
    ['forged_boundary', 'high'],
  ])
})
test('R054: a token in code quotes is talked about', () => {
  expect(look('Turns begin with `<|im_start|>`.').map(({ severity }) => severity)).toEqual(['medium'])
  expect(look('Turns begin with <|im_start|>.').map(({ severity }) => severity)).toEqual(['high'])
})
test('R054: a flood of weak marks does not hide a strong one', () => {
  expect(look(`${'<user> '.repeat(100)}<|im_start|>`).map(({ severity }) => severity)).toContain('high')
})
test('the place is that of the mark', () => {
  const text = 'Hello <|im_end|> there'
  expect(look(text).map(({ start, end }) => text.slice(start, end))).toEqual(['<|im_end|>'])
})
