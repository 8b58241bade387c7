import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Json, StateChange, StateDelta, StateStore } from '@sallyport/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from '../fixtures/world.ts'

export interface StateStoreKind {
  readonly name: 'sqlite' | 'postgres'
  /** Makes an empty place: a file's path, or a database's URL. */
  makePlace(folder: string): Promise<string> | string
  /** Opens the store at a place; opening the same place again after `close` finds what was committed. */
  open(place: string): StateStore
}

type Found = StateDelta['records'][number]
const put = (key: string, value: Json = 1): StateChange => ({ op: 'put', kind: 'thing', key, value })
const insert = (key: string, value: Json = 1): StateChange => ({ op: 'insert', kind: 'thing', key, value })
const remove = (key: string): StateChange => ({ op: 'delete', kind: 'thing', key })

/** What every state store owes. */
export function stateStoreContract(kind: StateStoreKind): void {
  describe(`state store contract: ${kind.name}`, () => {
    let folder: ReturnType<typeof tempFolder>
    let place: string
    let store: StateStore
    beforeEach(async () => {
      folder = tempFolder()
      place = await kind.makePlace(folder.path)
      store = kind.open(place)
    })
    afterEach(async () => {
      await store.close()
      folder.remove()
    })

    const all = async (): Promise<readonly Found[]> => (await store.since(0)).records
    const reopened = async (): Promise<readonly Found[]> => {
      await store.close()
      store = kind.open(place)
      return all()
    }

    test('what was committed is there after reopening, ordered by kind and key', async () => {
      await store.commit([put('b', { deep: [1, null, 'ü'] }), put('a'), { op: 'put', kind: 'other', key: 'z', value: 'text' }])
      await store.commit([put('a', 2)])
      expect(await reopened()).toEqual([
        { kind: 'other', key: 'z', value: 'text' },
        { kind: 'thing', key: 'a', value: 2 },
        { kind: 'thing', key: 'b', value: { deep: [1, null, 'ü'] } },
      ])
    })

    test('R016: inserting what exists fails, and nothing of the same commit is kept', async () => {
      await store.commit([insert('a')])
      await expect(store.commit([put('b'), insert('a', 2)])).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(await reopened()).toEqual([{ kind: 'thing', key: 'a', value: 1 }])
    })

    test('deleting removes, deleting what is absent does nothing, and what was deleted can be inserted again', async () => {
      await store.commit([put('a')])
      await store.commit([remove('a'), remove('never')])
      expect(await all()).toEqual([])
      await store.commit([insert('a', 2)])
      expect(await all()).toEqual([{ kind: 'thing', key: 'a', value: 2 }])
    })

    test('text that would end an SQL statement, NUL and half a character are only text', async () => {
      const nasty = `'); DROP TABLE record; -- " \u0000 \ud800`
      await store.commit([{ op: 'put', kind: "k'", key: 'a', value: nasty }, put(`'); DROP TABLE record; -- " \u0000`)])
      expect(await all()).toEqual([
        { kind: "k'", key: 'a', value: nasty },
        { kind: 'thing', key: `'); DROP TABLE record; -- " \u0000`, value: 1 },
      ])
    })

    test('what happened after a revision is told: what is new, what is changed, what is gone', async () => {
      await store.commit([put('a'), put('b')])
      const { revision } = await store.since(0)
      expect((await store.since(revision)).records).toEqual([])
      const made = await store.commit([put('b', 2), remove('a'), put('c')])
      expect(made).toBeGreaterThan(revision)
      const { records, isComplete, revision: newest } = await store.since(revision)
      expect(newest).toBe(made)
      const present = records.filter((record) => record.value !== undefined)
      expect(present).toEqual([
        { kind: 'thing', key: 'b', value: 2 },
        { kind: 'thing', key: 'c', value: 1 },
      ])
      expect(isComplete || records.some((record) => record.key === 'a' && record.value === undefined)).toBe(true)
      expect(await store.since(0)).toMatchObject({ isComplete: true, records: present })
    })

    test('a commit computed from what is no longer current is refused, and changes nothing', async () => {
      const { revision } = await store.since(0)
      const next = await store.commit([put('a')], revision)
      await expect(store.commit([put('a', 2)], revision)).rejects.toMatchObject({ code: 'STORE_MOVED' })
      expect(await all()).toEqual([{ kind: 'thing', key: 'a', value: 1 }])
      await store.commit([put('a', 3)], next)
      await store.commit([put('a', 4)])
      expect(await all()).toEqual([{ kind: 'thing', key: 'a', value: 4 }])
    })

    test('more or larger than one commit may be is refused before anything is written', async () => {
      const many = Array.from({ length: 10_001 }, (_, i) => put(`${i}`))
      await expect(store.commit(many)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      await expect(store.commit([put('a'), put('b', 'x'.repeat(4 * 1_048_576))])).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      expect(await all()).toEqual([])
    })

    test('after close nothing is answered', async () => {
      await store.close()
      await expect(store.commit([put('a')])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
      store = kind.open(place)
    })

    test('any sequence of commits reads back as a map would', async () => {
      const change = fc.oneof(
        fc.record({
          op: fc.constant('put' as const),
          kind: fc.constantFrom('a', 'b'),
          key: fc.constantFrom('1', '2', '3'),
          value: fc.jsonValue() as fc.Arbitrary<Json>,
        }),
        fc.record({ op: fc.constant('delete' as const), kind: fc.constantFrom('a', 'b'), key: fc.constantFrom('1', '2', '3') }),
      )
      const model = new Map<string, string>()
      await fc.assert(
        fc.asyncProperty(fc.array(change, { maxLength: 4 }), async (changes) => {
          await store.commit(changes)
          for (const one of changes) {
            if (one.op === 'delete') model.delete(`${one.kind}/${one.key}`)
            else model.set(`${one.kind}/${one.key}`, JSON.stringify(one.value))
          }
          const found = new Map((await all()).map((record) => [`${record.kind}/${record.key}`, JSON.stringify(record.value)]))
          expect(found).toEqual(model)
        }),
        { numRuns: 60, endOnFailure: true },
      )
    })

    test('after kill -9 in the middle of commits, everything acknowledged is there and every commit is whole', async () => {
      await store.close()
      for (let round = 0; round < 3; round++) {
        const acks = `${folder.path}/acks`
        const child = runWriter(kind, { place, name: 'one', acks })
        await acknowledged(acks, 20 * (round + 1))
        child.kill('SIGKILL')
        await once(child, 'exit')
        store = kind.open(place)
        const found = new Map((await all()).map((record) => [record.key, record.value]))
        await store.close()
        expect(found.get('one/left')).toBe(found.get('one/right'))
        expect(found.get('one/left')).toBeGreaterThanOrEqual(acksIn(acks))
      }
      store = kind.open(place)
    })
  })
}

/** Starts a process that counts as fast as it can: a pair of its own, and one counter for all writers. */
export function runWriter(
  kind: Pick<StateStoreKind, 'name'>,
  { place, name, acks }: { readonly place: string; readonly name: string; readonly acks: string },
): ChildProcess {
  return fork(fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url)), [kind.name, place, name, acks], {
    execArgv: ['--conditions=sallyport-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

export function acksIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

export async function acknowledged(file: string, count: number): Promise<void> {
  while (acksIn(file) < count) await new Promise((resolve) => setTimeout(resolve, 5))
}
