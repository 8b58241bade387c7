import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256, toHex } from '../model/bytes.ts'
import { anyEntry } from './fixtures/any-entry.ts'
import { ORIGIN, SAMPLES, sampleEntry, sampleEvent } from './fixtures/samples.ts'
import { SecurityEvent } from './security-event.ts'
import { toEvents } from './to-events.ts'

test('R137: every entry the log can hold becomes valid events, the same ones each time', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      const events = toEvents(entry, { origin: ORIGIN })
      expect(events.map((event) => SecurityEvent.safeParse(event).error)).toEqual(events.map(() => undefined))
      expect(toEvents(entry, { origin: ORIGIN })).toEqual(events)
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
    }),
    { numRuns: 500 },
  )
})

test('R137: an event says where its entry lies, with the hash that a proof of it starts from', () => {
  const entry = sampleEntry('allowed')
  const leaf = toHex(sha256(Uint8Array.of(0, ...entry.bytes)))
  expect(sampleEvent('allowed').log).toEqual({ origin: ORIGIN, index: 0, leafHash: leaf })
})

test('R268: decision, outcome and finding of one act share call and span, acts of one session share the trace', () => {
  const [decision, outcome, finding] = [sampleEvent('allowed'), sampleEvent('succeeded'), sampleEvent('injected', 1)]
  expect(outcome.trace?.spanId).toBe(decision.trace?.spanId)
  expect(finding.call?.id).toBe(decision.call?.id)
  const other = toEvents(
    { ...sampleEntry('read'), entry: { ...sampleEntry('read').entry, act: 'act-8' } as never },
    { origin: ORIGIN },
  )[0]
  expect(other?.trace?.spanId).not.toBe(decision.trace?.spanId)
  expect(other?.trace?.traceId).toBe(decision.trace?.traceId)
})

test('R268: a caller’s traceparent is a link and never an id of ours', () => {
  const { trace } = sampleEvent('allowed')
  expect(trace?.link).toBe(`00-${'4b'.repeat(16)}-${'a1'.repeat(8)}-01`)
  expect(trace?.link).not.toContain(trace?.traceId)
  expect(trace?.link).not.toContain(trace?.spanId)
})

test.each([
  ['allowed', 'act.allowed', 'info', 4],
  ['denied', 'act.denied', 'medium', 3],
  ['held', 'act.held', 'low', 4],
  ['evaluated', 'act.evaluated', 'info', 4],
  ['failed', 'act.failed', 'low', 4],
  ['injected', 'act.withheld', 'medium', 3],
  ['lost', 'act.unknown', 'high', 2],
  ['refused', 'identity.refused', 'medium', 3],
  ['isolated', 'agent.isolated', 'critical', 1],
  ['released', 'agent.released', 'high', 2],
  ['signed', 'policy.changed', 'medium', 3],
  ['session', 'access.changed', 'low', 4],
  ['forbidden', 'admin.refused', 'medium', 3],
  ['foreign', 'credential.foreign_use', 'high', 2],
  ['started', 'gateway.changed', 'info', 4],
  ['dropped', 'sink.dropped', 'high', 2],
  ['alert', 'alert.policy', 'medium', 3],
])('R270: %s is %s: %s, priority %i', (name, kind, severity, priority) => {
  expect(Object.keys(SAMPLES)).toContain(name)
  expect(sampleEvent(name)).toMatchObject({ kind, severity, priority })
})

test('R270: what detectors saw weighs as much as the worst of it', () => {
  expect(sampleEvent('injected', 1)).toMatchObject({ type: 'detection', kind: 'finding.high', severity: 'high', priority: 2 })
})

test('observe mode stays visible', () => {
  expect(sampleEvent('observed').verdict).toMatchObject({ evaluated: 'deny', enforced: 'allow', mode: 'observe' })
})

test('an alert that nobody could have raised by the rules is an administrative act', () => {
  const body = { ...SAMPLES['alert'], detail: { rule: 'x', class: 'marvellous', message: 'y' } }
  const entry = { ...sampleEntry('alert'), entry: { ...sampleEntry('alert').entry, ...body } as never }
  expect(toEvents(entry, { origin: ORIGIN })[0]).toMatchObject({ type: 'admin', kind: 'admin.done' })
})
