import { GatewayError, type CursorStore, type Leases, type StoredEntry } from '@sallyport/core'
import { afterEach, expect, test, vi } from 'vitest'
import { growingLog, type GrowingLog } from './fixtures/growing-log.ts'
import { followLog, type Follower, type FollowOptions, type Skipped } from './follow-log.ts'

const open: Follower[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((follower) => follower.close()))
})

/** Cursors and leases of one deployment, in memory. */
function shared() {
  const cursors = new Map<string, number>()
  let holder = ''
  return {
    cursors,
    store: {
      get: (name) => Promise.resolve(cursors.get(name) ?? 0),
      set: (name, next) => Promise.resolve(void cursors.set(name, next)),
    } satisfies CursorStore,
    leases: (replica: string): Leases => ({
      hold: () => {
        holder ||= replica
        return Promise.resolve(holder === replica)
      },
      release: () => {
        if (holder === replica) holder = ''
        return Promise.resolve()
      },
    }),
  }
}

interface Destination {
  readonly indices: number[]
  accept: (batch: readonly StoredEntry[]) => void
}

function follow(log: GrowingLog, options: Partial<FollowOptions> & { readonly deployment?: ReturnType<typeof shared> } = {}) {
  const { deployment = shared(), ...rest } = options
  const destination: Destination = { indices: [], accept: () => undefined }
  const skips: Skipped[] = []
  const behind: number[] = []
  const follower = followLog({
    name: 'sink.test',
    log,
    cursors: deployment.store,
    leases: deployment.leases('a'),
    deliver: async (batch) => {
      destination.accept(batch)
      destination.indices.push(...batch.map(({ index }) => index))
    },
    onSkip: async (skip) => void skips.push(skip),
    behindMax: 1_000_000,
    onOverflow: 'wait',
    onBehind: (entries) => behind.push(entries),
    random: () => 0,
    nowMs: () => 0,
    operatorLog: () => undefined,
    backoffMsMax: 1,
    ...rest,
  })
  open.push(follower)
  return { follower, destination, skips, behind, deployment }
}

const upTo = (count: number, from = 0) => Array.from({ length: count - from }, (_, i) => from + i)
const until = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 5 })

test('R137: delivers every entry once and in order, also what comes later', async () => {
  const log = growingLog()
  log.grow(700)
  const { destination, deployment } = follow(log)
  await until(() => expect(destination.indices).toHaveLength(700))
  log.grow(13)
  log.checkpoint()
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(713))
  expect(destination.indices).toEqual(upTo(713))
})

test('R137: a destination that fails gets the same batch again until it takes it', async () => {
  const log = growingLog()
  log.grow(300)
  let refusals = 5
  const { destination, follower } = follow(log)
  destination.accept = () => {
    if (refusals-- > 0) throw new GatewayError('SINK_UNAVAILABLE', 'down')
  }
  await until(() => expect(destination.indices).toHaveLength(300))
  expect(destination.indices).toEqual(upTo(300))
  expect(follower.status()).toMatchObject({ failures: 5, state: 'following' })
  expect(follower.status()).not.toHaveProperty('problem')
})

test('R137: a successor goes on where the cursor stands and repeats at most what was not yet stored', async () => {
  const log = growingLog()
  log.grow(600)
  const deployment = shared()
  const first = follow(log, { deployment })
  await until(() => expect(first.destination.indices.length).toBeGreaterThanOrEqual(256))
  await first.follower.close()
  const stored = deployment.cursors.get('sink.test') ?? 0
  log.grow(10)
  const second = follow(log, { deployment })
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(610))
  expect(second.destination.indices).toEqual(upTo(610, stored))
})

test('R137: a cursor that cannot be stored means sending again, never skipping', async () => {
  const log = growingLog()
  log.grow(20)
  const deployment = shared()
  let failures = 2
  const cursors: CursorStore = {
    ...deployment.store,
    set: (name, next) =>
      failures-- > 0 ? Promise.reject(new GatewayError('STORE_UNAVAILABLE', 'gone')) : deployment.store.set(name, next),
  }
  const { destination } = follow(log, { deployment, cursors })
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(20))
  expect(destination.indices).toEqual([...upTo(20), ...upTo(20), ...upTo(20)])
})

test('R137: of two replicas one delivers; when it ends the other goes on', async () => {
  const log = growingLog()
  log.grow(50)
  const deployment = shared()
  const first = follow(log, { deployment })
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(50))
  const second = follow(log, { deployment, leases: deployment.leases('b') })
  log.grow(50)
  log.checkpoint()
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(100))
  expect(second.destination.indices).toEqual([])
  expect(second.follower.status().state).toBe('waiting')
  await first.follower.close()
  log.grow(1)
  await until(() => expect(second.destination.indices).toEqual([100]))
})

test('R137: who loses the lease and gets it back goes on where the other one stopped', async () => {
  const log = growingLog()
  log.grow(10)
  const deployment = shared()
  let isHolder = true
  const leases: Leases = { hold: () => Promise.resolve(isHolder), release: () => Promise.resolve() }
  const { destination, follower } = follow(log, { deployment, leases })
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(10))
  isHolder = false
  await until(() => expect(follower.status().state).toBe('waiting'))
  log.grow(10)
  deployment.cursors.set('sink.test', 15)
  isHolder = true
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(20))
  expect(destination.indices).toEqual([...upTo(10), ...upTo(20, 15)])
})

test('waiting is the default: nothing is left out however far behind it falls, and that is told once', async () => {
  const log = growingLog()
  log.grow(500)
  const { destination, behind, skips } = follow(log, { behindMax: 100 })
  await until(() => expect(destination.indices).toHaveLength(500))
  expect(behind).toEqual([500])
  expect(skips).toEqual([])
})

test('R137: what overflows is left out only where configured, and recorded as a range before the cursor moves', async () => {
  const log = growingLog()
  log.grow(500)
  const { destination, skips, deployment, follower } = follow(log, { behindMax: 100, onOverflow: 'drop' })
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(500))
  expect(skips).toEqual([{ from: 0, to: 450, reason: 'overflow' }])
  expect(destination.indices).toEqual(upTo(500, 450))
  expect(follower.status().skipped).toBe(450)
})

test('R137: a range that cannot be recorded is not left out', async () => {
  const log = growingLog()
  log.grow(500)
  const { destination, deployment } = follow(log, {
    behindMax: 100,
    onOverflow: 'drop',
    onSkip: () => Promise.reject(new GatewayError('AUDIT_UNAVAILABLE', 'the log is gone')),
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(destination.indices).toEqual([])
  expect(deployment.cursors.get('sink.test')).toBeUndefined()
})

test('one entry the destination will never take does not hold up the others where dropping is allowed', async () => {
  const log = growingLog()
  log.grow(40)
  const { destination, skips, deployment } = follow(log, { onOverflow: 'drop' })
  destination.accept = (batch) => {
    if (batch.some(({ index }) => index === 17)) throw new GatewayError('SINK_REJECTED', 'too odd')
  }
  await until(() => expect(deployment.cursors.get('sink.test')).toBe(40))
  expect(skips).toEqual([{ from: 17, to: 18, reason: 'refused' }])
  expect(destination.indices).toEqual(upTo(40).filter((index) => index !== 17))
})

test('entries that retention let go before they were delivered are recorded as a range', async () => {
  const log = growingLog()
  log.grow(600)
  await log.prune(512)
  const { destination, skips } = follow(log)
  await until(() => expect(destination.indices).toHaveLength(88))
  expect(skips).toEqual([{ from: 0, to: 512, reason: 'pruned' }])
})

test('closing ends a delivery that hangs', async () => {
  const log = growingLog()
  log.grow(1)
  const { follower } = follow(log, {
    deliver: (_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('cut off')))),
  })
  await new Promise((resolve) => setTimeout(resolve, 10))
  await follower.close()
})

test('R137: closing ends a wait that was about to begin', async () => {
  const log = growingLog()
  log.grow(1)
  const closed = Promise.withResolvers<void>()
  const { follower } = follow(log, {
    deliver: () => Promise.reject(new GatewayError('SINK_UNAVAILABLE', 'not now')),
    // Longer than the test may take.
    backoffMsMax: 30_000,
    random: () => {
      void follower.close().then(() => closed.resolve())
      return 1_000
    },
  })
  await closed.promise
})

test('R137: a destination too slow for a whole batch gets smaller ones', async () => {
  const log = growingLog()
  log.grow(40)
  const { destination } = follow(log, { entriesMax: 16 })
  destination.accept = (batch) => {
    if (batch.length > 3) throw new GatewayError('SINK_UNAVAILABLE', 'out of time')
  }
  await until(() => expect(destination.indices).toEqual(upTo(40)))
})
