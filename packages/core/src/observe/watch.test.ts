import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AlertOptions } from './alert-options.ts'
import type { HealthSample, Observation, Rule } from './define-rule.ts'
import { stored } from './fixtures/any-entry.ts'
import { ORIGIN, sampleEvent, SAMPLES } from './fixtures/samples.ts'
import { anyObservations, ruleContract } from './rules.contract.ts'
import { rules } from './rules/index.ts'
import type { SecurityEvent } from './security-event.ts'
import { toEvents } from './to-events.ts'
import { alertEntry, openWatch, QUIET_MS } from './watch.ts'

for (const rule of rules) ruleContract(rule as Rule<unknown, AlertOptions>)

const options = AlertOptions.parse({})
const event = (found: SecurityEvent, more: Partial<SecurityEvent> = {}): Observation => ({
  type: 'event',
  event: { ...found, ...more },
})
const sample = (timeMs: number, more: Partial<HealthSample> = {}): Observation => ({
  type: 'sample',
  sample: { timeMs, acts: 100, failures: 0, loopDelayMs: 1, p99Ms: 10, ...more },
})

describe('R269: three classes of alerts, each by what causes it', () => {
  test('performance: bad measurements in a row, and not a single one', () => {
    const watch = openWatch(options)
    expect([1, 2].flatMap((at) => watch(sample(at, { p99Ms: 60_000 })))).toEqual([])
    expect(watch(sample(3, { p99Ms: 60_000 }))).toMatchObject([{ rule: 'saturation', class: 'performance', severity: 'medium' }])
    const other = openWatch(options)
    expect([1, 2, 3, 4, 5, 6].flatMap((at) => other(sample(at, at % 2 ? { loopDelayMs: 9_000 } : {})))).toEqual([])
    expect([1, 2, 3].flatMap((at) => other(sample(at, { failures: 80 })))).toMatchObject([{ class: 'performance' }])
  })
  test('security incident: a foreign credential, an attack in content, a dropped range', () => {
    const watch = openWatch(options)
    expect(watch(event(sampleEvent('foreign')))).toMatchObject([
      { rule: 'foreign-credential', class: 'security', agent: 'invoices' },
    ])
    expect(watch(event(sampleEvent('injected', 1)))).toMatchObject([{ rule: 'hostile-content', class: 'security' }])
    expect(watch(event(sampleEvent('dropped')))).toMatchObject([{ rule: 'record-damage', class: 'security', severity: 'high' }])
    expect(watch(event(sampleEvent('lost')))).toMatchObject([{ rule: 'record-damage', class: 'security' }])
  })
  test('policy violation: an agent that keeps trying, at the count and not before, each agent for itself', () => {
    const watch = openWatch(options)
    const denied = (agent: string, at: number) => watch(event(sampleEvent('denied'), { agent, timeMs: at }))
    for (let at = 0; at < 19; at++) expect([...denied('a', at), ...denied('b', at)]).toEqual([])
    expect(denied('a', 19)).toMatchObject([{ rule: 'denied-burst', class: 'policy', agent: 'a', count: 20 }])
    const slow = openWatch(options)
    for (let at = 0; at < 100; at++) expect(slow(event(sampleEvent('denied'), { timeMs: at * 10_000 }))).toEqual([])
  })
})

test.each(['witness.contradiction', 'witness.overdue', 'log.gap', 'replica.silent'])('R269: %s raises a security alert', (verb) => {
  const entry = stored(
    { type: 'admin', actor: { type: 'system', id: 'sallyport' }, verb, target: 'w', outcome: 'done', detail: {} },
    0,
  )
  const [found] = entry ? toEvents(entry, { origin: ORIGIN }) : []
  expect(openWatch(options)(event(found as SecurityEvent))).toMatchObject([{ class: 'security', severity: found?.severity }])
})

test('R015: an anomaly of behaviour alerts while every measurement is well', () => {
  const watch = openWatch(options)
  const alerts = Array.from({ length: 20 }, (_, at) => [
    ...watch(sample(at)),
    ...watch(event(sampleEvent('denied'), { timeMs: at })),
  ]).flat()
  expect(alerts.map((alert) => alert.class)).toEqual(['policy'])
})

test('R015: bad measurements alert while behaviour is well', () => {
  const watch = openWatch(options)
  const alerts = [1, 2, 3].flatMap((at) => [...watch(sample(at, { loopDelayMs: 5_000 })), ...watch(event(sampleEvent('allowed')))])
  expect(alerts.map((alert) => alert.class)).toEqual(['performance'])
})

test('the same trouble is told once until it was quiet for a while', () => {
  const watch = openWatch(options)
  const at = (timeMs: number) => watch(event(sampleEvent('foreign'), { timeMs }))
  expect(at(0)).toHaveLength(1)
  expect(at(QUIET_MS - 1)).toEqual([])
  expect(at(QUIET_MS)).toHaveLength(1)
})

test('R270: an alert becomes an entry, and the entry an event with class, severity and is_alert', () => {
  const [alert] = openWatch(options)(event(sampleEvent('foreign')))
  const entry = alert && stored(alertEntry(alert, 7), 9)
  const [found] = entry ? toEvents(entry, { origin: ORIGIN }) : []
  expect(found).toMatchObject({
    type: 'alert',
    kind: 'alert.security',
    severity: 'high',
    priority: 2,
    alert: { rule: 'foreign-credential', agent: 'invoices' },
  })
})

test('no observation whatever makes an alert raise another', () => {
  fc.assert(
    fc.property(anyObservations, (observations) => {
      const watch = openWatch(options)
      for (const alert of observations.flatMap((observation) => watch(observation))) {
        const entry = stored(alertEntry(alert), 1)
        for (const found of entry ? toEvents(entry, { origin: ORIGIN }) : []) {
          expect(found.type).toBe('alert')
          expect(watch(event(found))).toEqual([])
        }
      }
    }),
    { numRuns: 50 },
  )
  expect(openWatch(options)(event(sampleEvent('alert')))).toEqual([])
  expect(openWatch(options)(event(sampleEvent('foreign'), { type: 'alert' }))).toEqual([])
  expect(SAMPLES['alert']).toBeDefined()
})

test('R269: a clock that was ahead for a while does not silence alerts', () => {
  const watch = openWatch(options)
  const slow = (from: number) => [1, 2, 3].flatMap((at) => watch(sample(from + at, { p99Ms: 60_000 })))
  expect(slow(1e12)).toHaveLength(1)
  watch(sample(5))
  expect(slow(10)).toHaveLength(1)
})
