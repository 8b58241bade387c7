import { expect, test } from 'vitest'
import { contextStart } from './context-start.ts'

const words = 'one two three four five six '
test.each<[string, number, readonly { start: number; end: number }[], string]>([
  ['short', 10, [], 'short'],
  [words, 5, [], 'five six '],
  ['one two\nthree four five six ', 14, [], 'three four five six '],
  ['x'.repeat(100), 5, [], 'xxxxx'],
  [words, 5, [{ start: 14, end: 22 }], ' four five six '.trimStart()],
  [words, 5, [{ start: 0, end: 28 }], 'five six '],
  [`${'x'.repeat(20)}\u{1f511}xxxx`, 5, [], '\u{1f511}xxxx'],
])('of %j at least %i characters are looked back at', (text, contextChars, sightings, kept) => {
  expect(text.slice(contextStart(text, sightings, contextChars))).toBe(kept)
})
