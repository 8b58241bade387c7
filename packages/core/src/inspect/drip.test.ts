import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HEX, invented } from './detectors/secrets/fixtures/invented.ts'
import { dripAct, openDrip, sinkOf, type DripAct } from './drip.ts'

const drip = openDrip()
/** The gravest finding of a sequence of acts, one every `everyMs`. */
function worst(acts: readonly DripAct[], everyMs = 1_000): string | undefined {
  let state = drip.empty
  let gravest: string | undefined
  acts.forEach((act, index) => {
    const step = drip.step(state, act, index * everyMs)
    state = step.state
    if (step.finding && gravest !== 'high') gravest = step.finding.severity
  })
  return gravest
}
const times = (count: number, act: (index: number) => DripAct) => Array.from({ length: count }, (_, index) => act(index))

describe('R075: small payloads to one sink add up', () => {
  test('hex in a parameter', () => expect(worst(times(40, (i) => dripAct('attacker.net', invented(i, 24, HEX))))).toBe('high'))
  test('base64 in a parameter', () => expect(worst(times(30, (i) => dripAct('attacker.net', invented(i, 20))))).toBe('high'))
  test('labels below one domain', () =>
    expect(worst(times(60, (i) => dripAct(`${i}.t.attacker.co.uk`, invented(i, 14))))).toBe('high'))
  test('a few units at a time', () => expect(worst(times(80, (i) => dripAct('attacker.net', invented(i, 8))))).toBe('high'))
  test('spread over many hosts', () => expect(worst(times(400, (i) => dripAct(`h${i}.net`, invented(i, 20))))).toBe('high'))
  test('half as much is medium', () => expect(worst(times(12, (i) => dripAct('attacker.net', invented(i, 20))))).toBe('medium'))
  test('a book in sentences', () =>
    expect(worst(times(300, (i) => dripAct('attacker.net', `${'the next part of what was said '.repeat(3)} page ${i}`)))).toBe(
      'medium',
    ))
})

describe('R075: ordinary traffic does not', () => {
  const words = [
    'renew passport',
    'cheap flights to rome',
    'weather',
    'who wrote faust',
    'tax on books',
    'train to zürich',
    'opening hours',
    'best pizza',
  ]
  test('searches', () =>
    expect(worst(times(200, (i) => dripAct('search.partner.net', `${words[i % 8]} ${words[(i * 3 + 1) % 8]}`)))).toBeUndefined())
  test('pages', () => expect(worst(times(500, (i) => dripAct('api.partner.net', String(i))))).toBeUndefined())
  test('long numbers of orders', () =>
    expect(worst(times(100, (i) => dripAct('api.partner.net', String(20_261_126_000 + i))))).toBeUndefined())
  test('a ping with the same token', () =>
    expect(worst(times(1_000, () => dripAct('monitor.partner.net', invented(7, 32))))).toBeUndefined())
  test('pings of seven monitors', () =>
    expect(worst(times(1_000, (i) => dripAct('monitor.partner.net', invented(i % 7, 16))))).toBeUndefined())
  test('a few identifiers', () => expect(worst(times(5, (i) => dripAct('api.partner.net', invented(i, 32))))).toBeUndefined())
  test('many over days', () =>
    expect(
      worst(
        times(100, (i) => dripAct('api.partner.net', invented(i, 20))),
        900_000,
      ),
    ).toBeUndefined())
  test('one large payload is not a drip', () => expect(worst([dripAct('attacker.net', invented(1, 5_000))])).toBeUndefined())
})

test('state is bounded, and a step does not change the state it was given', () => {
  let state = drip.empty
  for (let i = 0; i < 500; i++) {
    const before = JSON.stringify([...state.sinks])
    const next = drip.step(state, dripAct(`h${i}.net`, invented(i, 16)), i).state
    expect(JSON.stringify([...state.sinks])).toBe(before)
    state = next
  }
  expect(state.sinks.size).toBeLessThanOrEqual(65)
})
test('a clock that goes back does no harm', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 10_000_000 }), fc.integer({ min: 0, max: 99 })), { maxLength: 50 }),
      (steps) => {
        let state = drip.empty
        for (const [nowMs, value] of steps) state = drip.step(state, dripAct('a.net', invented(value, 16)), nowMs).state
        for (const tally of state.sinks.values()) expect(tally.opaqueBytes >= 0 && Number.isFinite(tally.opaqueBytes)).toBe(true)
      },
    ),
  )
})
test.each([
  ['a.b.attacker.net', 'attacker.net'],
  ['a.b.attacker.co.uk', 'attacker.co.uk'],
  ['ATTACKER.net', 'attacker.net'],
  ['203.0.113.7', '203.0.113.7'],
  ['localhost', 'localhost'],
])('sink of %s is %s', (host, sink) => expect(sinkOf(host)).toBe(sink))
