import { setTimeout as sleep } from 'node:timers/promises'
import { type Entry, GatewayError } from '@sallyport/core'
import type { ControlDeps } from './define-verb.ts'

/** Entries of one step, and how often the log is looked at. */
const STEP_MAX = 500
const LOOK_MS = 200
/** Whoever may not read any more hears nothing more after this long. */
const RECHECK_MS = 2_000

export interface Following {
  readonly signal: AbortSignal
  /** Resolves when the reader has room for more. */
  readonly write: (entries: readonly Entry[]) => Promise<void>
}

interface FollowFrom {
  readonly from: number
  readonly recheck: () => Promise<void>
  readonly given: (next: number) => void
}

/**
 * Gives the entries from an index on as they are written, until the signal.
 * @param recheck Throws when the reader may not read any more.
 * @param given Told the index it has come to.
 */
export async function followEntries(
  { audit }: Pick<ControlDeps, 'audit'>,
  { from, recheck, given, signal, write }: Following & FollowFrom,
): Promise<void> {
  let next = from
  // An empty step says that nothing stands in the way.
  await write([])
  for (let checkedMs = performance.now(); !signal.aborted;) {
    if (performance.now() - checkedMs >= RECHECK_MS) {
      await recheck()
      checkedMs = performance.now()
    }
    const size = await audit.size()
    if (next > size) throw new GatewayError('REQUEST_PARAMS', `the log ends at entry ${size - 1}`)
    const entries = next < size ? await audit.read(next, Math.min(size, next + STEP_MAX)) : []
    if (entries.length > 0) await write(entries)
    next += entries.length
    given(next)
    if (next >= size) await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}
