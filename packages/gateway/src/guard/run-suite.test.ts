import { openKnownNames } from '@sallyport/core'
import { expect, test } from 'vitest'
import { GuardConfig } from '../config-guard.ts'
import { SUITE_CATEGORIES } from '../guard-desk.ts'
import { openGuard, type GuardParts } from './open-guard.ts'
import { runSuite, suiteProfile } from './run-suite.ts'
import { SUITE } from './suite.ts'

test('R259: the suite covers every category with at least ten attacks, seventy and more in all, each with a twin of its own', () => {
  expect(SUITE.length).toBeGreaterThanOrEqual(70)
  for (const category of SUITE_CATEGORIES)
    expect(SUITE.filter((one) => one.category === category).length).toBeGreaterThanOrEqual(10)
  const texts = SUITE.flatMap(({ attack, twin }) => [attack, twin])
  expect(new Set(texts).size).toBe(texts.length)
})

test('R289: only cases of the suite have its profile', () => {
  expect(suiteProfile({ server: 'suite:web' })).toEqual({ channel: 'web', classes: [] })
  for (const server of ['web', 'suite', 'suite:', 'suite:definition', 'suite:nowhere'])
    expect(suiteProfile({ server })).toBeUndefined()
  expect(suiteProfile({})).toBeUndefined()
})

test('R071: the figures are those of the guard that is asked: one that sees nothing stops nothing', async () => {
  const parts = {
    policy: GuardConfig.parse({}),
    detectors: [],
    names: openKnownNames(),
    classify: ({ findings }) => findings.result(),
    hash: '',
    models: [],
  } satisfies GuardParts
  const guard = openGuard({
    parts: () => parts,
    profile: suiteProfile,
    sealer: () => ({ seal: () => undefined, open: () => undefined }) as never,
    isReleased: () => false,
    nonce: () => 'n',
    extractor: { extract: () => Promise.reject(new Error('nothing to read')) },
    nowMs: () => 0,
  })
  const outcomes = await runSuite(guard, () => 0)
  expect(outcomes.map(({ isStopped, isPassed }) => [isStopped, isPassed])).toEqual(SUITE.map(() => [false, true]))
  expect(new Set(outcomes.map(({ id }) => id)).size).toBe(SUITE.length)
})
