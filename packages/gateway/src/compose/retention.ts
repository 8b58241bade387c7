import { join } from 'node:path'
import type { RetentionConfig } from '../config-retention.ts'
import { openHolds, type Holds } from '../holds.ts'
import type { Retention } from '../retention.ts'
import { followRetention } from '../retention/follow-retention.ts'
import { heldContent } from '../retention/held-content.ts'
import { openRetention } from '../retention/open-retention.ts'
import { openSetAside } from '../retention/set-aside.ts'
import { watchClock } from '../retention/watch-clock.ts'
import type { Stores } from './stores.ts'

/** What keeps records as long as they must be kept and no longer. */
export interface Keeping {
  readonly retention: Retention
  readonly holds: Holds
  reconfigure(config: RetentionConfig): void
}

/** @param isFollowed Whether to look for what retention lets go from time to time. */
export function keepRecords(stores: Stores, isFollowed = true): Keeping {
  const { home, loaded, state, audit, record, nowMs, log, closing } = stores
  let config = loaded.config.retention
  const holds = openHolds({ state, files: audit.files, nowMs })
  const isHeld = heldContent({ state, holds, vault: stores.vault })
  const retention = openRetention({
    log: audit,
    state,
    rules: () => config,
    holds,
    aside: openSetAside(join(home.dir, 'holds'), audit),
    record,
    nowMs,
    expireContents: async (what) => (await stores.vault.expire(what, isHeld)).contents,
  })
  const clock = watchClock({ cursors: stores.cursors, nowMs })
  if (isFollowed) {
    const follower = followRetention({ retention, leases: stores.leases, clock, isPruning: () => config.pruneLog, log })
    closing.push(() => follower.close())
  }
  return {
    retention: {
      ...retention,
      async run(authority, to) {
        const plan = await retention.run(authority, to)
        await clock.accept()
        return plan
      },
    },
    holds,
    reconfigure(next) {
      config = next
    },
  }
}
