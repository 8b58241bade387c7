import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHeader, encodeHeader } from './wire.ts'

test.each([
  ['plain', 'plain', 'plain text is itself'],
  ['a\tb c', 'a\tb c', 'white space inside stays'],
  ['', '=?base64??=', 'nothing needs the sentinel'],
  [' a', '=?base64?IGE=?=', 'a space in front would be stripped'],
  ['é', '=?base64?w6k=?=', 'beyond ASCII'],
  ['a\r\nX: y', '=?base64?YQ0KWDogeQ==?=', 'a line break is not a header'],
  ['=?base64?YQ==?=', '=?base64?PT9iYXNlNjQ/WVE9PT89?=', 'what looks like the sentinel'],
])('encodeHeader %j is %j: %s', (value, header) => {
  expect(encodeHeader(value)).toBe(header)
  expect(decodeHeader(header)).toBe(value)
})

test.each([
  ['=?base64?YQ=?=', 'padding is short'],
  ['=?base64?YQ?=', 'padding is missing'],
  ['=?base64?YR==?=', 'bits are left over'],
  ['=?base64?Y Q==?=', 'a space inside'],
  ['=?base64?-_==?=', 'the alphabet of URLs'],
  ['=?base64?/w==?=', 'not UTF-8'],
  ['=?base64?7aCA?=', 'a surrogate in UTF-8'],
])('%j is malformed: %s', (header) => {
  expect(decodeHeader(header)).toBeUndefined()
})

test.each([
  ['=?base64?YQ==', 'no end'],
  ['YQ==?=', 'no beginning'],
  ['=?BASE64?YQ==?=', 'another case'],
])('%j means what it says: %s', (header) => {
  expect(decodeHeader(header)).toBe(header)
})

test('any text survives a header, which is printable ASCII and not stripped', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const header = encodeHeader(text)
      expect(header).toMatch(/^[\x20-\x7e\t]+$/)
      expect(header.trim()).toBe(header)
      expect(decodeHeader(header)).toBe(text)
    }),
  )
})
