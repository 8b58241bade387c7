import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Json, StateChange, StateStore } from '@sallyport/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from '../fixtures/world.ts'

export interface StateStoreKind {
  readonly name: string
  /** Opens the store at a path; opening the same path again after `close` finds what was committed. */
  open(path: string): StateStore
}

const put = (key: string, value: Json = 1): StateChange => ({ op: 'put', kind: 'thing', key, value })

/** What every state store owes. */
export function stateStoreContract(kind: StateStoreKind): void {
  describe(`state store contract: ${kind.name}`, () => {
    let folder: ReturnType<typeof tempFolder>
    let path: string
    beforeEach(() => {
      folder = tempFolder()
      path = `${folder.path}/state.db`
    })
    afterEach(() => folder.remove())

    const reopened = (): unknown[] => {
      const store = kind.open(path)
      const records = [...store.load()]
      store.close()
      return records
    }

    test('what was committed is there after reopening, ordered by kind and key', () => {
      const store = kind.open(path)
      store.commit([put('b', { deep: [1, null, 'ü'] }), put('a'), { op: 'put', kind: 'other', key: 'z', value: 'text' }])
      store.commit([put('a', 2)])
      store.close()
      expect(reopened()).toEqual([
        { kind: 'other', key: 'z', value: 'text' },
        { kind: 'thing', key: 'a', value: 2 },
        { kind: 'thing', key: 'b', value: { deep: [1, null, 'ü'] } },
      ])
    })

    test('R016: inserting what exists fails, and nothing of the same commit is kept', () => {
      const store = kind.open(path)
      store.commit([{ op: 'insert', kind: 'thing', key: 'a', value: 1 }])
      expect(() => store.commit([put('b'), { op: 'insert', kind: 'thing', key: 'a', value: 2 }])).toThrowError(
        expect.objectContaining({ code: 'CONFLICT' }),
      )
      store.close()
      expect(reopened()).toEqual([{ kind: 'thing', key: 'a', value: 1 }])
    })

    test('deleting removes; deleting what is absent does nothing', () => {
      const store = kind.open(path)
      store.commit([put('a')])
      store.commit([
        { op: 'delete', kind: 'thing', key: 'a' },
        { op: 'delete', kind: 'thing', key: 'never' },
      ])
      expect([...store.load()]).toEqual([])
      store.close()
    })

    test('text that would end an SQL statement is only text', () => {
      const store = kind.open(path)
      const nasty = `'); DROP TABLE record; -- " \u0000`
      store.commit([{ op: 'put', kind: "k'", key: nasty, value: nasty }])
      expect([...store.load()]).toEqual([{ kind: "k'", key: nasty, value: nasty }])
      store.close()
    })

    test('any sequence of commits reads back as a map would', () => {
      const change = fc.oneof(
        fc.record({
          op: fc.constant('put' as const),
          kind: fc.constantFrom('a', 'b'),
          key: fc.constantFrom('1', '2', '3'),
          value: fc.jsonValue() as fc.Arbitrary<Json>,
        }),
        fc.record({ op: fc.constant('delete' as const), kind: fc.constantFrom('a', 'b'), key: fc.constantFrom('1', '2', '3') }),
      )
      fc.assert(
        fc.property(fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 6 }), (commits) => {
          const place = tempFolder()
          const model = new Map<string, string>()
          const store = kind.open(`${place.path}/state.db`)
          for (const changes of commits) {
            store.commit(changes)
            for (const one of changes) {
              if (one.op === 'delete') model.delete(`${one.kind}/${one.key}`)
              else model.set(`${one.kind}/${one.key}`, JSON.stringify(one.value))
            }
          }
          const found = new Map([...store.load()].map((record) => [`${record.kind}/${record.key}`, JSON.stringify(record.value)]))
          store.close()
          place.remove()
          expect(found).toEqual(model)
        }),
        { numRuns: 15 },
      )
    })

    test('a second opener is refused at once, also from another process', async () => {
      const store = kind.open(path)
      store.commit([put('a')])
      expect(() => kind.open(path)).toThrowError(expect.objectContaining({ code: 'STORE_LOCKED' }))
      expect(await answerOf(runWriter(kind, path))).toBe('STORE_LOCKED')
      store.close()
      const after = kind.open(path)
      after.close()
    })

    test('after kill -9 in the middle of commits, everything acknowledged is there and every commit is whole', async () => {
      for (let round = 0; round < 3; round++) {
        const child = runWriter(kind, path)
        await acknowledged(`${path}.log`, 20 * (round + 1))
        child.kill('SIGKILL')
        await once(child, 'exit')
        const acks = acksIn(`${path}.log`)
        const found = new Map((reopened() as { key: string; value: number }[]).map((record) => [record.key, record.value]))
        expect(found.get('left')).toBe(found.get('right'))
        expect(found.get('left')).toBeGreaterThanOrEqual(acks)
      }
    })
  })
}

/** Starts a process that commits a pair of counters and writes one line per acknowledged commit. */
function runWriter(kind: StateStoreKind, path: string): ChildProcess {
  return fork(fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url)), [kind.name, path], {
    execArgv: ['--conditions=sallyport-source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const [message] = await once(child, 'message')
  child.kill('SIGKILL')
  return message
}

function acksIn(file: string): number {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0
}

async function acknowledged(file: string, count: number): Promise<void> {
  while (acksIn(file) < count) await new Promise((resolve) => setTimeout(resolve, 5))
}
