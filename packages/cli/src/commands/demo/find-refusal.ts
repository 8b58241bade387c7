import { setTimeout as wait } from 'node:timers/promises'
import { readEntries } from '@sallyport/core'
import { logReader } from '@sallyport/gateway'

const WAIT_MS_MAX = 2_000
const STEP_MS = 20

/**
 * The entry that a refused HTTP request left in the log. Whoever asked at a wrong address is not told of it, so the log is
 * asked. `undefined` when there is none in time.
 */
export async function findRefusal(
  logDir: string,
  path: string,
): Promise<{ readonly entry: number; readonly code: string } | undefined> {
  for (let waitedMs = 0; waitedMs < WAIT_MS_MAX; waitedMs += STEP_MS) {
    for await (const { index, entry } of readEntries(logReader(logDir))) {
      if (entry.type === 'refusal' && entry.claims['path'] === path) return { entry: index, code: entry.code }
    }
    await wait(STEP_MS)
  }
  return undefined
}
