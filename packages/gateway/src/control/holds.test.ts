import type { Entry, EntryBody } from '@sallyport/core'
import { expect, test } from 'vitest'
import { emptyWorld, type World } from '../fixtures/world.ts'
import { HOLD_PROPOSED_MS_MAX, type HoldRecord } from '../hold-record.ts'
import { covers, openHolds, phaseOf } from '../holds.ts'
import { decision, outcome } from '../stores/files/fixtures/sample.ts'
import type { ControlDeps } from './define-verb.ts'
import { holdApprove, holdList, holdOpen, holdRelease, holdReview } from './holds.ts'

const DAY_MS = 86_400_000
const TOKEN = 'ab'.repeat(32)
const LOOKUP = 'cd'.repeat(32)

interface Desk {
  readonly world: World
  readonly released: string[]
  readonly as: (user: string) => {
    readonly open: (more?: object) => Promise<string>
    readonly approve: (id: string) => Promise<unknown>
    readonly release: (id: string) => Promise<unknown>
    readonly review: (id: string, reviewMs: number) => Promise<unknown>
  }
  readonly hold: (id: string) => HoldRecord | undefined
}

async function desk(): Promise<Desk> {
  const world = await emptyWorld()
  const released: string[] = []
  const users = new Map<string, unknown>()
  for (const id of ['alice', 'bob']) {
    await world.user(id, ['security'])
    users.set(id, world.state.user(id))
  }
  let made = 0
  const deps = {
    state: world.state,
    nowMs: world.clock.nowMs,
    randomBytes: (count: number) => new Uint8Array(count).fill(++made),
    subjectNames: async () => ({ token: TOKEN, lookup: LOOKUP }),
    onHoldReleased: (id: string) => void released.push(id),
  } as unknown as ControlDeps
  const apply = async (verb: { run: Function }, user: string, input: object): Promise<{ id: string }> => {
    const plan = await verb.run(deps, input, { user: users.get(user) })
    await world.state.transact(plan.changes ?? [])
    await plan.after?.()
    return plan.output
  }
  return {
    world,
    released,
    hold: (id) => world.state.holds().find((one) => one.id === id),
    as: (user) => ({
      open: async (more = { person: 'carl@example.com' }) => {
        const base = {
          matter: 'm',
          authority: 'court',
          ground: '17(3)(e)',
          scope: {},
          reviewMs: world.clock.nowMs() + 90 * DAY_MS,
          reason: 'ordered',
        }
        return (await apply(holdOpen, user, { ...base, ...more })).id
      },
      approve: (id) => apply(holdApprove, user, { id, reason: 'seen' }),
      release: (id) => apply(holdRelease, user, { id, reason: 'over' }),
      review: (id, reviewMs) => apply(holdReview, user, { id, reviewMs, reason: 'still needed' }),
    }),
  }
}

test('R229: two people open a hold and two release it; then what waited for it runs', async () => {
  const { as, hold, released, world } = await desk()
  const id = await as('alice').open()
  expect(hold(id)?.scope).toEqual({ subject: { token: TOKEN, lookup: LOOKUP } })
  expect(JSON.stringify(world.state.holds())).not.toContain('carl')
  await expect(as('alice').approve(id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
  await as('bob').approve(id)
  await expect(as('bob').approve(id)).rejects.toMatchObject({ code: 'CONFLICT' })
  await as('bob').release(id)
  expect(released).toEqual([])
  await expect(as('bob').release(id)).rejects.toMatchObject({ code: 'IDENTITY_FORBIDDEN' })
  await as('alice').release(id)
  expect(released).toEqual([id])
  await expect(as('alice').release(id)).rejects.toMatchObject({ code: 'CONFLICT' })
  expect(
    (await holdList.run({ state: world.state, nowMs: world.clock.nowMs } as ControlDeps, {}, undefined as never)).output,
  ).toMatchObject({
    holds: [
      {
        id,
        phase: 'released',
        opened: { by: 'alice' },
        approved: { by: 'bob' },
        releasing: { by: 'bob' },
        released: { by: 'alice' },
      },
    ],
  })
})

test('R229: a hold is looked at again within 180 days, covers something, and a review overrules whoever began to release it', async () => {
  const { as, hold, world } = await desk()
  for (const days of [0, 181]) {
    await expect(as('alice').open({ person: 'x', reviewMs: world.clock.nowMs() + days * DAY_MS })).rejects.toMatchObject({
      code: 'REQUEST_PARAMS',
    })
  }
  await expect(as('alice').open({})).rejects.toMatchObject({ code: 'REQUEST_PARAMS' })
  const id = await as('alice').open()
  await as('bob').approve(id)
  await as('bob').release(id)
  await as('alice').review(id, world.clock.nowMs() + 180 * DAY_MS)
  expect(hold(id)?.releasing).toBeUndefined()
})

test('R229: a hold nobody approves lapses after seven days', async () => {
  const { as, hold, world } = await desk()
  const id = await as('alice').open()
  const record = hold(id) as HoldRecord
  expect(phaseOf(record, world.clock.nowMs() + HOLD_PROPOSED_MS_MAX - 1)).toBe('proposed')
  world.clock.advance(HOLD_PROPOSED_MS_MAX)
  expect(phaseOf(record, world.clock.nowMs())).toBe('lapsed')
  await expect(as('bob').approve(id)).rejects.toMatchObject({ code: 'CONFLICT' })
})

const entry = (body: EntryBody, index: number, time: string): Entry => ({ v: 1, index, time, ...body }) as Entry
const TIME = '2026-11-21T00:00:00.000Z'
const ABOUT = entry({ ...decision('a'), subject: TOKEN } as EntryBody, 5, TIME)

test.each([
  [{ agent: 'agent-a' }, true],
  [{ agent: 'agent-b' }, false],
  [{ subject: { token: TOKEN } }, true],
  [{ subject: { token: LOOKUP } }, false],
  [{ subject: { lookup: LOOKUP } }, false],
  [{ fromMs: Date.parse(TIME), toMs: Date.parse(TIME) + 1 }, true],
  [{ toMs: Date.parse(TIME) }, false],
  [{ fromIndex: 5, toIndex: 6 }, true],
  [{ fromIndex: 6 }, false],
  [{ agent: 'agent-a', fromIndex: 6 }, false],
])('R229: scope %j covers the entry: %s', (scope, covered) => {
  expect(covers(scope, ABOUT)).toBe(covered)
})

test('R229: a hold blocks the erasure of exactly those it concerns, with a notice that cites the ground', async () => {
  const { as, world } = await desk()
  const holds = openHolds({ state: world.state, files: () => undefined, nowMs: world.clock.nowMs })
  expect(await holds.blocking({ token: TOKEN })).toEqual([])
  const id = await as('alice').open()
  expect(await holds.blocking({ token: TOKEN })).toMatchObject([
    { id, ground: '17(3)(e)', notice: expect.stringContaining('Art. 17(3)(e)') },
  ])
  expect(await holds.blocking({ lookup: LOOKUP })).toHaveLength(1)
  expect(await holds.blocking({ token: 'ef'.repeat(32), lookup: 'ef'.repeat(32) })).toEqual([])
  await as('alice').open({ scope: { agent: 'agent-z' } })
  expect(await holds.blocking({ token: 'ef'.repeat(32) }), 'nobody in that scope').toEqual([])
  const blind = openHolds({ state: world.state, files: () => Promise.reject(new Error('not allowed')), nowMs: world.clock.nowMs })
  expect(await blind.blocking({ token: 'ef'.repeat(32) }), 'a log that cannot be read').toHaveLength(1)
})

test('R229: content under a hold is for the legal role alone', async () => {
  const { as, world } = await desk()
  const holds = openHolds({ state: world.state, files: () => undefined, nowMs: world.clock.nowMs })
  expect(() => holds.requireAccess(ABOUT, ['auditor'])).not.toThrow()
  await as('alice').open()
  expect(() => holds.requireAccess(ABOUT, ['auditor'])).toThrowError(expect.objectContaining({ code: 'IDENTITY_FORBIDDEN' }))
  expect(() => holds.requireAccess(ABOUT, ['security'])).not.toThrow()
  expect(() => holds.requireAccess(entry(outcome('b', 1), 2, TIME), ['auditor'])).not.toThrow()
})
