import type { Leases } from '@sallyport/core'
import type { OperatorLog } from '../operator-log.ts'
import type { Retention } from '../retention.ts'
import type { ClockWatch } from './watch-clock.ts'

/** How often retention looks. */
export const RETENTION_EVERY_MS = 3_600_000
const LEASE = 'retention'

/** Deletes what has expired, hourly, on one replica at a time; a first look comes soon after the start. */
export function followRetention(deps: {
  readonly retention: Retention
  readonly leases: Leases
  readonly clock: Pick<ClockWatch, 'requireNoLeap'>
  /** Whether the log is pruned too. */
  readonly isPruning: () => boolean
  readonly log: OperatorLog
  readonly everyMs?: number
}): { readonly close: () => Promise<void> } {
  const { retention, leases, clock, isPruning, log, everyMs = RETENTION_EVERY_MS } = deps
  let running: Promise<void> = Promise.resolve()

  async function once(): Promise<void> {
    try {
      if (!(await leases.hold(LEASE, everyMs))) return
      await clock.requireNoLeap()
      await retention.sweep()
      if (isPruning()) await retention.run('schedule')
    } catch (error) {
      log('retention could not delete what has expired', error)
    } finally {
      // Not every replica is allowed to prune: one that is not must not keep the others from it.
      await leases.release(LEASE)
    }
  }
  const look = (): void => {
    running = running.then(once)
  }
  const timer = setInterval(look, everyMs)
  timer.unref()
  look()
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}
