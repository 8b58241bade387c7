import { describe, expect, test } from 'vitest'
import { type Breaker, openBreaker } from './breaker.ts'

function opened() {
  const clock = { ms: 0 }
  const breaker = openBreaker({ nowMs: () => clock.ms, random: () => 0.5 })
  return { clock, breaker }
}
const attempt = (breaker: Breaker, outcome: Parameters<Breaker['settle']>[0], times = 1): void => {
  for (let i = 0; i < times; i++) if (breaker.enter()) breaker.settle(outcome)
}

describe('R201: a breaker opens', () => {
  test('at half of twenty attempts, not before', () => {
    const { breaker } = opened()
    attempt(breaker, 'success', 10)
    attempt(breaker, 'failure', 9)
    expect(breaker.isClosed()).toBe(true)
    attempt(breaker, 'failure')
    expect(breaker.isClosed()).toBe(false)
  })
  test('at five timeouts in a row, not at five with an answer between', () => {
    const { breaker } = opened()
    attempt(breaker, 'timeout', 4)
    attempt(breaker, 'success')
    attempt(breaker, 'timeout', 4)
    expect(breaker.isClosed()).toBe(true)
    attempt(breaker, 'timeout')
    expect(breaker.isClosed()).toBe(false)
  })
  test('not for what is older than its window', () => {
    const { breaker, clock } = opened()
    attempt(breaker, 'failure', 19)
    clock.ms = 30_001
    attempt(breaker, 'failure')
    expect(breaker.isClosed()).toBe(true)
  })
  test('not for what callers do: cut off, or a bad request', () => {
    const { breaker } = opened()
    attempt(breaker, 'neither', 50)
    expect(breaker.isClosed()).toBe(true)
  })
})

describe('R201: an open breaker', () => {
  const broken = () => {
    const all = opened()
    attempt(all.breaker, 'timeout', 5)
    return all
  }
  test('lets nobody through for its pause, then one probe at a time', () => {
    const { breaker, clock } = broken()
    clock.ms = 12_499
    expect(breaker.enter()).toBe(false)
    clock.ms = 12_500
    expect([breaker.enter(), breaker.enter()]).toEqual([true, false])
  })
  test.each([
    ['success', true],
    ['failure', false],
    ['timeout', false],
  ] as const)('after a probe with %s is closed: %s', (outcome, isClosed) => {
    const { breaker, clock } = broken()
    clock.ms = 12_500
    attempt(breaker, outcome)
    expect(breaker.isClosed()).toBe(isClosed)
    expect(breaker.enter()).toBe(isClosed)
  })
  test('a probe that was cut off proves nothing; the next one may go', () => {
    const { breaker, clock } = broken()
    clock.ms = 12_500
    attempt(breaker, 'neither')
    expect([breaker.isClosed(), breaker.enter()]).toEqual([false, true])
  })
})
