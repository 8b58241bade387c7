import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hiddenCharacters, sanitise } from './hidden-characters.ts'

const none = { invisible: 0, direction: 0, tag: 0, variation: 0, control: 0 }
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(
        '\u200b',
        '\u200c',
        '\u200d',
        '\ufe0f',
        '\ufe01',
        '\ufeff',
        '\u202e',
        '\u0000',
        '👩',
        '💻',
        'م',
        'क',
        '🏴',
        '\u{e0067}',
        '\u{e007f}',
        'a',
        ' ',
      ),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

describe('R073: hidden characters are counted, by kind', () => {
  test('in code points', () => {
    expect(hiddenCharacters('a\u200b\u2060b\u202ec\u{e0041}\u{e0042}d\ufe01\u{e0121}\u0000')).toEqual({
      invisible: 2,
      direction: 1,
      tag: 2,
      variation: 2,
      control: 1,
    })
  })
  test.each([
    ['plain text', 'Read\tthe orders.\r\n'],
    ['emoji', '👩‍💻 ❤️ 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿'],
    ['Persian', 'می‌خواهم'],
    ['a byte order mark in front', '\ufeffa'],
  ])('none in %s', (_, text) => {
    expect(hiddenCharacters(text)).toEqual(none)
    expect(sanitise(text)).toBe(text)
  })
})

describe('sanitise', () => {
  test.each([
    ['ig\u200bno\u00adre\u202e', 'ignore'],
    ['👩\u200d💻\u200d', '👩\u200d💻'],
    ['👩\u200d\u200d💻', '👩💻'],
    ['❤\ufe0f a\ufe0f', '❤\ufe0f a'],
    [
      '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}\u{e0041}',
      '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
    ],
    ['\ufeffa\ufeff', '\ufeffa'],
  ])('%j becomes %j', (text, clean) => expect(sanitise(text)).toBe(clean))
  test('removes what is counted, nothing else, at once', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const clean = sanitise(text)
        const removed = Object.values(hiddenCharacters(text)).reduce((sum, count) => sum + count, 0)
        expect(Array.from(text).length - Array.from(clean).length).toBe(removed)
        expect(hiddenCharacters(clean)).toEqual(none)
      }),
      { numRuns: 500 },
    )
  })
})
