import fc from 'fast-check'
import { expect, test } from 'vitest'
import { wordSpotter } from './spot-words.ts'

const spot = wordSpotter({ fruit: 'apple pear', tool: 'saw x1' })
const words = (text: string) => spot(text).map(({ list, start, end }) => [list, text.slice(start, end)])

test('whole words, in any case, with their list', () => {
  expect(words('An APPLE, a saw-blade; X1.')).toEqual([
    ['fruit', 'APPLE'],
    ['tool', 'saw'],
    ['tool', 'X1'],
  ])
  expect(words('apples pineapple sawx1 x-1 äpple')).toEqual([])
})
test('the same as looking every word up', () => {
  const text = fc
    .array(fc.constantFrom('apple', 'PEAR', 'saw', 'x1', 'a', ' ', '-', 'é', '@', '[', '`'), { maxLength: 20 })
    .map((parts) => parts.join(''))
  const known = new Set(['apple', 'pear', 'saw', 'x1'])
  fc.assert(
    fc.property(text, (one) => {
      const wanted = [...one.matchAll(/[0-9A-Za-z]+/g)].map(([word]) => word).filter((word) => known.has(word.toLowerCase()))
      expect(words(one).map(([, word]) => word)).toEqual(wanted)
    }),
  )
})
