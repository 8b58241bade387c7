import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AlertOptions } from './alert-options.ts'
import type { Observation, Rule } from './define-rule.ts'
import { anyEntry } from './fixtures/any-entry.ts'
import { ALERT_CLASSES, SEVERITIES } from './severity.ts'
import { toEvents } from './to-events.ts'

const amount = fc.integer({ min: 0, max: 1e6 })
const anySample = fc.record({
  timeMs: amount,
  p99Ms: fc.option(amount, { nil: undefined }),
  acts: amount,
  failures: amount,
  loopDelayMs: amount,
})
/** Anything a rule can be shown. */
export const anyObservations: fc.Arbitrary<Observation[]> = fc
  .array(
    fc.oneof(
      anyEntry.map((entry) => toEvents(entry, { origin: 'o' }).map((event): Observation => ({ type: 'event', event }))),
      anySample.map((sample): Observation[] => [{ type: 'sample', sample: sample as never }]),
    ),
    { maxLength: 30 },
  )
  .map((all) => all.flat())

/** What every rule owes: the same incidents for the same observations, of known class and severity, and never a throw. */
export function ruleContract<S>(rule: Rule<S, AlertOptions>): void {
  describe(`rule ${rule.id}`, () => {
    test('is deterministic and reports what receivers can read', () => {
      const options = AlertOptions.parse({})
      fc.assert(
        fc.property(anyObservations, (observations) => {
          const run = () => {
            const state = rule.initial()
            return observations.flatMap((observation) => rule.step(state, observation, options))
          }
          const incidents = run()
          expect(run()).toEqual(incidents)
          for (const incident of incidents) {
            expect(ALERT_CLASSES).toContain(incident.class)
            expect(SEVERITIES).toContain(incident.severity)
            expect(incident.message).toMatch(/^[ -~]{1,200}$/)
            expect(incident.count).toBeGreaterThan(0)
          }
        }),
        { numRuns: 60 },
      )
    })
  })
}
