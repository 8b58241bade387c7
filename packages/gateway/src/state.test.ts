import { describe, expect, test } from 'vitest'
import { emptyWorld, tempFolder } from './fixtures/world.ts'
import { openState } from './state.ts'
import { openSqliteStore } from './stores/sqlite/index.ts'

const CODE = (code: string) => expect.objectContaining({ code })

describe('state', () => {
  test('reads what was transacted, at once and after reopening', () => {
    const folder = tempFolder()
    const file = `${folder.path}/state.db`
    const state = openState(openSqliteStore(file))
    const agent = { id: 'a', epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'alice' }
    state.transact([{ op: 'insert', kind: 'agent', value: agent }])
    expect(state.agent('a')).toEqual(agent)
    state.close()
    const again = openState(openSqliteStore(file))
    expect(again.agent('a')).toEqual(agent)
    expect(again.agent('b')).toBeUndefined()
    again.close()
    folder.remove()
  })

  test('R016: one credential cannot be registered twice, and the mirror does not believe it either', () => {
    const { state, agent, key } = emptyWorld()
    agent('a')
    agent('b')
    key('a')
    const [taken] = state.keys('a')
    expect(taken).toBeDefined()
    if (taken === undefined) return
    expect(() => state.transact([{ op: 'insert', kind: 'key', value: { ...taken, agent: 'b' } }])).toThrowError(CODE('CONFLICT'))
    expect(state.keyByHash(taken.hash)?.agent).toBe('a')
  })

  test('R039 R043: a manifest version and a signature never change and are never deleted', () => {
    const { state } = emptyWorld()
    const value = {
      agent: 'a',
      version: 1,
      hash: 'a'.repeat(64),
      role: 'security',
      user: 'bob',
      reason: 'ok',
      atMs: 1,
      signature: `${'A'.repeat(86)}==`,
    } as const
    state.transact([{ op: 'insert', kind: 'signature', value }])
    expect(() => state.transact([{ op: 'put', kind: 'signature', value: { ...value, reason: 'other' } }])).toThrowError(
      CODE('CONFLICT'),
    )
    expect(() => state.transact([{ op: 'delete', kind: 'signature', key: 'a/1/security/bob' }])).toThrowError(CODE('CONFLICT'))
    expect(state.signatures('a', 1)).toEqual([value])
    expect(state.signatures('a', 10)).toEqual([])
  })

  test('a record that breaks its schema fails the load instead of being believed', () => {
    const folder = tempFolder()
    const file = `${folder.path}/state.db`
    for (const [kind, key, value] of [
      ['agent', 'a', { id: 'a', epoch: -1 }],
      ['agent', 'b', { id: 'a', epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'x' }],
      ['unheard-of', 'a', 1],
      ['__proto__', 'a', 1],
    ] as const) {
      const store = openSqliteStore(file)
      store.commit([{ op: 'put', kind, key, value }])
      expect(() => openState(store)).toThrowError(CODE('STORE_UNAVAILABLE'))
      store.commit([{ op: 'delete', kind, key }])
      store.close()
    }
    folder.remove()
  })

  test('expired one-time tokens are forgotten, live ones are not', () => {
    const { state } = emptyWorld()
    state.transact([
      { op: 'insert', kind: 'spent', value: { id: 'old', expiresMs: 10 } },
      { op: 'insert', kind: 'spent', value: { id: 'new', expiresMs: 100 } },
    ])
    expect(state.prune(50)).toBe(1)
    expect([state.isSpent('old'), state.isSpent('new')]).toEqual([false, true])
  })
})
