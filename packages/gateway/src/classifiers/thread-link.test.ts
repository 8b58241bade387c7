import { afterEach, expect, test } from 'vitest'
import { startThread } from './thread-link.ts'
import type { ScoreJob } from './thread-link.ts'
import { openPool, type WorkerPool } from './worker-pool.ts'

const ENTRY = new URL('./fixtures/unruly-thread.ts', import.meta.url)
const ask = (text: string): ScoreJob[] => [{ text, head: 'third_party' }]
let pool: WorkerPool<ScoreJob, number> | undefined

afterEach(() => pool?.close())

test.each(['hang', 'throw', 'exit', 'heap'])(
  'R057: ✗ a thread that is made to %s is told of and replaced',
  async (text) => {
    pool = await openPool({ start: () => startThread(ENTRY, undefined), workers: 1, timeoutMs: 3_000, queueMax: 8 })
    await expect(pool.run(ask(text))).rejects.toMatchObject({ code: 'CLASSIFIER_UNAVAILABLE' })
    expect(await pool.run(ask('fine'))).toEqual([0.25])
  },
  30_000,
)

test('R057: a thread sees nothing of the environment', async () => {
  process.env['SALLYPORT_TEST_SECRET'] = 'x'
  pool = await openPool({ start: () => startThread(ENTRY, undefined), workers: 1, timeoutMs: 3_000, queueMax: 8 })
  expect(await pool.run(ask('environment'))).toEqual([0])
})
