import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectorContract } from '../../detectors.contract.ts'
import { termAutomaton, unitFold } from '../../term-automaton.ts'
import { DictionaryOptions } from './dictionary-options.ts'
import { classes, mentions, plainTexts } from './fixtures/classes.ts'
import { dictionaryDetector } from './index.ts'

const at = { channel: 'output', path: '', field: '', view: 'text', otherTools: [] } as const
const detector = dictionaryDetector(classes)

describe('R288: words of a class of ones own are found', () => {
  test.each(mentions)('%j', (text, name, marked) => {
    const seen = detector.detect(text, at).find((sighting) => sighting.class === name)
    expect(text.slice(seen?.start, seen?.end)).toBe(marked)
    expect(seen?.code).toBe('dictionary_term')
  })
})
describe('R288: other words are not', () => {
  test.each(plainTexts)('%j', (text) => expect(detector.detect(text, at)).toEqual([]))
})
test('the severity is that of the class, and one term may belong to two', () => {
  expect(detector.detect('blue heron', at).map(({ class: name, severity }) => [name, severity])).toEqual([
    ['deal-names', 'high'],
    ['parts', 'low'],
  ])
})
test('the longest term counts', () => {
  const both = dictionaryDetector([
    { name: 'a', terms: ['blue', 'blue heron', 'heron'], wholeWords: true, caseSensitive: false, severity: 'low' },
  ])
  expect(both.detect('a blue heron', at).map(({ start, end }) => [start, end])).toEqual([[2, 12]])
})
test('patterns are asked, and places outside the text are not believed', () => {
  const [first] = classes
  if (!first) throw new Error('no class')
  const withPattern = dictionaryDetector([
    {
      ...first,
      terms: [],
      patterns: [
        {
          match: () => [
            { start: 1, end: 3 },
            { start: 2, end: 99 },
            { start: 1, end: 1 },
          ],
        },
      ],
    },
  ])
  expect(withPattern.detect('abcd', at)).toEqual([
    { code: 'dictionary_pattern', severity: 'high', class: 'deal-names', start: 1, end: 3 },
  ])
})

test('the automaton finds what searching one by one finds', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(
      fc.uniqueArray(letters, { maxLength: 12 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '-'), maxLength: 40 }),
      (terms, text) => {
        const found: string[] = []
        termAutomaton(
          terms,
          unitFold((unit) => unit),
        )(text, ({ term, start, end }) => {
          found.push(`${term} ${start} ${end}`)
          return true
        })
        const expected = terms.flatMap((term, number) =>
          Array.from({ length: text.length }, (_, start) => start)
            .filter((start) => text.startsWith(term, start))
            .map((start) => `${number} ${start} ${start + term.length}`),
        )
        expect(found.toSorted()).toEqual(expected.toSorted())
      },
    ),
  )
})
test('a hundred thousand terms, and text made of their beginnings', () => {
  const terms = Array.from({ length: 100_000 }, (_, i) => `${'a'.repeat(i % 40)}${i.toString(36)}`)
  const many = dictionaryDetector([{ name: 'many', terms, wholeWords: true, caseSensitive: false, severity: 'low' }])
  expect(many.detect('a'.repeat(1_048_576), at)).toEqual([])
  expect(many.detect(`x ${terms[77_777]} y`, at).length).toBe(1)
})

describe('configuration', () => {
  const one = { name: 'deal-names', terms: ['Blue Heron'] }
  test('is completed', () => {
    expect(DictionaryOptions.parse([one])).toEqual([
      { ...one, patterns: [], wholeWords: true, caseSensitive: false, severity: 'medium' },
    ])
  })
  test.each([
    ['a name in capitals', { ...one, name: 'Deals' }],
    ['neither terms nor patterns', { name: 'deals' }],
    ['a term of one letter', { ...one, terms: ['a'] }],
    ['a long term', { ...one, terms: ['a'.repeat(201)] }],
    ['a long pattern', { ...one, patterns: ['a'.repeat(1_001)] }],
    ['an unknown member', { ...one, regex: 'a' }],
  ])('refuses %s', (_, dictionary) => expect(DictionaryOptions.safeParse([dictionary]).success).toBe(false))
  test('refuses too many terms together', () => {
    const terms = Array.from({ length: 60_000 }, (_, i) => `term ${i}`)
    expect(
      DictionaryOptions.safeParse([
        { ...one, terms },
        { ...one, terms },
      ]).success,
    ).toBe(false)
  })
})

detectorContract(detector)
