import type { AuditLog, Leases } from '@sallyport/core'
import type { OperatorLog } from './operator-log.ts'
import type { SystemAct } from './system-entries.ts'

/** A step of the wall clock against the monotonic one that is worth an entry. */
const CLOCK_STEP_MS = 2_000
/** Longest wait between two looks at the clocks. */
const LOOK_MS_MAX = 5_000
const LEASE = 'log.alive'

export interface KeepAliveOptions {
  readonly log: Pick<AuditLog, 'size'>
  readonly leases: Leases
  readonly record: (act: SystemAct) => void
  /** Interval of the signs of life; 0 for none. The clock is watched in any case. */
  readonly aliveMs: number
  readonly nowMs: () => number
  readonly monotonicMs: () => number
  /** Which gateway this is, where there are several. */
  readonly replica?: string
  readonly operatorLog: OperatorLog
}

/**
 * Writes `log.alive` when nothing else was written for a while, so that silence means something, and `clock.stepped` when the
 * wall clock was set or stood still: times around it are in doubt.
 * @returns How to stop.
 */
export function keepAlive(options: KeepAliveOptions): () => void {
  const { log, leases, record, aliveMs, nowMs, monotonicMs } = options
  const about = options.replica === undefined ? {} : { replica: options.replica }
  let offsetMs = nowMs() - monotonicMs()
  let seen = { size: -1, atMs: monotonicMs() }
  let isLooking = false
  const timer = setInterval(() => void look(), Math.max(50, Math.min(LOOK_MS_MAX, aliveMs === 0 ? LOOK_MS_MAX : aliveMs / 4)))
  timer.unref()
  return () => clearInterval(timer)

  async function look(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      watchClock()
      if (aliveMs > 0) await watchLog()
    } catch (error) {
      options.operatorLog('the sign of life was not written', error)
    } finally {
      isLooking = false
    }
  }

  function watchClock(): void {
    const byMs = Math.round(nowMs() - monotonicMs() - offsetMs)
    if (Math.abs(byMs) < CLOCK_STEP_MS) return
    offsetMs += byMs
    record({ verb: 'clock.stepped', detail: { byMs, ...about } })
  }

  async function watchLog(): Promise<void> {
    const size = await log.size()
    if (size !== seen.size) seen = { size, atMs: monotonicMs() }
    else if (monotonicMs() - seen.atMs >= aliveMs && (await leases.hold(LEASE, aliveMs)))
      record({ verb: 'log.alive', detail: { size, ...about } })
  }
}
