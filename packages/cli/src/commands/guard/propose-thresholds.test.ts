import { DEFAULT_GUARD_POLICY, GuardThresholds } from '@sallyport/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { thresholdFor, withThreshold } from './propose-thresholds.ts'
import { wilson } from './wilson.ts'

const score = fc.double({ min: 0, max: 1, noNaN: true })

test('R058: with the proposed threshold at most the wanted share is an alarm, and no lower one would do', () => {
  fc.assert(
    fc.property(
      fc.array(score, { minLength: 1, maxLength: 400 }),
      fc.double({ min: 0.001, max: 0.2, noNaN: true }),
      (scores, rate) => {
        const threshold = thresholdFor(scores, rate)
        const alarms = (at: number) => scores.filter((one) => one >= at).length
        if (threshold < 1) expect(alarms(threshold)).toBeLessThanOrEqual(Math.floor(rate * scores.length))
        if (threshold > 0.002) expect(alarms(threshold - 0.002)).toBeGreaterThan(Math.floor(rate * scores.length))
      },
    ),
  )
})
test('R058: proposed thresholds are ones the configuration takes', () => {
  fc.assert(
    fc.property(score, fc.constantFrom('unknown', 'email', 'user', 'api', 'internal'), (threshold, level) => {
      const proposed = withThreshold(DEFAULT_GUARD_POLICY.thresholds, level, threshold)
      expect(GuardThresholds.parse(proposed)).toEqual(proposed)
      expect(proposed[level]).toBe(threshold)
    }),
  )
})
test.each([
  [0, 200, 0, 0.0188],
  [2, 200, 0.0027, 0.0357],
  [200, 200, 0.9812, 1],
  [0, 0, 0, 1],
])('Wilson interval of %i in %i', (hits, of, low, high) => {
  expect(wilson(hits, of).low).toBeCloseTo(low, 4)
  expect(wilson(hits, of).high).toBeCloseTo(high, 4)
})
