import { expect, test } from 'vitest'
import type { JsonObject } from '../model/json.ts'
import { peopleNeeded } from './people-needed.ts'

const people = { least: 1, fourEyesFrom: { 'order.amount': 1_000 } }

test.each<[JsonObject, number, string]>([
  [{ order: { amount: 999.99 } }, 1, 'below'],
  [{ order: { amount: 1_000 } }, 2, 'from it on'],
  [{ order: { amount: -5_000 } }, 2, 'a large one in the other direction'],
  [{ order: { amount: '10' } }, 2, 'no number'],
  [{ order: {} }, 2, 'missing'],
  [{}, 2, 'nothing at all'],
])('R143: %j takes %i: %s', (args, count) => expect(peopleNeeded({ people }, args)).toBe(count))

test('R143: what the grant asks for is the least', () => {
  expect(peopleNeeded({ people: { ...people, least: 3 } }, { order: { amount: 1 } })).toBe(3)
  expect(peopleNeeded({ people: { least: 1, fourEyesFrom: {} } }, {})).toBe(1)
})
