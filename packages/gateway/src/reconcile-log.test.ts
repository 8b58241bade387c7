import { generateKeyPairSync } from 'node:crypto'
import { GatewayError, type CursorStore, type Entry, type EntryBody } from '@sallyport/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fixedClock, tempFolder, type Clock } from './fixtures/world.ts'
import type { LogStore } from './log-store.ts'
import { reconcileLog, type LogReconciler } from './reconcile-log.ts'
import { openFileLog } from './stores/files/file-log.ts'

let folder: ReturnType<typeof tempFolder>
let log: LogStore
let clock: Clock
let cursor: number
let isHolder: boolean
let isCrashing: boolean
let reconciler: LogReconciler

const cursors: CursorStore = {
  get: () => Promise.resolve(cursor),
  set: (_, next) => {
    if (isCrashing) return Promise.reject(new Error('the process ended here'))
    cursor = next
    return Promise.resolve()
  },
}

beforeEach(async () => {
  folder = tempFolder()
  clock = fixedClock()
  ;[cursor, isHolder, isCrashing] = [0, true, false]
  log = await openFileLog({
    dir: `${folder.path}/log`,
    origin: 'sallyport/test',
    signer: generateKeyPairSync('ed25519').privateKey,
    checkpointMs: 60_000,
    nowMs: clock.nowMs,
  })
  reconciler = open()
})
afterEach(async () => {
  await reconciler.close()
  await log.close()
  folder.remove()
})

function open(): LogReconciler {
  return reconcileLog({
    log,
    cursors,
    leases: { hold: () => Promise.resolve(isHolder), release: () => Promise.resolve() },
    aliveMs: 60_000,
    checkMs: 3_600_000,
    openMs: 900_000,
    nowMs: clock.nowMs,
    operatorLog: () => undefined,
  })
}
const admin = (verb: string, detail: Extract<EntryBody, { type: 'admin' }>['detail'] = {}): EntryBody => ({
  type: 'admin',
  actor: { type: 'system', id: 'sallyport' },
  verb,
  outcome: 'done',
  detail,
})
const decision = (act: string): EntryBody => ({
  type: 'decision',
  act,
  actor: { type: 'agent', id: 'clerk' },
  onBehalfOf: 'system',
  session: 's',
  action: { kind: 'tool.call', digest: 'd' },
  input: { commitment: 'c', bytes: 1 },
  evaluated: 'allow',
  enforced: 'allow',
  reasons: [],
  votes: [],
  obligations: [],
  findings: [],
  versions: { gateway: '0', epoch: 0 },
  budgets: [],
})
async function told(): Promise<string[]> {
  const entries: Entry[] = await log.read(0, await log.size())
  return entries.flatMap((entry) => (entry.type === 'admin' && entry.verb === 'log.gap' ? [entry.target ?? ''] : []))
}

test('R115: a silence, an end without a stop and an act without end are each written down once, whoever looks and how often', async () => {
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  clock.advance(300_000)
  await log.append(decision('a'))
  clock.advance(1_000)
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  await reconciler.look()
  expect(await told()).toEqual(['silence:0-1', 'ended:1-2'])
  clock.advance(1_000_000)
  await reconciler.look()
  await reconciler.look()
  // Nothing was written between the first look and the second: that is a gap of its own, once somebody wrote again.
  expect(await told()).toEqual(['silence:0-1', 'ended:1-2', 'open:1-1', 'silence:4-5'])
  await reconciler.close()
  reconciler = open()
  await reconciler.look()
  cursor = 0
  await reconciler.close()
  reconciler = open()
  await reconciler.look()
  expect(await told()).toEqual(['silence:0-1', 'ended:1-2', 'open:1-1', 'silence:4-5'])
})

test('R115: what was written before a crash is not written again after it', async () => {
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  clock.advance(300_000)
  await log.append(admin('x'))
  isCrashing = true
  await expect(reconciler.look()).rejects.toThrow('the process ended here')
  expect(cursor).toBe(0)
  isCrashing = false
  await reconciler.look()
  reconciler = open()
  await reconciler.look()
  expect(await told()).toEqual(['silence:0-1'])
})

test('R115: the cursor waits for the oldest open act, and moves on when it is complete', async () => {
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  await log.append(decision('a'))
  await log.append(admin('x'))
  await reconciler.look()
  expect(cursor).toBe(1)
  await log.append({ type: 'unknown', act: 'a', decision: 1 })
  await reconciler.look()
  expect(cursor).toBe(4)
  expect(await told()).toEqual([])
})

test('R115: a stop and a later start are no gap to look into; without the lease nobody looks', async () => {
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  await log.append(admin('gateway.stop'))
  await reconciler.look()
  clock.advance(86_400_000)
  await log.append(admin('gateway.start', { aliveMs: 60_000 }))
  reconciler = open()
  await reconciler.look()
  expect(await told()).toEqual([])
  isHolder = false
  clock.advance(86_400_000)
  await log.append(admin('x'))
  expect(await reconciler.look()).toEqual([])
  expect(await told()).toEqual([])
})

test('R134: a gateway that may not read the log says so once and leaves the looking to others', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const operatorLog = vi.fn<(message: string) => void>()
  const release = vi.fn<() => Promise<void>>(() => Promise.resolve())
  const blind = reconcileLog({
    log: {
      ...log,
      size: () => log.size(),
      append: () => Promise.reject(new Error('not here')),
      files: () => Promise.reject(new GatewayError('AUDIT_FORBIDDEN', 'no')),
    },
    cursors,
    leases: { hold: () => Promise.resolve(true), release },
    aliveMs: 0,
    checkMs: 1_000,
    openMs: 1_000,
    nowMs: clock.nowMs,
    operatorLog,
  })
  await log.append(admin('x'))
  for (let i = 0; i < 5; i++) await vi.advanceTimersByTimeAsync(1_000)
  vi.useRealTimers()
  await vi.waitFor(() => expect(release).toHaveBeenCalled(), { timeout: 5_000 })
  expect(operatorLog).toHaveBeenCalledOnce()
  await blind.close()
})
