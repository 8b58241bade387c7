import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { INTEGRITY_LEVELS } from '../model/integrity.ts'
import type { JsonObject } from '../model/json.ts'
import { findSlots } from './find-slots.ts'
import { normalText } from './normal-text.ts'
import { EMPTY_LABEL, joinLabels } from './session-label.ts'
import { type SessionContent, traceSlots } from './trace-slots.ts'

const content = (text: string, more: Partial<SessionContent> = {}): SessionContent => ({
  origin: 'user',
  integrity: 'user',
  classes: [],
  text: normalText(text),
  ...more,
})
const slots = (args: JsonObject, declared: readonly string[] = []) => findSlots(args, new Set(declared))
/** Whether a text holds the value of `{ [name]: value }`. */
const holds = (text: string, value: string | number, name = 'to') =>
  (traceSlots(slots({ [name]: value }), [content(text)])[0]?.origins.length ?? 0) > 0

describe('finding the arguments that decide', () => {
  test.each([
    [{ to: 'a@b.example' }, 'recipient', 'by its form'],
    [{ participants: ['Anna'] }, 'recipient', 'by the name of its field'],
    [{ note: 'https://x.example/a' }, 'url', 'an address in any field'],
    [{ text: 'www.x.example' }, 'url', 'an address without scheme'],
    [{ target: 'DE89 3704 0044 0532 0130 00' }, 'account', 'a grouped account'],
    [{ due: '2026-11-26 10:00' }, 'other', 'a date is no account'],
    [{ file_path: 'report.txt' }, 'path', 'a file'],
    [{ amount: 12.5 }, 'amount', 'a number by its name'],
    [{ note: 'see you later' }, 'other', 'a text that is none of them'],
  ])('%j is a %s: %s', (args, kind, _why) => expect(slots(args as JsonObject).map((slot) => slot.kind)).toEqual([kind]))
  test('links in a longer text, each as it would be followed', () => {
    const body = 'See www.a.example, (https://b.example/x?y=1) and <https://c.example>. Not awww.d.example nor mail@www.e.example!'
    expect(slots({ body }).map(({ kind, value }) => [kind, value])).toEqual([
      ['other', body],
      ['url', 'www.a.example'],
      ['url', 'https://b.example/x?y=1'],
      ['url', 'https://c.example'],
    ])
  })
  test('nested and in lists, with the dotted name a manifest uses', () => {
    const found = slots({ mail: { to: ['a@b.example', 'c@d.example'] }, n: 3, ok: true, short: 'abc' }, ['mail.subject'])
    expect(found.map(({ path, field }) => [path, field])).toEqual([
      ['/mail/to/0', 'mail.to'],
      ['/mail/to/1', 'mail.to'],
    ])
    expect(slots({ mail: { subject: 'hi' } }, ['mail.subject'])).toMatchObject([{ kind: 'declared' }])
  })
  test('is bounded', () => expect(slots({ to: Array.from({ length: 5_000 }, (_, i) => `a${i}@b.example`) })).toHaveLength(100))
})

describe('R237: a value is traced to where it stands as a whole', () => {
  test.each([
    ['write to Anna@Company.example, please', 'anna@company.example', 'to', 'case'],
    ['ｗｒｉｔｅ to ａnna@company.example', 'anna@company.example', 'to', 'full width'],
    ['an​na@company.example', 'anna@company.example', 'to', 'a character nobody sees'],
    ['IBAN DE89 3704 0044 0532 0130 00.', 'DE89370400440532013000', 'recipient', 'grouping'],
    ['pay DE89370400440532013000', 'DE89 3704 0044 0532 0130 00', 'iban', 'grouping the other way'],
    ['see https://www.x.example/a/b', 'www.x.example/a/b', 'url', 'no scheme'],
    ['see www.x.example', 'https://www.x.example/', 'url', 'a scheme and an empty path'],
    ['the invoice says 1,810.00 EUR', 1810, 'amount', 'marks between thousands'],
    ['pay 98.70 to them', 98.7, 'amount', 'two decimals'],
    ['"to": "Anna   Smith"', 'anna smith', 'to', 'spacing'],
  ])('%j holds %j as %s: %s', (text, value, name, _why) => expect(holds(text, value, name)).toBe(true))
  test.each([
    ['write to xanna@company.example', 'anna@company.example', 'to', 'a longer local part'],
    ['write to evil.anna@company.example', 'anna@company.example', 'to', 'a dot before'],
    ['write to anna@company.example.evil.example', 'anna@company.example', 'to', 'a longer host'],
    ['see https://x.example/a/b', 'https://x.example/a', 'url', 'a longer path'],
    ['see https://x.example?q=1', 'https://x.example', 'url', 'a query'],
    ['see https://x.example.evil.example', 'https://x.example', 'url', 'a longer host of an address'],
    ['pay 18100', 1810, 'amount', 'a longer number'],
    ['pay 1810.50', 1810, 'amount', 'cents'],
    ['the annals', 'anna', 'to', 'a part of a word'],
    ['nothing', 'anna@company.example', 'to', 'not there'],
  ])('%j does not hold %j as %s: %s', (text, value, name, _why) => expect(holds(text, value, name)).toBe(false))
  test('all places are told, each once, with what the operator said of them', () => {
    const mail = { origin: 'tool', source: 'mail.read', integrity: 'email', classes: ['pii'] } as const
    const contents = [content('to anna'), content('anna', mail), content('anna again', mail)]
    expect(traceSlots(slots({ to: 'anna' }), contents)[0]?.origins).toEqual([
      { origin: 'user', integrity: 'user', classes: [] },
      mail,
    ])
  })
  test('approved values are told as such, whatever their form', () => {
    expect(traceSlots(slots({ to: 'Anna ' }), [], { to: ['anna '] })[0]).toMatchObject({ isApproved: true, origins: [] })
    expect(traceSlots(slots({ to: 'bob' }), [], { to: ['anna'] })[0]?.isApproved).toBe(false)
    expect(traceSlots(slots({ to: 'bob' }), [], { to: 'bound' })[0]?.isApproved).toBe(true)
  })
  test.each([
    ['anna@company.example', true, 'an address there'],
    ['Anna.B+x@COMPANY.example', true, 'case, dots and tags'],
    ['anna@eu.company.example', false, 'a domain below it is another'],
    ['anna@company.example.evil.example', false, 'a longer domain'],
    ['anna@evilcompany.example', false, 'a domain that ends alike'],
    ['eve@evil.example, anna@company.example', false, 'a list that ends there'],
    ['eve%evil.example@company.example', false, 'a route to elsewhere'],
    ['"eve@evil.example" <anna@company.example>', false, 'a name before it'],
    ['anna@cоmpany.example', false, 'a letter that looks like one'],
    ['@Company.example', true, 'the words of the list themselves'],
    ['company.example', false, 'no address'],
  ])('R237: an approved domain and %j: %s (%s)', (to, isApproved, _why) =>
    expect(traceSlots(slots({ to }), [], { to: ['x@other.example', '@company.example'] })[0]?.isApproved).toBe(isApproved),
  )
  test('law: a value that stands alone in a text is found, and a text without it holds it never', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9]{2,15}@[a-z]{3,10}\.example$/)
    fc.assert(fc.property(word, fc.lorem(), (value, around) => holds(`${around} ${value.toUpperCase()}, ${around}`, value)))
    fc.assert(fc.property(word, fc.lorem(), (value, around) => !holds(`${around} x${value}z ${around}`, value)))
  })
})

test('R237: law: labels join; nothing that enters makes a session more trusted', () => {
  const label = fc.record({
    integrity: fc.constantFrom(...INTEGRITY_LEVELS),
    classes: fc.uniqueArray(fc.constantFrom('pii', 'phi')),
  })
  const rank = (of: { integrity: (typeof INTEGRITY_LEVELS)[number] }): number => INTEGRITY_LEVELS.indexOf(of.integrity)
  fc.assert(
    fc.property(label, label, label, (a, b, c) => {
      expect(joinLabels(a, b)).toEqual(joinLabels(b, a))
      expect(joinLabels(joinLabels(a, b), c)).toEqual(joinLabels(a, joinLabels(b, c)))
      expect(rank(joinLabels(a, b))).toBeLessThanOrEqual(rank(a))
      expect(joinLabels(EMPTY_LABEL, a)).toEqual({ ...a, classes: a.classes.toSorted() })
    }),
  )
})
