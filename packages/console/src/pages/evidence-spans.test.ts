import { expect, test } from 'vitest'
import { seenTexts } from './evidence-spans.ts'

const finding = { detector: 'd', code: 'c', severity: 'high' }
const content = JSON.stringify({ note: 'card 4929, mail', 'a/b': [{ '~': 'xy' }], n: 4929 })

test('R255: what was seen is marked where it stands, once where two detectors saw it', () => {
  const { seen, placeless } = seenTexts(content, [
    { ...finding, path: '/note', start: 5, end: 9 },
    { ...finding, path: '/note', start: 7, end: 11 },
    { ...finding, path: '/a~1b/0/~0', start: 0, end: 1 },
    { ...finding, path: '/n', start: 0, end: 4 },
  ])
  expect(placeless).toBe(0)
  expect(seen.map(({ path, pieces }) => [path, pieces.map(({ text, isSeen }) => (isSeen ? `[${text}]` : text)).join('')])).toEqual([
    ['/note', 'card [49][29][, ]mail'],
    ['/a~1b/0/~0', '[x]y'],
    ['/n', '[4929]'],
  ])
})

test.each([
  ['in another reading of the text', { path: '/note', start: 0, end: 4, view: 'base64' }],
  ['beyond its end', { path: '/note', start: 3, end: 99 }],
  ['nowhere in it', { path: '/note', start: 0, end: 0 }],
  ['where nothing is', { path: '/__proto__/x', start: 0, end: 1 }],
])('what was seen %s is not marked', (_, where) => {
  expect(seenTexts(content, [{ ...finding, ...where }])).toEqual({ seen: [], placeless: 1 })
})
