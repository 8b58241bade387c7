import type { AlertOptions } from '../../alert-options.ts'
import { defineRule, type HealthSample, type Incident } from '../../define-rule.ts'

/** Measurements in a row that must be bad: one slow second is nothing. */
const BAD_IN_A_ROW = 3
/** A share of fewer acts says nothing. */
const ACTS_MIN = 10

/** A gateway or tool servers that are slow or failing, by measurement; and destinations that cannot keep up. */
export const saturation = defineRule({
  id: 'saturation',
  initial: () => new Map<string, number>(),
  step: (state, observation, options: AlertOptions) => {
    if (observation.type === 'event') {
      const { kind, admin } = observation.event
      if (kind !== 'sink.behind') return []
      return [incident('a destination of events is far behind', `sink ${admin?.target ?? ''}`)]
    }
    const found: Incident[] = []
    for (const [name, message] of troubles(observation.sample, options)) {
      const row = message === undefined ? 0 : (state.get(name) ?? 0) + 1
      state.set(name, row)
      if (message !== undefined && row >= BAD_IN_A_ROW) found.push(incident(message, name))
    }
    return found
  },
})

function troubles(
  { p99Ms, acts, failures, loopDelayMs }: HealthSample,
  options: AlertOptions,
): readonly (readonly [string, string | undefined])[] {
  const share = acts >= ACTS_MIN ? failures / acts : 0
  return [
    [
      'latency',
      p99Ms !== undefined && p99Ms > options.p99MsMax ? `the slowest hundredth of acts took ${Math.round(p99Ms)} ms` : undefined,
    ],
    ['errors', share > options.failureShareMax ? `${Math.round(share * 100)} % of acts failed at the tool servers` : undefined],
    ['event loop', loopDelayMs > options.loopDelayMsMax ? `the event loop was late by ${Math.round(loopDelayMs)} ms` : undefined],
  ]
}

function incident(message: string, subject: string): Incident {
  return { class: 'performance', severity: 'medium', message, subject, count: 1 }
}
