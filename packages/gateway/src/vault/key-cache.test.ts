import { expect, test } from 'vitest'
import { keyCache } from './key-cache.ts'

const limits = { entriesMax: 2, ageMsMax: 100 }

test('a value is made once, by whoever asks first, and is there at once afterwards', async () => {
  let made = 0
  const cache = keyCache<number>(limits, () => 0)
  const make = async (): Promise<number> => ++made
  expect(await Promise.all([cache.load('a', make), cache.load('a', make)])).toEqual([1, 1])
  expect(cache.load('a', make)).toBe(1)
})

test('it is made again when it is too old, pushed out, or was not made', async () => {
  let nowMs = 0
  let made = 0
  const cache = keyCache<number>(limits, () => nowMs)
  const make = async (): Promise<number> => ++made
  await cache.load('a', make)
  nowMs = 100
  expect(await cache.load('a', make)).toBe(2)
  await cache.load('b', make)
  await cache.load('c', make)
  expect(await cache.load('a', make)).toBe(5)
  await expect(cache.load('d', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await cache.load('d', make)).toBe(6)
})

test('R229: after clear nothing is known, and what was being made is not kept', async () => {
  const cache = keyCache<string>(limits, () => 0)
  let finish: (value: string) => void = () => undefined
  const old = cache.load('a', () => new Promise<string>((resolve) => (finish = resolve)))
  cache.clear()
  const fresh = cache.load('a', async () => 'new')
  finish('old')
  expect(await Promise.all([old, fresh])).toEqual(['old', 'new'])
  expect(cache.load('a', async () => 'never')).toBe('new')
})
