import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CLEAN, hiding, transforms } from './fixtures/transforms.ts'
import { read } from './read.ts'

const WORDS = CLEAN.split(' ').filter((word) => word.length > 2)
const anyPart = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(...transforms).map(({ apply }) => apply(CLEAN)),
  fc.constantFrom(...hiding).map(([, hide]) => hide(CLEAN)),
  fc.constantFrom(
    '<b>',
    '</b>',
    '<!--',
    '-->',
    '"',
    "'",
    '&',
    '&#',
    '%4',
    '\n',
    ' ',
    '\u200b',
    '\u0301',
    'а',
    'Ａ',
    '![',
    '](',
    'a-b-',
    '=?',
  ),
)
const anyText = fc.array(anyPart, { maxLength: 8 }).map((parts) => parts.join(''))

describe('places', () => {
  test('every part of every reading has a place in the text, which grows with the part', () => {
    fc.assert(
      fc.property(anyText, fc.nat(), fc.nat(), (text, from, size) => {
        for (const { text: reading, locate } of read(text).views) {
          const start = reading.length === 0 ? 0 : from % reading.length
          const end = Math.min(reading.length, start + 1 + (size % 40))
          const [part, whole] = [locate(start, end), locate(0, reading.length)]
          expect(part.start >= 0 && part.end <= text.length && (text === '' || part.start < part.end)).toBe(true)
          expect(whole.start <= part.start && part.end <= whole.end).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })
  test('out of range is pulled into it', () => {
    fc.assert(
      fc.property(anyText, fc.integer(), fc.integer(), (text, start, end) => {
        for (const { locate } of read(text).views) {
          const place = locate(start, end)
          expect(place.start >= 0 && place.end <= text.length && (text === '' || place.start < place.end)).toBe(true)
        }
      }),
    )
  })
  test.each(transforms.filter(({ isLetterwise }) => isLetterwise))(
    'letter by letter, the place of a word is that word: $name',
    ({ apply, view }) => {
      const before = 'A report:\n'
      const text = `${before}${apply(CLEAN)}`
      const reading = read(text).views.find(
        ({ kind, text: shown }) => kind === view && shown.toLowerCase().includes(CLEAN.toLowerCase()),
      )
      for (const word of WORDS) {
        const start = reading?.text.toLowerCase().indexOf(word.toLowerCase()) ?? -1
        const place = reading?.locate(start, start + word.length)
        expect(text.slice(place?.start, place?.end)).toBe(apply(word))
      }
    },
  )
  test.each(transforms)('the place of a word shows that word again: $name', ({ apply, view }) => {
    const text = `A report:\n${apply(CLEAN)}\nThe end.`
    const reading = read(text).views.find(
      ({ kind, text: shown }) => kind === view && shown.toLowerCase().includes(CLEAN.toLowerCase()),
    )
    const start = reading?.text.toLowerCase().indexOf(CLEAN.toLowerCase()) ?? -1
    const place = reading?.locate(start, start + CLEAN.length)
    const part = text.slice(place?.start, place?.end)
    expect(read(part).views.some((again) => again.text.toLowerCase().includes(CLEAN.toLowerCase()))).toBe(true)
    expect(part.length).toBeLessThanOrEqual(text.length - 'A report:\n'.length - 'The end.'.length)
  })
})

test('reading is pure', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = () => read(text).views.map((view) => [view.kind, view.text])
      expect(shown()).toEqual(shown())
    }),
  )
})
