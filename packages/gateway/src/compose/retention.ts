import { join } from 'node:path'
import type { RetentionConfig } from '../config-retention.ts'
import { openHolds, type Holds } from '../holds.ts'
import type { Retention } from '../retention.ts'
import { followRetention } from '../retention/follow-retention.ts'
import { openRetention } from '../retention/open-retention.ts'
import { openSetAside } from '../retention/set-aside.ts'
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
  const isHeld = async (token: string | undefined): Promise<boolean> =>
    (await holds.blocking(token === undefined ? {} : { token })).length > 0
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
  if (isFollowed) {
    const follower = followRetention({ retention, leases: stores.leases, isPruning: () => config.pruneLog, log })
    closing.push(() => follower.close())
  }
  return {
    retention,
    holds,
    reconfigure(next) {
      config = next
    },
  }
}
