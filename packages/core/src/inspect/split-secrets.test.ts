import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BASE32, invented } from './detectors/secrets/fixtures/invented.ts'
import { secrets } from './detectors/secrets/index.ts'
import { splitSecrets } from './split-secrets.ts'

const detect = (text: string) => secrets.detect(text, { channel: 'arguments', path: '', field: '', view: 'text', otherTools: [] })
/** Finds one card number. */
const detectCard = (text: string) =>
  [...text.matchAll(/4[0-9]{15}(?![0-9])/g)].map((match) => ({
    code: 'pan',
    severity: 'high' as const,
    start: match.index,
    end: match.index + 16,
  }))
const parts = (texts: readonly string[]) => texts.map((text, index) => ({ path: `/a/${index}`, text }))
const key = `AKIA${invented(3, 16, BASE32)}`
const paths = (texts: readonly string[], by = detect) =>
  splitSecrets(parts(texts), by).map((split) => split.parts.map(({ path }) => path))

describe('R075: a secret split over arguments is found, with every part', () => {
  test.each([
    ['two halves', [key.slice(0, 9), key.slice(9)]],
    ['four parts', [key.slice(0, 5), key.slice(5, 10), key.slice(10, 15), key.slice(15)]],
    ['letter by letter', Array.from(key)],
    ['with blanks around', [` ${key.slice(0, 9)} `, `\n${key.slice(9)}`]],
  ])('%s', (_, texts) => {
    const [first, ...rest] = paths(texts)
    expect(first).toEqual(texts.map((__, index) => `/a/${index}`))
    expect(rest).toEqual([])
  })
  test('between other arguments', () => expect(paths(['orders', key.slice(0, 9), key.slice(9), 'EUR'])).toEqual([['/a/1', '/a/2']]))
  test('a card number', () => expect(paths(['41111111', '11111111'], detectCard)).toEqual([['/a/0', '/a/1']]))
  test('out of order, but numbered', () => {
    const split = splitSecrets(
      [
        { path: '/part10', text: key.slice(12) },
        { path: '/part2', text: key.slice(0, 12) },
      ],
      detect,
    )
    expect(split[0]?.parts.map(({ path }) => path)).toEqual(['/part2', '/part10'])
  })
  test('places are those of each part in its own text', () => {
    const texts = [`  ${key.slice(0, 9)}`, `${key.slice(9)} ok`]
    expect(splitSecrets(parts(texts), detect)[0]?.parts).toEqual([
      { path: '/a/0', start: 2, end: 11 },
      { path: '/a/1', start: 0, end: 11 },
    ])
  })
})

describe('R075: nothing is found where nothing is split', () => {
  test('a whole secret in one part is not reported again', () => expect(paths(['a', key, 'b'])).toEqual([]))
  test('ordinary arguments', () =>
    expect(paths(['orders', '2291', 'open', 'EUR', '50.00', '2026-11-26', 'jane@example.com'])).toEqual([]))
  test('halves far apart', () =>
    expect(paths([key.slice(0, 9), 'a', 'b', 'c', 'd', 'e', 'long enough to end it', key.slice(9)])).toEqual([]))
  test('long texts are left alone', () => expect(paths(['x'.repeat(300) + key.slice(0, 9), key.slice(9)])).toEqual([]))
})

test('the parts reported make up what was found', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: key.length - 1 }), { minLength: 1, maxLength: 3 }), (cuts) => {
      const at = [0, ...new Set(cuts.toSorted((a, b) => a - b)), key.length]
      const texts = at.slice(1).map((end, index) => key.slice(at[index], end))
      const [split] = splitSecrets(parts(texts), detect)
      const joined = split?.parts.map(({ path, start, end }) => texts[Number(path.slice(3))]?.slice(start, end)).join('')
      expect(joined).toBe(key)
    }),
  )
})
test('many parts take a bounded number of looks', () => {
  let units = 0
  const count = (text: string) => {
    units += text.length
    return []
  }
  splitSecrets(parts(Array.from({ length: 20_000 }, () => 'abcdefgh')), count)
  expect(units).toBeLessThan(20_000 * 8 * 12)
})
