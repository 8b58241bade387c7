import { openBudgets } from '../budgets.ts'
import { budgetRestorer } from '../restore-budgets.ts'
import { openState } from '../state.ts'
import { embeddedLeases } from '../stores/embedded-leases.ts'
import { openFileCursors } from '../stores/files/cursors.ts'
import { openHomeLog } from '../stores/files/open-home-log.ts'
import { openSqliteStore } from '../stores/sqlite/index.ts'
import { openSqliteSessions } from '../stores/sqlite/sessions.ts'
import type { Adapters, AdaptersDeps } from './adapters.ts'

/** Everything in the home folder, held by this process alone. @throws GatewayError `STORE_LOCKED`, `STORE_UNAVAILABLE`, `AUDIT_*` */
export async function openEmbeddedStores({ home, loaded, nowMs, logWriter, closing }: AdaptersDeps): Promise<Adapters> {
  const state = await openState(openSqliteStore(home.stateFile))
  closing.push(() => state.close())
  const { checkpointMs } = loaded.config
  const audit = await openHomeLog({ home, state, checkpointMs, nowMs, ...(logWriter && { writer: logWriter }) })
  closing.push(() => audit.close())
  const budgets = openBudgets()
  const restore = budgetRestorer((untilMs) => audit.readBack(untilMs), budgets, nowMs())
  const sessions = openSqliteSessions(home.sessionsFile)
  closing.push(() => sessions.close())
  return { state, audit, budgets, restore, leases: embeddedLeases, cursors: openFileCursors(home.cursorsDir), sessions }
}
