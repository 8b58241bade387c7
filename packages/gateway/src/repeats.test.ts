import type { Repeat } from '@sallyport/core'
import { expect, test } from 'vitest'
import { openRepeats } from './repeats.ts'

const repeat = (key: string, repeatsMax = 3): Repeat => ({ key, what: 'a', repeatsMax, windowMs: 100 })

test('the same thing is well as often as it may be, and a loop from then on until the first is old', () => {
  const repeats = openRepeats()
  for (const at of [0, 10, 20]) expect(repeats.take(repeat('a'), at)).toEqual({ isLoop: false })
  expect(repeats.take(repeat('a'), 30)).toEqual({ isLoop: true, retryAfterMs: 70 })
  expect(repeats.take(repeat('b'), 30)).toEqual({ isLoop: false })
  expect(repeats.take(repeat('a'), 99)).toMatchObject({ isLoop: true })
  expect(repeats.take(repeat('a'), 100)).toEqual({ isLoop: false })
})

test('what was given back does not count, and what was refused never did', () => {
  const repeats = openRepeats()
  for (const at of [0, 1, 2]) repeats.take(repeat('a'), at)
  for (let i = 0; i < 50; i++) repeats.take(repeat('a'), 3)
  repeats.giveBack('a', 1)
  repeats.giveBack('a', 7)
  repeats.giveBack('unknown', 1)
  expect(repeats.take(repeat('a'), 4)).toEqual({ isLoop: false })
  expect(repeats.take(repeat('a'), 5)).toMatchObject({ isLoop: true })
})

test('memory is bounded: what was done longest ago is forgotten first', () => {
  const repeats = openRepeats()
  repeats.take(repeat('first', 1), 0)
  for (let i = 0; i < 50_000; i++) repeats.take(repeat(`k${i}`, 1), 0)
  expect(repeats.take(repeat('first', 1), 1)).toEqual({ isLoop: false })
  expect(repeats.take(repeat('k49999', 1), 1)).toMatchObject({ isLoop: true })
})
