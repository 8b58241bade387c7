import { REVIEW_AGE_MAX_MS } from '@sallyport/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ProvidersConfig } from './config-providers.ts'
import { providerConfig } from './fixtures/model-client.ts'
import { followLapses, type LapseWatch } from './follow-lapses.ts'
import { lapsesOf } from './provider-lapses.ts'
import type { SystemAct } from './system-entries.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.parse('2026-11-26T12:00:00Z')
const day = (days: number): string => new Date(NOW_MS + days * DAY_MS).toISOString().slice(0, 10)
const agreement = (days: number) => ({ evidence: 'x', expires: day(days) })
const far = {
  review: { on: day(-10), by: 'a', evidence: 'x' },
  baa: agreement(90),
  transfer: { ...agreement(90), mechanism: 'scc' },
}
const models = { default: { approval: { by: 'a', ...agreement(90) } } }
const providers = (more: object): ProvidersConfig =>
  ProvidersConfig.parse({ main: providerConfig('https://provider.example', { ...far, models, ...more } as never) })
const lapses = (more: object, nowMs = NOW_MS) =>
  lapsesOf(providers(more), { nowMs, days: 30 }).map(({ what, isLapsed }) => `${what} ${isLapsed ? 'lapsed' : 'lapsing'}`)

test.each([
  ['nothing while everything holds for longer than that', {}, []],
  ['an assessment that will be a year old', { review: { on: day(-340), by: 'a', evidence: 'x' } }, ['review lapsing']],
  ['an assessment that is', { review: { on: day(-367), by: 'a', evidence: 'x' } }, ['review lapsed']],
  ['an assessment nobody made', { review: undefined }, ['review lapsed']],
  ['an agreement within the days', { baa: agreement(29), dpa: agreement(3) }, ['baa lapsing', 'dpa lapsing']],
  ['its last day still counts', { transfer: { ...agreement(0), mechanism: 'scc' } }, ['transfer lapsing']],
  ['the day after it does not', { transfer: { ...agreement(-1), mechanism: 'scc' } }, ['transfer lapsed']],
  ['the approval of a model', { models: { default: { approval: { by: 'a', ...agreement(10) } } } }, ['approval lapsing']],
])('R206: people are reminded of %s', (_, more, found) => {
  expect(lapses(more)).toEqual(found)
})
test('R206: the reminder and the refusal go by the same moment', () => {
  const ends = Date.parse(far.review.on) + REVIEW_AGE_MAX_MS
  expect([lapses({}, ends - 1).includes('review lapsing'), lapses({}, ends).includes('review lapsed')]).toEqual([true, true])
})

let watch: LapseWatch | undefined
let told: SystemAct[]
let at: number
const cursors = new Map<string, number>()
beforeEach(() => {
  told = []
  at = NOW_MS
  cursors.clear()
})
afterEach(async () => watch?.close())
const follow = (more: object, isLeader = true): LapseWatch =>
  (watch = followLapses(
    { providers: providers(more), days: 30 },
    {
      cursors: {
        get: async (name) => cursors.get(name) ?? 0,
        set: async (name, next) => void cursors.set(name, next),
      },
      leases: { hold: async () => isLeader, release: async () => undefined },
      record: (act) => told.push(act),
      nowMs: () => at,
      log: () => undefined,
    },
  ))
const verbs = () => told.map(({ verb }) => verb)

test('R206: each date is told once before it and once after, also over a restart', async () => {
  const soon = { baa: agreement(20) }
  await follow(soon).close()
  expect(told).toMatchObject([{ verb: 'provider.lapsing', target: 'main', detail: { what: 'baa' } }])
  const again = follow(soon)
  at += 21 * DAY_MS
  again.reconfigure(providers(soon), 30)
  await again.close()
  await follow(soon).close()
  expect(verbs()).toEqual(['provider.lapsing', 'provider.lapsed'])
})
test('R206: a renewed agreement is told of anew when it ends, and not before', async () => {
  await follow({ baa: agreement(20) }).close()
  await follow({ baa: agreement(60) }).close()
  expect(verbs()).toEqual(['provider.lapsing'])
  at += 35 * DAY_MS
  await follow({ baa: agreement(60) }).close()
  expect(verbs()).toEqual(['provider.lapsing', 'provider.lapsing'])
})
test('R206: one gateway of several tells', async () => {
  await follow({ baa: agreement(20) }, false).close()
  expect(told).toEqual([])
})
