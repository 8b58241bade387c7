import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commit, fromBase64, fromHex, sha256, sha256Hex, toBase64, toHex, utf8 } from './bytes.ts'

const anyBytes = fc.uint8Array({ maxLength: 200 })
const anyText = fc.string({ unit: 'binary', maxLength: 200 })

test('base64 is what Node writes, and reads back', () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const text = toBase64(bytes)
      expect(text).toBe(Buffer.from(bytes).toString('base64'))
      expect(fromBase64(text)).toEqual(bytes)
    }),
  )
})

describe('base64 that has a second spelling is malformed', () => {
  test.each(['A', 'AA', 'AAA', 'A===', '====', 'AB==', 'AAB=', 'AA=A', 'AA==AAAA', 'AAAA\n', ' AAAA', 'AA-_', 'AA*='])(
    '%j',
    (text) => {
      expect(fromBase64(text)).toBeUndefined()
    },
  )
  test('the empty text is no bytes', () => expect(fromBase64('')).toEqual(new Uint8Array()))
})

test('hex, SHA-256 and HMAC-SHA-256 are what node:crypto computes', () => {
  fc.assert(
    fc.property(anyBytes, anyText, fc.uint8Array({ maxLength: 130 }), (bytes, text, key) => {
      expect(toHex(bytes)).toBe(Buffer.from(bytes).toString('hex'))
      expect(fromHex(toHex(bytes))).toEqual(bytes)
      expect(toHex(sha256(bytes))).toBe(createHash('sha256').update(bytes).digest('hex'))
      expect(sha256Hex(text)).toBe(createHash('sha256').update(text, 'utf8').digest('hex'))
      expect(commit(key, text)).toBe(createHmac('sha256', key).update(text, 'utf8').digest('hex'))
      expect(Buffer.from(utf8(text)).toString('utf8')).toBe(text)
    }),
  )
})

test.each(['0', 'zz', '0x'])('%j is not hex', (text) => {
  expect(() => fromHex(text)).toThrow()
})
