import type { CursorStore, Leases, SessionStore } from '@sallyport/core'
import type { Budgets } from '../budgets.ts'
import type { Home } from '../home.ts'
import type { LoadedConfig } from '../load-config.ts'
import type { LogStore } from '../log-store.ts'
import type { OperatorLog } from '../operator-log.ts'
import type { State } from '../state.ts'
import type { WriterLink } from '../stores/files/writer-link.ts'
import type { Database } from '../stores/postgres/open-pool.ts'
import type { Closing } from './closing.ts'
import { openEmbeddedStores } from './embedded-stores.ts'
import { openSharedStores } from './shared-stores.ts'

export interface AdaptersDeps {
  readonly home: Home
  readonly loaded: LoadedConfig
  readonly nowMs: () => number
  readonly log: OperatorLog
  /** What writes an embedded audit log. */
  readonly logWriter?: WriterLink
  /** Called when the other gateways gave this one up: it has to be started again. */
  readonly onGivenUp?: () => void
  /** Filled with how to end each part, also when opening fails half-way. */
  readonly closing: Closing
}

/** One adapter for each port. */
export interface Adapters {
  readonly state: State
  readonly audit: LogStore
  readonly budgets: Budgets
  /** Counts the calls of this long before the start, where a start forgets them. */
  readonly restore: (windowMs: number) => Promise<void>
  readonly leases: Leases
  readonly cursors: CursorStore
  readonly sessions: SessionStore
  /** This process among the gateways over one database; absent where there is only one. */
  readonly replica?: string
  /** The database that other gateways use too; absent where everything is in the home folder. */
  readonly shared?: Database
}

/** Opens what the configuration names. @throws GatewayError `STORE_*`, `AUDIT_*`, `CONFIG_INVALID` */
export function openAdapters(deps: AdaptersDeps): Promise<Adapters> {
  const { store } = deps.loaded.config
  return store.type === 'embedded' ? openEmbeddedStores(deps) : openSharedStores(deps, store)
}
