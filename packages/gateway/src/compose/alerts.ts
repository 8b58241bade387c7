import { alertEntry, openWatch, toEvents, type StoredEntry } from '@sallyport/core'
import { followLog } from '../follow-log.ts'
import { sha256Native } from '../sha256-native.ts'
import type { Stores } from './stores.ts'

/** Older entries raise no alert: a log that is followed for the first time may be years long. */
const ALERT_AGE_MS_MAX = 7 * 86_400_000
const SAMPLE_MS = 5_000

/**
 * Raises alerts: from the log for whoever holds the lease, and from this process’s own measurements. Each is an entry, and goes
 * out with all others.
 * @param loopDelayMs Longest delay of the event loop since it was asked last.
 */
export function raiseAlerts(stores: Stores, loopDelayMs: () => number): void {
  const { loaded, audit, cursors, leases, nowMs, log, counters, closing } = stores
  const watch = openWatch(loaded.config.alerts)
  const source = { origin: audit.key.name, sha: sha256Native }
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
    deliver: async (batch) => {
      for (const entry of batch.filter((one) => canMatter(one) && Date.parse(one.entry.time) > nowMs() - ALERT_AGE_MS_MAX)) {
        for (const event of toEvents(entry, source)) {
          for (const alert of watch({ type: 'event', event })) await audit.append(alertEntry(alert, entry.index))
        }
      }
    },
  })
  const health = openWatch(loaded.config.alerts)
  const timer = setInterval(() => {
    for (const alert of health({ type: 'sample', sample: counters.sample(nowMs(), loopDelayMs()) }))
      audit.append(alertEntry(alert)).catch((error: unknown) => log('an alert could not be written', error))
  }, SAMPLE_MS)
  closing.push(() => follower.close())
  closing.push(() => clearInterval(timer))
}

/** Most entries are acts that were allowed and went well: no rule looks at them. */
function canMatter({ entry }: StoredEntry): boolean {
  if (entry.type === 'decision') return entry.enforced !== 'allow' || entry.findings.length > 0
  if (entry.type === 'outcome') return entry.findings.length > 0
  return true
}
