import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keepAlive, type KeepAliveOptions } from './keep-alive.ts'

let wallMs: number
let monotonicMs: number
let size: number
let isHolder: boolean
let recorded: { verb: string; detail: object }[]
let stop: () => void

beforeEach(() => {
  vi.useFakeTimers()
  ;[wallMs, monotonicMs, size, isHolder, recorded] = [1_000_000, 0, 5, true, []]
})
afterEach(() => {
  stop()
  vi.useRealTimers()
})

const start = (more: Partial<KeepAliveOptions> = {}) => {
  stop = keepAlive({
    log: { size: () => Promise.resolve(size) },
    leases: { hold: () => Promise.resolve(isHolder), release: () => Promise.resolve() },
    record: (act) => {
      recorded.push(act)
      size++
    },
    aliveMs: 1_000,
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    operatorLog: () => undefined,
    ...more,
  })
}
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    wallMs += 50
    monotonicMs += 50
    await vi.advanceTimersByTimeAsync(50)
  }
}
const verbs = () => recorded.map(({ verb }) => verb)

test('R115: an idle log gets a sign of life, at most one an interval, and a busy one none', async () => {
  start()
  await pass(4_000)
  expect(verbs()).toEqual(['log.alive', 'log.alive', 'log.alive'])
  for (let i = 0; i < 20; i++) {
    size++
    await pass(200)
  }
  expect(verbs()).toHaveLength(3)
})

test('R115: only one gateway of many gives it, and none where it is off', async () => {
  isHolder = false
  start()
  await pass(4_000)
  expect(recorded).toEqual([])
  stop()
  isHolder = true
  start({ aliveMs: 0 })
  await pass(20_000)
  expect(recorded).toEqual([])
})

test.each([-60_000, 60_000])('R115: a clock that is set by %d ms is told once', async (byMs) => {
  start({ aliveMs: 0, replica: 'r1' })
  await pass(6_000)
  wallMs += byMs
  await pass(20_000)
  expect(recorded).toEqual([{ verb: 'clock.stepped', detail: { byMs, replica: 'r1' } }])
})

test('a log that cannot be asked ends nothing', async () => {
  const operatorLog = vi.fn<() => void>()
  start({ log: { size: () => Promise.reject(new Error('gone')) }, operatorLog })
  await pass(2_000)
  expect(operatorLog).toHaveBeenCalled()
  expect(recorded).toEqual([])
})
