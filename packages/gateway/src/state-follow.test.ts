import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sharedStore, type SharedStore } from './fixtures/shared-store.ts'
import { STATE_LEASE_MS } from './state-follow.ts'
import { openState, type State } from './state.ts'

const agent = (id: string, epoch = 0) => ({ id, epoch, epochMs: 0, createdMs: 1, createdBy: 'alice' })
const STALE = expect.objectContaining({ code: 'STORE_STALE' })

let store: SharedStore
let states: State[]
let nowMs: number
const open = async (): Promise<State> => {
  const state = await openState(store, () => nowMs)
  states.push(state)
  return state
}

beforeEach(() => {
  store = sharedStore()
  states = []
  nowMs = 1_000
})
afterEach(async () => {
  store.trouble = undefined
  await Promise.all(states.map((state) => state.close()))
})

describe('a state that others change too', () => {
  test('R179 R293: what one process commits the other knows, with what was before', async () => {
    const [one, two] = [await open(), await open()]
    const told: unknown[] = []
    two.onChanged((changed) => told.push(...changed))
    await one.transact([{ op: 'insert', kind: 'agent', value: agent('a') }])
    expect(one.agent('a')).toEqual(agent('a'))
    await two.refresh()
    await one.transact([{ op: 'put', kind: 'agent', value: agent('a', 1) }])
    await two.refresh()
    expect(two.agent('a')?.epoch).toBe(1)
    expect(told).toEqual([
      { kind: 'agent', key: 'a' },
      { kind: 'agent', key: 'a', before: agent('a') },
    ])
  })

  test('R179: nobody has to ask for it: the store is asked again and again', async () => {
    const state = await open()
    store.plant('agent', 'a', agent('a'))
    await vi.waitFor(() => expect(state.agent('a')).toBeDefined(), { timeout: 5_000, interval: 10 })
  })

  test('an answer that is older than what was committed meanwhile does not undo it', async () => {
    const state = await open()
    let isFirst = true
    let committed: Promise<void> | undefined
    store.onAsked = () => {
      if (isFirst) committed = state.transact([{ op: 'insert', kind: 'agent', value: agent('a', 7) }])
      isFirst = false
    }
    await state.refresh()
    await committed
    expect(state.agent('a')?.epoch).toBe(7)
  })

  test('a change computed from an older revision is refused, and the mirror does not believe it', async () => {
    const [one, two] = [await open(), await open()]
    const basis = one.revision()
    await two.transact([{ op: 'insert', kind: 'agent', value: agent('b') }])
    const change = { op: 'insert', kind: 'agent', value: agent('a') } as const
    await expect(one.transact([change], basis)).rejects.toMatchObject({ code: 'STORE_MOVED' })
    expect(one.agent('a')).toBeUndefined()
    await one.refresh()
    await one.transact([change], one.revision())
    expect(one.agent('a')).toEqual(agent('a'))
  })

  test('what was deleted is gone, and a key of it is not found by its id', async () => {
    const [one, two] = [await open(), await open()]
    await one.transact([{ op: 'insert', kind: 'spent', value: { id: 'x', expiresMs: 5 } }])
    await two.refresh()
    expect(two.isSpent('x')).toBe(true)
    await one.prune(10)
    await two.refresh()
    expect(two.isSpent('x')).toBe(false)
  })
})

describe('a lease on the state', () => {
  test('R183: it counts from when it was asked for, not from the answer', async () => {
    store.onAsked = () => {
      nowMs += 200
    }
    const state = await open()
    store.trouble = 'hangs'
    store.onAsked = () => undefined
    // Asked for at 1,200, after the first loading; answered at 1,400.
    expect(nowMs).toBe(1_400)
    nowMs = 1_200 + STATE_LEASE_MS - 1
    expect(() => state.requireFresh()).not.toThrow()
    nowMs++
    expect(() => state.requireFresh()).toThrowError(STALE)
  })

  test.each(['down', 'hangs'] as const)(
    'R183: a store that is %s: nothing may happen, who listens is told once, and it comes back',
    async (how) => {
      const state = await open()
      let told = 0
      state.onStale(() => told++)
      store.trouble = how
      nowMs += STATE_LEASE_MS
      expect(() => state.requireFresh()).toThrowError(STALE)
      await vi.waitFor(() => expect(told).toBe(1), { timeout: 5_000, interval: 10 })
      nowMs += 10_000
      store.trouble = undefined
      await vi.waitFor(() => expect(() => state.requireFresh()).not.toThrow(), { timeout: 5_000, interval: 10 })
      expect(told).toBe(1)
    },
  )

  test('a record that nobody can read loses the lease; nothing of its answer is believed', async () => {
    const state = await open()
    store.plant('agent', 'a', agent('a'))
    store.plant('agent', 'b', { id: 'b', epoch: -1 })
    await expect(state.refresh()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(state.agent('a')).toBeUndefined()
    nowMs += STATE_LEASE_MS
    expect(() => state.requireFresh()).toThrowError(STALE)
  })

  test('a commit whose echo does not come leaves a state that is known to be old', async () => {
    const state = await open()
    const { since } = store
    store.since = () => Promise.reject(Object.assign(new Error('gone'), { code: 'STORE_UNAVAILABLE' }))
    await state.transact([{ op: 'insert', kind: 'agent', value: agent('a') }])
    expect(() => state.requireFresh()).toThrowError(STALE)
    store.since = since
    await state.refresh()
    expect(() => state.requireFresh()).not.toThrow()
    expect(state.agent('a')).toBeDefined()
  })
})
