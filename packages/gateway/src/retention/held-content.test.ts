import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyWorld, type World } from '../fixtures/world.ts'
import type { HoldRecord, HoldScope } from '../hold-record.ts'
import { openHolds } from '../holds.ts'
import { heldContent } from './held-content.ts'

const TOKEN = 'ab'.repeat(32)
const OTHER = 'cd'.repeat(32)
const LOOKUP = 'ef'.repeat(32)

let world: World
beforeEach(async () => {
  world = await emptyWorld()
})
afterEach(() => world.state.close())

const hold = (scope: HoldScope, more: Partial<HoldRecord> = {}) => {
  const { nowMs } = world.clock
  const person = { by: 'bob', atMs: nowMs(), reason: 'r' }
  const ids = { id: 'hold-0123456789abcdef', matter: 'm', authority: 'court', ground: '17(3)(e)' as const }
  return world.state.transact([
    { op: 'put', kind: 'hold', value: { ...ids, scope, opened: person, approved: person, reviewMs: nowMs() + 1, ...more } },
  ])
}
const isHeld = (token?: string): Promise<boolean> => {
  const holds = openHolds({ state: world.state, files: async () => undefined, nowMs: world.clock.nowMs })
  const holdings = async (lookup: string) => (lookup === LOOKUP ? { token: TOKEN, keys: [], counts: [] } : undefined)
  return heldContent({ state: world.state, holds, vault: { holdings } })(token)
}

test('R229: content of somebody who was held before the vault knew them is held', async () => {
  expect(await isHeld(TOKEN)).toBe(false)
  await hold({ subject: { lookup: LOOKUP } })
  expect([await isHeld(TOKEN), await isHeld(OTHER), await isHeld()]).toEqual([true, false, false])
  const ended = { by: 'alice', atMs: world.clock.nowMs(), reason: 'r' }
  await hold({ subject: { lookup: LOOKUP } }, { releasing: ended, released: ended })
  expect(await isHeld(TOKEN)).toBe(false)
})

test('R229: a hold by pseudonym holds that person, one by time everybody', async () => {
  await hold({ subject: { token: TOKEN } })
  expect([await isHeld(TOKEN), await isHeld(OTHER), await isHeld()]).toEqual([true, false, false])
  await hold({ fromMs: 0 })
  expect(await isHeld()).toBe(true)
})
