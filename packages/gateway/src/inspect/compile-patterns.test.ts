import { dictionaryDetector, DictionaryOptions } from '@sallyport/core'
import { describe, expect, test } from 'vitest'
import { compilePatterns } from './compile-patterns.ts'

const at = { channel: 'output', path: '', field: '', view: 'text', otherTools: [] } as const
const see = (patterns: readonly string[], text: string, more: object = {}) =>
  dictionaryDetector(compilePatterns(DictionaryOptions.parse([{ name: 'deals', patterns, ...more }])))
    .detect(text, at)
    .map(({ start, end }) => text.slice(start, end))

describe('R288: patterns of a class of ones own', () => {
  test('are found where they are, in UTF-16 units', () =>
    expect(see(['deal-[0-9]{4}'], '😀 deal-2291 and DEAL-7.')).toEqual(['deal-2291']))
  test('without regard to case, unless asked', () => {
    expect(see(['deal-[0-9]{4}'], 'DEAL-2291')).toEqual(['DEAL-2291'])
    expect(see(['deal-[0-9]{4}'], 'DEAL-2291', { caseSensitive: true })).toEqual([])
  })
  test('more than one set of them', () => {
    const patterns = Array.from({ length: 90 }, (_, i) => `\\bplan${i}x[a-z]{2,9}\\b`)
    expect(see(patterns, 'plan3xab, plan44xcd and plan89xef, not plan90xgh').toSorted()).toEqual([
      'plan3xab',
      'plan44xcd',
      'plan89xef',
    ])
  })
  test('bounded in number', () => expect(see(['a[0-9]'], 'a1 '.repeat(5_000)).length).toBeLessThanOrEqual(50))
  test('that would backtrack for ever do not', () => expect(see(['(a+)+b'], `${'a'.repeat(200_000)}c`)).toEqual([]))
})
test.each([
  ['look-around', '(?=a)b'],
  ['a back-reference', '(a)\\1'],
  ['an open bracket', '[a'],
  ['too many repeats', '(a{1000}){1000}'],
  ['the empty text', 'a*'],
])('a pattern with %s is refused by name', (_, pattern) => {
  expect(() => compilePatterns(DictionaryOptions.parse([{ name: 'deals', patterns: ['ok', pattern] }]))).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('deals, pattern 2') }),
  )
})
