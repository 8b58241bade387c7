import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findSpelled, spellingOf } from './spelled.ts'

const spelling = spellingOf('banana-mark')
const spans = (text: string) => findSpelled(text, spelling).map(({ start, end }) => text.slice(start, end))

test.each([
  ['banana-mark', ['banana-mark']],
  ['a BANANA_MARK b', ['BANANA_MARK']],
  ['b a n a n a m a r k!', ['b a n a n a m a r k']],
  ['banan\u200ba\u00admark', ['banan\u200ba\u00admark']],
  ['bаnаnа mаrk', ['bаnаnа mаrk']],
  ['banbanana-mark', ['banana-mark']],
  ['bananabananamark', ['bananamark']],
  ['banana-markbanana-mark', ['banana-mark', 'banana-mark']],
  ['banana-x-mark', []],
  ['banana-mar', []],
  ['banana忽mark', []],
  ['', []],
])('%j', (text, found) => expect(spans(text)).toEqual(found))

test('a word is found between any two texts', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
      const text = `${before}banana-mark${after}`
      const at = before.length
      expect(findSpelled(text, spelling).some(({ start, end }) => start <= at && end >= at + 'banana-mark'.length)).toBe(true)
    }),
  )
})
