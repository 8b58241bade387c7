import { describe, expect, test } from 'vitest'
import { emptyWorld, tempFolder } from './fixtures/world.ts'
import { openState, type Change } from './state.ts'
import { openSqliteStore } from './stores/sqlite/index.ts'

const CODE = (code: string) => expect.objectContaining({ code })

describe('state', () => {
  test('reads what was transacted, at once and after reopening', async () => {
    const folder = tempFolder()
    const file = `${folder.path}/state.db`
    const state = await openState(openSqliteStore(file))
    const agent = { id: 'a', epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'alice' }
    await state.transact([{ op: 'insert', kind: 'agent', value: agent }])
    expect(state.agent('a')).toEqual(agent)
    await state.close()
    const again = await openState(openSqliteStore(file))
    expect(again.agent('a')).toEqual(agent)
    expect(again.agent('b')).toBeUndefined()
    await again.close()
    folder.remove()
  })

  test('R016: one credential cannot be registered twice, and the mirror does not believe it either', async () => {
    const { state, agent, key } = await emptyWorld()
    await agent('a')
    await agent('b')
    await key('a')
    const [taken] = state.keys('a')
    expect(taken).toBeDefined()
    if (taken === undefined) return
    await expect(state.transact([{ op: 'insert', kind: 'key', value: { ...taken, agent: 'b' } }])).rejects.toThrowError(
      CODE('CONFLICT'),
    )
    expect(state.keyByHash(taken.hash)?.agent).toBe('a')
  })

  test('R039 R043: a manifest version and a signature never change and are never deleted', async () => {
    const { state } = await emptyWorld()
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
    await state.transact([{ op: 'insert', kind: 'signature', value }])
    await expect(state.transact([{ op: 'put', kind: 'signature', value: { ...value, reason: 'other' } }])).rejects.toThrowError(
      CODE('CONFLICT'),
    )
    await expect(state.transact([{ op: 'delete', kind: 'signature', key: 'a/1/security/bob' }])).rejects.toThrowError(
      CODE('CONFLICT'),
    )
    expect(state.signatures('a', 1)).toEqual([value])
    expect(state.signatures('a', 10)).toEqual([])
  })

  test('a plan is out of date when anybody changed what plans rest on, and not when the log noted where it stands', async () => {
    const { state } = await emptyWorld()
    const agent = (id: string): Change => ({
      op: 'insert',
      kind: 'agent',
      value: { id, epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'alice' },
    })
    const head: Change = { op: 'put', kind: 'auditHead', value: { size: 1, rootHash: 'a'.repeat(64), atMs: 1 } }
    const basis = state.revision()
    await state.transact([head])
    expect(state.auditHead()?.size).toBe(1)
    await state.transact([agent('a')], basis)
    await expect(state.transact([agent('b')], basis)).rejects.toThrowError(CODE('STORE_MOVED'))
    const next = state.revision()
    const both = await Promise.allSettled([state.transact([agent('c')], next), state.transact([agent('d')], next)])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(state.agents().map(({ id }) => id)).toEqual(['a', 'c'])
    const mixed = state.revision()
    await state.transact([head, agent('e')])
    await expect(state.transact([agent('f')], mixed)).rejects.toThrowError(CODE('STORE_MOVED'))
  })

  test('a record that breaks its schema fails the load instead of being believed', async () => {
    const folder = tempFolder()
    const file = `${folder.path}/state.db`
    for (const [kind, key, value] of [
      ['agent', 'a', { id: 'a', epoch: -1 }],
      ['agent', 'b', { id: 'a', epoch: 0, epochMs: 0, createdMs: 1, createdBy: 'x' }],
      ['unheard-of', 'a', 1],
      ['__proto__', 'a', 1],
    ] as const) {
      const store = openSqliteStore(file)
      await store.commit([{ op: 'put', kind, key, value }])
      await expect(openState(store)).rejects.toThrowError(CODE('STORE_UNAVAILABLE'))
      await store.commit([{ op: 'delete', kind, key }])
      await store.close()
    }
    folder.remove()
  })

  test('expired one-time tokens are forgotten, live ones are not', async () => {
    const { state } = await emptyWorld()
    await state.transact([
      { op: 'insert', kind: 'spent', value: { id: 'old', expiresMs: 10 } },
      { op: 'insert', kind: 'spent', value: { id: 'new', expiresMs: 100 } },
    ])
    expect(await state.prune(50)).toBe(1)
    expect([state.isSpent('old'), state.isSpent('new')]).toEqual([false, true])
  })
})
