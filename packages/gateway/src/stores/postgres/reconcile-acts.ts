import type { Leases } from '@sallyport/core'
import type { LogStore } from '../../log-store.ts'
import type { OperatorLog } from '../../operator-log.ts'
import { logDatabase } from './log-database.ts'
import type { Queries } from './open-pool.ts'

const LEASE = 'audit.reconcile'
/** Acts closed at a time. */
const ORPHANS_AT_ONCE = 1_000

export interface ReconcileOptions {
  readonly database: Queries
  readonly log: Pick<LogStore, 'append' | 'key'>
  /** A replica not seen for this long is given up, ms by the clock of the database. */
  readonly silentMs: number
  /**
   * Who was silent at the last look, kept between looks. With it only those silent at two looks are given up: when the clock of the
   * database is set forward all seem silent, until they say again that they are there.
   */
  readonly suspects?: Set<string>
}

/**
 * Gives up replicas that fell silent, and closes every act whose replica is gone with an `unknown` entry that names it. The entry
 * `replica.silent` comes first, so that a crash in between can repeat it and never lose it. Acts are closed once, whoever else
 * does this at the same time: the log refuses a second entry for the same act.
 * @returns Acts closed.
 */
export async function reconcileActs({ database, log, silentMs, suspects }: ReconcileOptions): Promise<number> {
  const origin = log.key.name
  const silent = await logDatabase.silent(database, silentMs)
  const lost = silent.filter((replica) => suspects?.has(replica) ?? true)
  suspects?.clear()
  for (const replica of silent) suspects?.add(replica)
  for (const replica of lost) {
    await log.append({
      type: 'admin',
      actor: { type: 'system', id: 'sallyport' },
      verb: 'replica.silent',
      target: replica,
      outcome: 'done',
      detail: { silentMs },
    })
    await logDatabase.bury(database, origin, { replica, silentMs })
  }
  let closed = 0
  for (;;) {
    const orphans = await logDatabase.orphans(database, origin, ORPHANS_AT_ONCE)
    const results = await Promise.allSettled(
      orphans.map(({ decision, act, replica }) => log.append({ type: 'unknown', act, decision, replica })),
    )
    closed += results.filter(({ status }) => status === 'fulfilled').length
    if (orphans.length < ORPHANS_AT_ONCE || results.some(({ status }) => status === 'rejected')) return closed
  }
}

/**
 * Reconciles for as long as this process holds the lease for it.
 * @param options.everyMs Longer than replicas need to say again that they are there.
 * @returns How to stop.
 */
export function keepReconciling(
  options: ReconcileOptions & { readonly leases: Leases; readonly everyMs: number; readonly operator: OperatorLog },
): () => Promise<void> {
  const suspects = new Set<string>()
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = undefined
    })
  }, options.everyMs)
  timer.unref()

  async function run(): Promise<void> {
    try {
      if (await options.leases.hold(LEASE, 3 * options.everyMs)) await reconcileActs({ ...options, suspects })
      else suspects.clear()
    } catch (error) {
      options.operator('acts of lost replicas could not be closed', error)
    }
  }

  return async () => {
    clearInterval(timer)
    await running
  }
}
