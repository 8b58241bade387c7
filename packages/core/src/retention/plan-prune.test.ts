import { expect, test } from 'vitest'
import type { Entry } from '../model/entry.ts'
import { entriesOf, makeLog } from '../record/fixtures/memory-log.ts'
import { planPrune, SET_ASIDE_MAX, type Fate, type PrunePlan } from './plan-prune.ts'
import { recordClassOf } from './record-classes.ts'

const FILES = makeLog(entriesOf(1_000))
const plan = async (fateOf: (index: number) => Fate, size = 1_000): Promise<PrunePlan> => {
  const files = await FILES
  return planPrune(
    (path) => files.get(path),
    size,
    (entry) => fateOf(entry.index),
  )
}

test('R132: the first entry that must stay ends the pruning, at a whole bundle', async () => {
  expect(await plan((index) => (index < 600 ? 'delete' : 'keep'))).toEqual({ from: 0, to: 512, setAside: [], stoppedBy: 600 })
  expect(await plan((index) => (index === 3 ? 'keep' : 'delete'))).toMatchObject({ to: 0, stoppedBy: 3 })
  expect(await plan(() => 'delete')).toEqual({ from: 0, to: 768, setAside: [] })
  expect(await plan(() => 'delete', 700)).toEqual({ from: 0, to: 512, setAside: [] })
})

test('R132: what outlives its place is named, as far as it goes', async () => {
  expect(await plan((index) => (index % 300 === 5 ? 'set_aside' : index < 600 ? 'delete' : 'keep'))).toMatchObject({
    to: 512,
    setAside: [5, 305],
  })
  expect(SET_ASIDE_MAX).toBeGreaterThan(256)
})

test('R132: holds, erasures, prunings and keys are kept as long as there is a log', () => {
  const admin = (verb: string): Entry => ({
    v: 1,
    index: 0,
    time: '',
    type: 'admin',
    actor: { type: 'system', id: 's' },
    verb,
    outcome: 'done',
    detail: {},
  })
  expect(
    ['hold.open', 'erase', 'erasure.completed', 'subject.erase', 'log.key.rotate', 'log.pruned'].map((verb) =>
      recordClassOf(admin(verb)),
    ),
  ).toEqual(Array(6).fill('custody'))
  expect(['user.create', 'holdings.list', 'manifest.sign'].map((verb) => recordClassOf(admin(verb)))).toEqual(
    Array(3).fill('config'),
  )
})
