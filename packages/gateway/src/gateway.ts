import { openProtocols, serveAgents } from './compose/agents.ts'
import { endAll, type Closing } from './compose/closing.ts'
import { inForce } from './compose/evidence.ts'
import { followState } from './compose/follow-state.ts'
import { followLog } from './compose/followers.ts'
import { openRunningGuard } from './compose/guard.ts'
import { servePeople } from './compose/people.ts'
import { openRules, restoreBudgets } from './compose/rules.ts'
import { openStores } from './compose/stores.ts'
import { stderrLog, type OperatorLog } from './operator-log.ts'
import { openReadiness } from './readiness.ts'
import type { WriterLink } from './stores/files/writer-link.ts'

export interface GatewayOptions {
  readonly homeDir: string
  readonly nowMs?: () => number
  /** Standard error unless set. */
  readonly log?: OperatorLog
  /** What writes the audit log; a thread of its own over the real file system unless set. */
  readonly logWriter?: WriterLink
  /** Called when the other gateways over the same database gave this one up: it serves nobody and has to be started again. */
  readonly onGivenUp?: () => void
}

export interface Gateway {
  /** Base URL; agents connect to `<url>/a/<agent>/mcp`, their models to `<url>/a/<agent>/v1`. */
  readonly url: string
  close(): Promise<void>
}

/**
 * Runs a gateway over a home folder. This is the composition root: the only place that knows every adapter.
 * @throws GatewayError `CONFIG_*` for anything in the folder that cannot be used, `STORE_LOCKED` when another gateway runs there,
 * `AUDIT_INVALID` when the log does not fit together or was rolled back.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const nowMs = options.nowMs ?? Date.now
  const log = options.log ?? stderrLog(nowMs)
  const closing: Closing = []
  const close = (): Promise<void> => endAll(closing)
  try {
    const stores = await openStores(options, { nowMs, log, closing })
    const rules = await openRules(stores)
    await Promise.all(rules.manifests.agents().map((agent) => restoreBudgets(stores, rules, agent)))
    const ready = openReadiness({ ...stores, monotonicMs: () => performance.now() })
    const running = openRunningGuard(stores)
    const protocols = openProtocols(stores, rules, { audit: ready.audit, guard: running.guard })
    const { mcp } = protocols
    followState(stores, rules, protocols)
    const server = await serveAgents(stores, rules, { ...protocols, isReady: ready.isReady })
    const { sinks } = await followLog(stores, mcp)
    await servePeople(stores, rules, { ...protocols, url: server.url, sinks, running })
    stores.record({ verb: 'gateway.start', detail: { url: server.url, ...inForce(stores, stores.loaded) } })
    // First calls should not wait for processes to start; a server that is down is tried again when it is needed.
    mcp.catalogue.offered().catch((error: unknown) => log('tool servers could not be asked', error))
    return { url: server.url, close }
  } catch (error) {
    await close().catch((failure: unknown) => log('what was open could not be closed', failure))
    throw error
  }
}
