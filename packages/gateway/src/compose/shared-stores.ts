import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { completeRotation } from '../complete-rotation.ts'
import type { PostgresStore } from '../config-store.ts'
import { openElapsedClock } from '../elapsed-clock.ts'
import { endRotation } from '../log-keyring.ts'
import type { LogStore } from '../log-store.ts'
import { openState } from '../state.ts'
import { openPostgresBudgets } from '../stores/postgres/budgets.ts'
import { openPostgresCursors } from '../stores/postgres/cursors.ts'
import { openPostgresLeases } from '../stores/postgres/leases.ts'
import { requireSchema } from '../stores/postgres/migrate.ts'
import { openPool, type Database } from '../stores/postgres/open-pool.ts'
import { openPostgresLog, type PostgresLogOptions } from '../stores/postgres/pg-log.ts'
import { keepReconciling } from '../stores/postgres/reconcile-acts.ts'
import { startReplica } from '../stores/postgres/replica.ts'
import { openPostgresSessions } from '../stores/postgres/sessions.ts'
import { openPostgresState } from '../stores/postgres/state-store.ts'
import type { Adapters, AdaptersDeps } from './adapters.ts'

/** What is done here, and the question what others did: neither waits for the other, nor for acts. */
const COMMIT_CONNECTIONS = 2
const ASKING_CONNECTIONS = 1
/** Saying that this gateway is there, and what it holds leases for: whoever cannot say so for long is given up. */
const PRESENCE_CONNECTIONS = 2
/** One group of entries at a time, one checkpoint, one question. */
const LOG_CONNECTIONS = 3
const READ_CONNECTIONS = 3
const KEEPER_CONNECTIONS = 1
/** A replica that was silent for so long is given up, and what it had begun is closed as unknown. */
const SILENT_MS = 15_000
const RECONCILE_MS = 2_000
const HOST_CHARS_MAX = 60

/**
 * Everything in one PostgreSQL database that other gateways use too.
 * @throws GatewayError `STORE_UNAVAILABLE` when it cannot be reached, `CONFIG_INVALID` when its schema is of another version,
 * `AUDIT_INVALID` when its log does not fit together.
 */
export async function openSharedStores(deps: AdaptersDeps, store: PostgresStore): Promise<Adapters> {
  const { home, loaded, nowMs, log, closing } = deps
  const open = (url: string, connectionsMax: number): Database => {
    const database = openPool({ ...store, url, connectionsMax })
    closing.push(() => database.close())
    return database
  }
  const shared = open(store.url, store.poolMax)
  await requireSchema(shared)
  const id = `${hostname().slice(0, HOST_CHARS_MAX)}/${randomBytes(8).toString('hex')}`
  const presence = open(store.url, PRESENCE_CONNECTIONS)
  const replica = await startReplica({ database: presence, id, monotonicMs: openElapsedClock(), onGivenUp: givenUp })
  closing.push(() => replica.close())
  const pool = (connectionsMax: number): Database => openPool({ ...store, connectionsMax })
  const state = await openState(openPostgresState(pool(COMMIT_CONNECTIONS), pool(ASKING_CONNECTIONS)))
  closing.push(() => state.close())
  const leases = openPostgresLeases(presence, id)
  const auditor = store.auditorUrl === undefined ? undefined : open(store.auditorUrl, READ_CONNECTIONS)
  const keeper = store.keeperUrl === undefined ? undefined : open(store.keeperUrl, KEEPER_CONNECTIONS)
  const database = open(store.url, LOG_CONNECTIONS)
  const openLog = (more: Pick<PostgresLogOptions, 'retiring'>): Promise<LogStore> =>
    openPostgresLog({
      database,
      ...(auditor && { auditor }),
      ...(keeper && { keeper }),
      origin: home.auditOrigin,
      signer: home.auditKey,
      keys: home.keyring.keys,
      keyHistory: home.keyring.history,
      checkpointMs: loaded.config.checkpointMs,
      nowMs,
      replica: id,
      leases,
      ...more,
    })
  const { retiring } = home.keyring
  if (retiring) {
    await completeRotation(await openLog({ retiring }), home.keyring)
    endRotation(join(home.dir, 'keys'))
  }
  const audit = await openLog({})
  closing.push(() => audit.close())
  // After an outage all look silent: only who has been heard all along may judge the others.
  const steady = { ...leases, hold: async (name: string, ttlMs: number) => replica.isSteady(SILENT_MS) && leases.hold(name, ttlMs) }
  const options = { database: presence, log: audit, silentMs: SILENT_MS, leases: steady, everyMs: RECONCILE_MS, operator: log }
  closing.push(keepReconciling(options))
  const budgets = openPostgresBudgets(shared)
  const cursors = openPostgresCursors(shared)
  const sessions = openPostgresSessions(shared)
  return { state, audit, budgets, restore: () => Promise.resolve(), leases, cursors, sessions, replica: id, shared }

  function givenUp(): void {
    log(
      'the other gateways gave this one up; it serves nobody any more and has to be started again',
      new Error('silent for too long'),
    )
    deps.onGivenUp?.()
  }
}
