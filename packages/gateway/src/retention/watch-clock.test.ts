import { afterEach, beforeEach, expect, test } from 'vitest'
import { fixedClock, tempFolder, type Clock } from '../fixtures/world.ts'
import type { Retention } from '../retention.ts'
import { embeddedLeases } from '../stores/embedded-leases.ts'
import { openFileCursors } from '../stores/files/cursors.ts'
import { followRetention } from './follow-retention.ts'
import { LEAP_MS_MAX, watchClock, type ClockWatch } from './watch-clock.ts'

const YEAR_MS = 366 * 86_400_000

let folder: ReturnType<typeof tempFolder>
let time: Clock
let deleted: string[]
let problems: unknown[]
beforeEach(() => {
  folder = tempFolder()
  time = fixedClock()
  deleted = []
  problems = []
})
afterEach(() => folder.remove())

/** As a process that starts, looks once and ends. */
async function start(): Promise<ClockWatch> {
  const clock = watchClock({ cursors: openFileCursors(folder.path), nowMs: time.nowMs })
  const retention = {
    sweep: async () => void deleted.push('contents'),
    run: async () => void deleted.push('log'),
  } as unknown as Retention
  const log = (_: string, error?: unknown): void => void problems.push(error)
  await followRetention({ retention, leases: embeddedLeases, clock, isPruning: () => true, log }).close()
  return clock
}

test('R132: a clock that leapt deletes nothing by itself, after restarts too, until a person says that it is right', async () => {
  await start()
  time.advance(LEAP_MS_MAX)
  await start()
  expect(deleted).toEqual(['contents', 'log', 'contents', 'log'])
  time.advance(7 * YEAR_MS)
  await start()
  const clock = await start()
  expect(deleted).toHaveLength(4)
  expect(problems).toEqual([expect.objectContaining({ code: 'CONFLICT' }), expect.objectContaining({ code: 'CONFLICT' })])
  await clock.accept()
  await start()
  expect(deleted).toHaveLength(6)
})

test('R132: a clock that was set back does not make its return a leap', async () => {
  await start()
  time.advance(-7 * YEAR_MS)
  await start()
  time.advance(7 * YEAR_MS)
  await start()
  expect(problems).toEqual([])
})
