import type { Mcp } from '../protocols/mcp/index.ts'
import type { SinksView } from '../sinks-view.ts'
import { followWitnesses } from '../witness/follow-witnesses.ts'
import { raiseAlerts } from './alerts.ts'
import { anchorLog } from './anchors.ts'
import { watchRecord } from './evidence.ts'
import { openMetrics } from './metrics.ts'
import { openSinks } from './sinks.ts'
import type { Stores } from './stores.ts'
import { followErasures } from './vault.ts'

/** Starts what follows the audit log from outside the path of an act: no request waits for it or is changed by it. */
export async function followLog(stores: Stores, mcp: Pick<Mcp, 'streams'>): Promise<{ readonly sinks: SinksView }> {
  watchRecord(stores)
  // Before the stop is recorded.
  stores.closing.push(() => stores.fieldUses.close())
  followErasures(stores)
  const { loaded, closing } = stores
  const anchoring = await anchorLog(stores)
  if (anchoring) {
    stores.anchoring.current = anchoring
    stores.standing.anchoredBy(() => anchoring.size())
  }
  const { witnesses } = loaded.config
  if (witnesses.list.length > 0) closing.push(followWitnesses({ ...stores, witnesses }))
  const sinks = openSinks(stores)
  raiseAlerts(stores, await openMetrics(stores, { sinks, streams: () => mcp.streams() }))
  return { sinks }
}
