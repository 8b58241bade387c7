import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANNELS } from '../model/channel.ts'
import type { Detector, Surroundings } from './define-detector.ts'

const places: readonly Surroundings[] = ['/name', '/inputSchema/properties/a/default', '/description', ''].map((path) => ({
  channel: 'definition',
  path,
  field: path.slice(path.lastIndexOf('/') + 1),
  view: 'text',
  otherTools: ['send_mail', 'search'],
}))

/** Texts that cost a backtracking or quadratic detector dearly, and contain what detectors look for. */
const HOSTILE: readonly string[] = [
  'a',
  ' ',
  '<',
  '<important>',
  'do not ',
  'do not tell ',
  'ignore all ',
  'before ',
  'read ',
  '\u200b',
  '\u{e0041}',
  '\ufe0f',
  '😀\u200d',
  '-',
  '.',
  '/',
  "'",
  'send_mail must ',
  'aаb',
  '<|',
  '<system ',
  '[SYSTEM',
  '---',
  '--- end of ',
  '\n\nHuman:',
  '"role":',
  '</data>',
  'sallyport-untruste',
  'ignore all previous ',
  'you are now ',
  'send the full ',
  'decode base64 and ',
  '忽略',
  '忽略之前的',
  '. ',
]

/** What every detector owes: spans inside the text, the same answer each time, nothing thrown, and linear time. */
export function detectorContract(detector: Detector): void {
  describe(`detector ${detector.id}`, () => {
    test('names its channels', () => {
      expect(detector.channels.length).toBeGreaterThan(0)
      for (const channel of detector.channels) expect(CHANNELS).toContain(channel)
    })
    test('spans lie inside the text and are not empty, and it is pure', () => {
      const anyText = fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.array(fc.constantFrom(...HOSTILE, 'the user', 'instructions', 'tool'), { maxLength: 30 }).map((parts) => parts.join('')),
      )
      fc.assert(
        fc.property(anyText, fc.constantFrom(...places), (text, place) => {
          const seen = detector.detect(text, place)
          for (const { start, end } of seen) expect(start >= 0 && start < end && end <= text.length).toBe(true)
          expect(detector.detect(text, place)).toEqual(seen)
        }),
      )
    })
    // Nothing is timed: what is not linear here takes hours and never ends.
    test.each(HOSTILE)('gets to the end of a megabyte of %j', (unit) => {
      const text = unit.repeat(Math.ceil(1_048_576 / unit.length))
      for (const place of places.slice(0, 2)) expect(Array.isArray(detector.detect(text, place))).toBe(true)
    })
  })
}
