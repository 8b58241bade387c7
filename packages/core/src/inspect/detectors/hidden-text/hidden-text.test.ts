import { describe, expect, test } from 'vitest'
import { hidden, plain } from './fixtures/texts.ts'
import { hiddenText } from './index.ts'

const codes = (text: string) =>
  hiddenText.detect(text, { channel: 'arguments', path: '', field: '', view: 'text', otherTools: [] }).map(({ code }) => code)

describe('hidden text is found', () => {
  test.each(hidden)('%s', (_, text, code) => expect(codes(text)).toContain(code))
})
describe('ordinary writing is not', () => {
  test.each(plain)('%s', (_, text) => expect(codes(text)).toEqual([]))
})
test('a run is one sighting, with its place', () => {
  expect(
    hiddenText.detect('ab\u200b\u200b\u202ecd', { channel: 'arguments', path: '', field: '', view: 'text', otherTools: [] }),
  ).toEqual([
    { code: 'invisible_characters', severity: 'medium', start: 2, end: 4 },
    { code: 'direction_characters', severity: 'high', start: 4, end: 5 },
  ])
})
