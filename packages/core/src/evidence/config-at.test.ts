import { expect, test } from 'vitest'
import type { Entry, EntryBody } from '../model/entry.ts'
import { configAt, ConfigHistory, configHash } from './config-at.ts'
import { admin, decided, minute } from './fixtures/story-log.ts'

const HISTORY: readonly EntryBody[] = [
  admin('user.create', { roles: ['owner'], first: true }, 'alice'),
  admin('gateway.start', { config: 'c1', version: '1.0.0', aliveMs: 1 }),
  admin('agent.create', { key: 'key-1', task: 'work' }, 'clerk'),
  admin('manifest.loaded', { version: 1, hash: 'm1', signed: false }, 'clerk'),
  admin('manifest.signed', { version: 1, hash: 'm1', signed: true }, 'clerk'),
  admin('tools.approve', { hash: 't1', effect: 'read' }, 'ehr.read'),
  decided({ act: 'a' }),
  admin('config.loaded', { config: 'c2' }),
  admin('isolate', { reason: 'x' }, 'clerk'),
  admin('agent.revoke', { keys: ['key-1'], all: true }, 'clerk'),
  admin('release', { reason: 'x' }, 'clerk'),
  admin('manifest.removed', {}, 'clerk'),
  admin('gateway.stop'),
]
async function* entries() {
  for (const [index, body] of HISTORY.entries())
    yield { entry: await Promise.resolve({ v: 1, index, time: minute(index), ...body } as Entry) }
}

test('R185 R286: what was in force at any past moment is told by the log, with one hash for all of it', async () => {
  expect((await configAt(entries(), minute(6))).state).toEqual({
    asOf: 6,
    gateway: { version: '1.0.0', config: 'c1', isRunning: true },
    manifests: { clerk: { version: 1, hash: 'm1', signed: true } },
    tools: { 'ehr.read': { hash: 't1', effect: 'read' } },
    users: { alice: ['owner'] },
    keys: { 'key-1': { agent: 'clerk', task: 'work' } },
    isolated: [],
  })
  expect((await configAt(entries(), minute(8.5))).state).toMatchObject({ gateway: { config: 'c2' }, isolated: ['clerk'] })
  expect((await configAt(entries(), minute(99))).state).toMatchObject({
    gateway: { isRunning: false },
    manifests: {},
    keys: {},
    isolated: [],
  })
  expect((await configAt(entries(), minute(-1))).state.asOf).toBe(-1)
})

test('R185: the hash changes exactly when something in force does', async () => {
  const hashes = await Promise.all(HISTORY.map(async (_, i) => (await configAt(entries(), minute(i))).hash))
  expect(hashes[6]).toBe(hashes[5])
  for (const i of [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]) expect(hashes[i], String(i)).not.toBe(hashes[i - 1])
  const history = new ConfigHistory()
  for await (const { entry } of entries()) history.add(entry)
  expect(configHash(history.state())).toBe(hashes.at(-1))
})

test('what was refused was never in force', () => {
  const history = new ConfigHistory()
  const entry = { v: 1, index: 0, time: minute(0), ...admin('isolate', {}, 'clerk'), outcome: 'refused' } as Entry
  expect(history.add(entry)).toBe(false)
  expect(history.state().isolated).toEqual([])
})
