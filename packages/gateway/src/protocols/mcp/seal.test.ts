import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Binding, openSeal } from './seal.ts'

const KEY = new Uint8Array(32).fill(7)
const BOUND: Binding = { agent: 'buyer', session: 's1', method: 'tools/call', name: 'erp.read', digest: '{"a":1}' }
const CONTENT = { state: 'server state', parked: undefined }
const TTL_MS = 10 * 60_000
const refusal = expect.objectContaining({ code: 'REQUEST_PARAMS' })

function attempt<T>(run: () => T): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}

test('a state opens once, for the act and caller it was sealed for', () => {
  const seal = openSeal(KEY, () => 0)
  const sealed = seal.seal(CONTENT, BOUND)
  expect(sealed).not.toContain('server')
  expect(seal.open(sealed, BOUND)).toEqual(CONTENT)
  expect(attempt(() => seal.open(sealed, BOUND))).toEqual(refusal)
})

test('another spelling of the same bytes is the same use', () => {
  const seal = openSeal(KEY, () => 0)
  const sealed = seal.seal(CONTENT, BOUND)
  seal.open(sealed, BOUND)
  for (const spelling of [`${sealed}=`, ` ${sealed}`, sealed.replaceAll('-', '+').replaceAll('_', '/')]) {
    expect(attempt(() => seal.open(spelling, BOUND))).toEqual(refusal)
  }
})

describe('a state of something else does not open, and stays usable where it belongs', () => {
  test.each(Object.keys(BOUND))('another %s', (field) => {
    const seal = openSeal(KEY, () => 0)
    const sealed = seal.seal(CONTENT, BOUND)
    expect(attempt(() => seal.open(sealed, { ...BOUND, [field]: 'other' }))).toEqual(refusal)
    expect(seal.open(sealed, BOUND)).toEqual(CONTENT)
  })
  test('another key', () => {
    const sealed = openSeal(new Uint8Array(32), () => 0).seal(CONTENT, BOUND)
    expect(attempt(() => openSeal(KEY, () => 0).open(sealed, BOUND))).toEqual(refusal)
  })
})

test('it lasts ten minutes and not longer', () => {
  let now = 1_000
  const seal = openSeal(KEY, () => now)
  const [first, second] = [seal.seal(CONTENT, BOUND), seal.seal(CONTENT, BOUND)]
  now += TTL_MS
  expect(seal.open(first, BOUND)).toEqual(CONTENT)
  now += 1
  expect(attempt(() => seal.open(second, BOUND))).toEqual(refusal)
})

test('a server’s state over the limit is refused', () => {
  const error = attempt(() => openSeal(KEY, () => 0).seal({ ...CONTENT, state: 'x'.repeat(64 * 1024) }, BOUND))
  expect(error).toEqual(expect.objectContaining({ code: 'UPSTREAM_TOO_LARGE' }))
})

test('no changed byte and no made-up text opens', () => {
  const seal = openSeal(KEY, () => 0)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (state, at, flip) => {
      const bytes = Buffer.from(seal.seal({ state, parked: 'p' }, BOUND), 'base64url')
      const changed = Buffer.from(bytes)
      const index = at % bytes.length
      changed[index] = (changed[index] ?? 0) ^ flip
      expect(attempt(() => seal.open(changed.toString('base64url'), BOUND))).toEqual(refusal)
      expect(attempt(() => seal.open(bytes.subarray(0, index).toString('base64url'), BOUND))).toEqual(refusal)
      expect(attempt(() => seal.open(state, BOUND))).toEqual(refusal)
      expect(seal.open(bytes.toString('base64url'), BOUND)).toEqual({ state, parked: 'p' })
    }),
  )
})
