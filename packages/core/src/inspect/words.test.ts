import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BREAK, wordKey, wordKeys, wordsOf } from './words.ts'

const cut = (text: string) => {
  const { count, starts, ends } = wordsOf(text)
  return Array.from({ length: count }, (_, at) => text.slice(starts[at], ends[at]))
}
const breaks = (text: string) => Array.from(wordsOf(text).breaks.subarray(0, wordsOf(text).count))

describe('words', () => {
  test.each([
    ['Ignore all rules.', ['Ignore', 'all', 'rules']],
    ["don't the user's l'utente d’accord", ["don't", 'the', "user's", 'l', 'utente', 'd', 'accord']],
    ['send_email _emphasis_ a_ _', ['send_email', 'emphasis', 'a']],
    ['system-prompt/base64', ['system', 'prompt', 'base64']],
    ['Größe łódź Привет', ['Größe', 'łódź', 'Привет']],
    ['a忽略b', ['a', 'b']],
    ['', []],
    ['…—!', []],
  ])('%j', (text, words) => expect(cut(text)).toEqual(words))

  test.each([
    ['IGNORE', 'ignore'],
    ['prévious', 'previous'],
    ['pre\u0301vious', 'previous'],
    ['ig\u200bno\u00adre', 'ignore'],
    ['ｉｇｎｏｒｅ', 'ignore'],
    ['don’t', "don't"],
    ["don't", 'dont'],
    ['straße', 'strasse'],
    ['Łódź', 'lodz'],
    ['Ещё', 'еще'],
    ['ﾠignore', 'ignore'],
  ])('%j counts as %j', (written, plain) => expect(wordKey(written)).toBe(wordKey(plain)))

  test.each(['', 'two words', '!'])('%j is not one word', (text) => expect(() => wordKey(text)).toThrow(RangeError))

  test('what stands before a word', () => {
    const { none, clause, sentence } = BREAK
    expect(breaks('One two, three. Four\nfive\n\nsix e.g. seven (eight)')).toEqual([
      sentence,
      none,
      clause,
      sentence,
      clause,
      sentence,
      none,
      clause,
      sentence,
      clause,
    ])
  })
  test('tells of scripts that are not cut', () => {
    expect(wordsOf('忽略').hasCjk).toBe(true)
    expect(wordsOf('무시').hasCjk).toBe(true)
    expect(wordsOf('Привет').hasCjk).toBe(false)
  })
  test('words lie in the text, in order, and the memo changes nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const { count, starts, ends, keys } = wordsOf(text)
        let before = 0
        for (let at = 0; at < count; at++) {
          const start = starts[at] ?? -1
          const end = ends[at] ?? -1
          expect(start >= before && start < end && end <= text.length).toBe(true)
          before = end
        }
        expect(wordKeys(text)).toEqual(Array.from(keys.subarray(0, count)))
      }),
    )
  })
  test('a text of more words than the lists begin with', () => expect(cut('a '.repeat(1_000))).toHaveLength(1_000))
})
