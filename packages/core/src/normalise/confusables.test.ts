import { expect, test } from 'vitest'
import { likenessOf } from './confusables.ts'
import { skeleton } from './skeleton.ts'

const like = (char: string) => likenessOf(char.codePointAt(0) ?? 0)

test.each([
  ['а', 'a'],
  ['І', 'I'],
  ['ӏ', 'l'],
  ['в', 'b'],
  ['н', 'h'],
  ['м', 'm'],
  ['ο', 'o'],
  ['ʀ', 'r'],
  ['०', 'o'],
  ['🅰', 'A'],
  ['‹', '<'],
])('%s looks like %s', (char, letter) => expect(like(char)).toBe(letter))
test.each(['a', '1', 'ж', '中', 'ש', 'é', 'ａ'])('%s looks like nothing else in ASCII, or decomposes to it', (char) => {
  expect(like(char)).toBeUndefined()
})
test('R265: names that look alike have one skeleton', () => {
  for (const name of [
    'ѕеnd_mаil',
    'send-mai1',
    'SENDMAIL',
    'ｓｅｎｄ＿ｍａｉｌ',
    'ꜱᴇɴᴅmail',
    'sen\u200bdmail',
    'śèndmail',
    'sεndmail',
  ])
    expect(skeleton(name)).toBe(skeleton('send_mail'))
  expect(skeleton('send_mails')).not.toBe(skeleton('send_mail'))
  expect(skeleton('отправить')).not.toBe(skeleton('send_mail'))
})
