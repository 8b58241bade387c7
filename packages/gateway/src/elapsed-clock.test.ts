import { expect, test } from 'vitest'
import { openElapsedClock } from './elapsed-clock.ts'

function world() {
  const at = { monotonic: 0, wall: 1_000_000 }
  const clock = openElapsedClock({ monotonicMs: () => at.monotonic, wallMs: () => at.wall })
  const pass = (monotonic: number, wall: number): number => {
    at.monotonic += monotonic
    at.wall += wall
    return clock()
  }
  return { clock, pass }
}

test('R183: time passes as the monotonic clock says, whatever small steps the other makes', () => {
  const { clock, pass } = world()
  for (let i = 0; i < 1_000; i++) pass(0.1, i % 10 === 0 ? 1 : 0)
  expect(clock()).toBeCloseTo(100, 6)
})

test('R183: what a machine slept through counts, though its monotonic clock stood still', () => {
  expect(world().pass(1, 600_000)).toBe(600_000)
})

test('R183: a wall clock that is set back makes nothing younger', () => {
  const { pass } = world()
  expect(pass(5, -86_400_000)).toBe(5)
  expect(pass(5, 5)).toBe(10)
})
