import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CHANNELS } from '../model/channel.ts'
import type { Detector, Sighting, Surroundings } from './define-detector.ts'
import { IDENTIFIER_TYPES, type IdentifierCode } from './identifiers/identifier-types.ts'

/** Text, code, the value that is to be found in it, and the name of the member whose value the text is. */
export type Found = readonly [text: string, code: IdentifierCode, value: string, field?: string]
/** Why it is a twin, the text, and the name of the member. */
export type Passed = readonly [why: string, text: string, field?: string]

export function detectIn(detector: Detector, text: string, field = ''): readonly Sighting[] {
  const surroundings: Surroundings = { channel: 'tool', path: '', field, view: 'text', otherTools: [] }
  return detector.detect(text, surroundings)
}

/** Requirements besides R077 and R226 that finding these proves. */
const PROVES: Readonly<Record<string, string>> = {
  'payment-card': 'R133 R212 R247',
  'national-ids': 'R133',
  contact: 'R133',
  iban: 'R133',
  health: 'R138 R285',
}

/** What every detector of identifiers owes: each fixture found at its place, wherever it stands, and each benign twin passed. */
export function identifiersContract(detector: Detector, found: readonly Found[], passed: readonly Passed[]): void {
  describe(`${['R077 R226', PROVES[detector.id]].join(' ').trim()}: ${detector.id} finds`, () => {
    test.each(found.map((fixture) => ({ title: fixture.join(' | '), fixture })))(
      '$title',
      ({ fixture: [text, code, value, field] }) => {
        const sightings = detectIn(detector, text, field)
        expect(sightings.map((one) => [one.code, text.slice(one.start, one.end)])).toContainEqual([code, value])
        for (const one of sightings) {
          expect(one.class).toBe(IDENTIFIER_TYPES[one.code as IdentifierCode].class)
          expect(one.code).toMatch(/^[a-z0-9_]+$/)
        }
      },
    )
    test('the same in the middle of a long text, at the place moved by as much', () => {
      const prose = fc
        .constantFrom('', 'It rained all day.\n', 'Le vent est tombé. ', '“Très bien” — 好的。\n', 'a\u0301 😀\n')
        .map((one) => one.repeat(9))
      fc.assert(
        fc.property(prose, prose, fc.constantFrom(...found), (prefix, after, [text, code, value, field]) => {
          // The name of a member is the label of what its value begins with.
          const before = field === undefined ? prefix : ''
          const whole = `${before}${text}\n${after}`
          const starts = detectIn(detector, whole, field).filter(
            (one) => one.code === code && whole.slice(one.start, one.end) === value,
          )
          expect(starts.map(({ start }) => start - before.length)).toContain(text.indexOf(value))
        }),
        { numRuns: 200 },
      )
    })
  })
  describe(`R077: ${detector.id} passes the benign twin`, () => {
    test.each(passed.map((fixture) => ({ title: fixture.join(' | '), fixture })))('$title', ({ fixture: [, text, field] }) =>
      expect(detectIn(detector, text, field)).toEqual([]),
    )
  })
  test(`${detector.id} looks in every channel but definitions`, () =>
    expect(detector.channels).toEqual(CHANNELS.filter((channel) => channel !== 'definition')))
}
