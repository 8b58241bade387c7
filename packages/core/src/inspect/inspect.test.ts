import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../model/json.ts'
import { defineDetector } from './define-detector.ts'
import { FINDINGS_MAX, inspect, INSPECT_CHARS_MAX } from './inspect.ts'

const letterX = defineDetector({
  id: 'letter-x',
  channels: ['arguments'],
  reads: 'original',
  detect: (text) =>
    text.includes('x') ? [{ code: 'x', severity: 'low', start: text.indexOf('x'), end: text.indexOf('x') + 1 }] : [],
})
const broken = defineDetector({
  id: 'broken',
  channels: ['arguments'],
  reads: 'original',
  detect: () => {
    throw new Error('a bug')
  },
})

describe('inspect', () => {
  test('reports where in the value', () => {
    const value: JsonObject = { a: ['-', { 'b/c': 'ox' }], x: 1 }
    expect(inspect(value, { detectors: [letterX] }).map(({ path, start }) => [path, start])).toEqual([
      ['/a/1/?', 1],
      ['/x', 0],
    ])
  })
  test('asks only detectors of the channel', () => expect(inspect('x', { detectors: [letterX], channel: 'tool' })).toEqual([]))
  test('a detector that throws is a finding, and the others still run', () => {
    expect(inspect('x', { detectors: [broken, letterX] }).map(({ detector, code }) => [detector, code])).toEqual([
      ['broken', 'detector_failed'],
      ['letter-x', 'x'],
    ])
  })
  test('more text than the limit is a finding', () => {
    const half = 'a'.repeat(INSPECT_CHARS_MAX / 2)
    expect(inspect([half, half], { detectors: [letterX] })).toEqual([])
    expect(inspect([half, half, 'a'], { detectors: [letterX] }).map(({ code, path }) => [code, path])).toEqual([
      ['detector_failed', '/2'],
    ])
  })
  test('findings are bounded', () =>
    expect(
      inspect(
        Array.from({ length: 1_000 }, () => 'x'),
        { detectors: [letterX] },
      ).length,
    ).toBe(FINDINGS_MAX))
  test('a path is bounded and well formed', () => {
    const deep = Array.from({ length: 60 }).reduce<Json>((inner) => ({ member: inner }), 'x')
    expect(inspect(deep, { detectors: [letterX] })[0]?.path.length).toBe(200)
    expect(inspect({ ['😀'.repeat(200)]: 'x' }, { detectors: [letterX] })[0]?.path.isWellFormed()).toBe(true)
  })
  test('R122: a name that could be a value is not shown', () => {
    expect(inspect({ 'a@b.c': { ok: 'x' } }, { detectors: [letterX] })[0]?.path).toBe('/?/ok')
  })
  test('plain values have no findings', () => expect(inspect({ a: 1, b: null, c: true, d: 'plain', e: [] })).toEqual([]))
})
