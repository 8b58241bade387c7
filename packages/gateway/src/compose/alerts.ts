import { alertEntry, openWatch } from '@sallyport/core'
import { followLog } from '../follow-log.ts'
import { readRecent } from '../read-log.ts'
import { logAlerts } from './log-alerts.ts'
import type { Stores } from './stores.ts'

const SAMPLE_MS = 5_000
/** Entries looked at again after a start, so that what is usual is known: some thousand sessions. */
const RECALLED_MAX = 20_000

/**
 * Raises alerts: from the log for whoever holds the lease, and from this process’s own measurements. Each is an entry, and goes
 * out with all others.
 * @param loopDelayMs Longest delay of the event loop since it was asked last.
 */
export function raiseAlerts(stores: Stores, loopDelayMs: () => number): void {
  const { loaded, audit, cursors, leases, nowMs, log, counters, closing } = stores
  const follower = followLog({
    name: 'alerts',
    log: audit,
    cursors,
    leases,
    behindMax: Number.MAX_SAFE_INTEGER,
    onOverflow: 'wait',
    onBehind: () => undefined,
    onSkip: () => Promise.resolve(),
    random: Math.random,
    nowMs,
    operatorLog: log,
    deliver: logAlerts({
      origin: audit.key.name,
      watch: openWatch(loaded.config.alerts),
      append: (body) => audit.append(body),
      earlier: (before) => readRecent(audit.files, before, RECALLED_MAX),
      nowMs,
    }),
  })
  const health = openWatch(loaded.config.alerts)
  const timer = setInterval(() => {
    for (const alert of health({ type: 'sample', sample: counters.sample(nowMs(), loopDelayMs()) }))
      audit.append(alertEntry(alert)).catch((error: unknown) => log('an alert could not be written', error))
  }, SAMPLE_MS)
  closing.push(() => follower.close())
  closing.push(() => clearInterval(timer))
}
