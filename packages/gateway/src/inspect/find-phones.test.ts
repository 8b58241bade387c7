import { contactDetector } from '@sallyport/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { phoneFinder } from './find-phones.ts'

const contact = contactDetector({ findPhones: phoneFinder() })
const phonesIn = (text: string, field = '') =>
  contact
    .detect(text, { channel: 'tool', path: '', field, view: 'text', otherTools: [] })
    .filter(({ code }) => code === 'phone')
    .map(({ start, end }) => text.slice(start, end))

/** Numbers of the ranges set apart for films and examples, where a country has them. */
const FOUND: readonly (readonly [string, string, string?])[] = [
  ['Ring +44 20 7946 0958 after six.', '+44 20 7946 0958'],
  ['+1 (202) 555-0143', '+1 (202) 555-0143'],
  ['tel:+12025550143', '+12025550143'],
  ['+49 (0)30 23125 012', '+49 (0)30 23125 012'],
  ['Call (202) 555-0143 or write.', '(202) 555-0143'],
  ['my cell is 202-555-0143', '202-555-0143'],
  ['202-555-0143', '202-555-0143'],
  ['Desk: 202-555-0143x17', '202-555-0143x17'],
  ['2025550143', '2025550143', 'phone_number'],
  ['2025550143', '2025550143', 'mobileNumber'],
  ['phone: 202.555.0143', '202.555.0143'],
  ['Tel. 020 7946 0958', '020 7946 0958'],
  ['Téléphone : 06 39 98 12 34', '06 39 98 12 34'],
  ['Fax 030 23125012', '030 23125012'],
  ['whatsapp +91 98765 43210', '+91 98765 43210'],
]
const PASSED: readonly (readonly [string, string, string?])[] = [
  ['without a word about it', '2025550143'],
  ['without a word about it', '020 7946 0958'],
  ['an order', 'order 2025550143'],
  ['a date and a time', 'call me on 2026-11-26 07:14'],
  ['a day', 'call on 26.11.2026'],
  ['an amount', 'text: 1.234.567.890'],
  ['an address', 'phone at 192.168.10.12'],
  ['a piece of a word', 'phone a2025550143'],
  ['a UUID', 'phone 41111111-1111-4111-8111-411111111111'],
  ['too long', 'phone 202555014320255501432025550143'],
  ['no such country', '+999 202 555 0143'],
  ['too short', '+1 202 555'],
]

describe('R077: telephone numbers', () => {
  test.each(FOUND.map((fixture) => ({ title: fixture.join(' | '), fixture })))('$title', ({ fixture: [text, value, field] }) =>
    expect(phonesIn(text, field)).toEqual([value]),
  )
  test.each(PASSED.map((fixture) => ({ title: fixture.join(' | '), fixture })))('not $title', ({ fixture: [, text, field] }) =>
    expect(phonesIn(text, field)).toEqual([]),
  )
  test('spans lie inside the text, in order, and do not overlap', () => {
    const findPhones = phoneFinder()
    const text = fc.array(fc.constantFrom('+', '(', ')', '1', '202', '555', '0143', ' ', '-', '.', '/', 'x', '\u00a0'), {
      maxLength: 40,
    })
    fc.assert(
      fc.property(text, (parts) => {
        let before = 0
        for (const { start, end } of findPhones(parts.join(''), () => true)) {
          expect(start >= before && start < end && end <= parts.join('').length).toBe(true)
          before = end
        }
      }),
    )
  })
  // Nothing is timed: what is not linear here takes hours and never ends.
  test.each(['4', '4 ', '+', '(4', '+4(', '202-555-0143 ', '202555014 '])('gets to the end of a megabyte of %j', (unit) => {
    const found = phoneFinder()(unit.repeat(Math.ceil(1_048_576 / unit.length)), () => false)
    expect(found).toEqual([])
  })
})
