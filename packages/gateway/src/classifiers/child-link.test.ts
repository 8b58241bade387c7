import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { type ScoreJob, startChild } from './child-link.ts'
import { openPool, type WorkerPool } from './worker-pool.ts'

const ENTRY = new URL('./fixtures/unruly-child.ts', import.meta.url)
const TIMEOUT_MS = 60_000
const ask = (text: string): ScoreJob[] => [{ text, head: 'third_party' }]
let pool: WorkerPool<ScoreJob, number> | undefined
const open = async (): Promise<WorkerPool<ScoreJob, number>> => {
  pool = await openPool({ start: () => startChild(ENTRY, {}), workers: 1, timeoutMs: 8_000, queueMax: 8 })
  return pool
}

afterEach(() => pool?.close())

test.each(['hang', 'throw', 'exit', 'abort', 'heap'])(
  'R057: ✗ a process that is made to %s is told of and replaced',
  async (text) => {
    const one = await open()
    const [first] = await one.run(ask('pid'))
    await expect(one.run(ask(text))).rejects.toMatchObject({ code: 'CLASSIFIER_UNAVAILABLE' })
    const [second] = await one.run(ask('pid'))
    expect(second).not.toBe(first)
    expect(() => process.kill(first ?? 0, 0)).toThrow('ESRCH')
  },
  TIMEOUT_MS,
)

test(
  'R057: closing kills what still runs',
  async () => {
    const one = await open()
    const [pid] = await one.run(ask('pid'))
    const running = one.run(ask('hang')).catch((error: unknown) => error)
    await one.close()
    expect(await running).toMatchObject({ code: 'CLASSIFIER_UNAVAILABLE' })
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH')
  },
  TIMEOUT_MS,
)

test(
  'R057: ✗ it sees nothing of the environment, writes no file and starts no process',
  async () => {
    process.env['SALLYPORT_TEST_SECRET'] = 'x'
    const one = await open()
    const file = join(mkdtempSync(join(tmpdir(), 'child-')), 'written')
    expect(await one.run([...ask('environment'), ...ask(`write ${file}`), ...ask('spawn')])).toEqual([0, 0, 0])
    expect(existsSync(file)).toBe(false)
  },
  TIMEOUT_MS,
)
