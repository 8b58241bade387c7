import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { detectorContract } from '../../detectors.contract.ts'
import { others, ways } from './fixtures/texts.ts'
import { canaryDetector } from './index.ts'
import { CANARY_RANDOM_BYTES, makeCanary } from './make-canary.ts'

const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
const random = Uint8Array.from({ length: CANARY_RANDOM_BYTES }, (_, i) => 251 - i * 13)
const canary = makeCanary(random, key)
const LISTED = 'Falcon-Ledger-2291'
const detector = canaryDetector([LISTED], key)
const at = { channel: 'output', path: '', field: '', view: 'text', otherTools: [] } as const
const see = (text: string) => detector.detect(text, at)

describe('R075: a planted token is found however it leaves', () => {
  test.each(ways)('%s', (_, become) => {
    for (const token of [canary, LISTED]) {
      const text = become(token)
      const [seen] = see(text)
      expect(seen).toMatchObject({ code: 'canary', severity: 'high' })
      expect(
        text
          .slice(seen?.start, seen?.end)
          .toLowerCase()
          .replaceAll(/[^a-z0-9]/g, ''),
      ).toBe(token.toLowerCase().replaceAll('-', ''))
    }
  })
})
describe('R075: what looks like one is not', () => {
  test.each(others)('%s', (_, text) => expect(see(text)).toEqual([]))
  test('a canary of another key', () =>
    expect(
      see(
        makeCanary(
          random,
          key.map((byte) => byte ^ 1),
        ),
      ),
    ).toEqual([]))
  test('a canary with one digit changed, wherever', () => {
    for (let i = 0; i < canary.length; i++)
      expect(see(`${canary.slice(0, i)}${canary[i] === '0' ? '1' : '0'}${canary.slice(i + 1)}`)).toEqual([])
  })
  test('without the key nothing is recognised', () => expect(canaryDetector([]).detect(canary, at)).toEqual([]))
})
test('every canary is recognised by its key, and looks like hexadecimal', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: CANARY_RANDOM_BYTES, maxLength: 16 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (bytes, own) => {
        const made = makeCanary(bytes, own)
        expect(made).toMatch(/^[0-9a-f]{32}$/)
        expect(canaryDetector([], own).detect(`x${made}`.slice(1), at).length).toBe(1)
      },
    ),
    { numRuns: 30 },
  )
})
test('too little randomness and too short a token are refused', () => {
  expect(() => makeCanary(random.subarray(1), key)).toThrow(RangeError)
  expect(() => canaryDetector(['falcon'])).toThrow('fewer than 8')
})
test('a megabyte of digits is read to its end', () => {
  for (const unit of ['0', 'af', '0 ', canary]) expect(see(unit.repeat(1_048_576 / unit.length)).length).toBeLessThanOrEqual(10)
})

detectorContract(detector)
