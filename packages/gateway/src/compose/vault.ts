import { randomBytes } from 'node:crypto'
import { subjectId, userSubject } from '@sallyport/core'
import type { ControlDeps } from '../control/index.ts'
import type { Erasures } from '../erasures.ts'
import { sessionSummaries } from '../flow/confirm-summary.ts'
import { openFieldUses } from '../flow/field-uses.ts'
import { personSessions } from '../flow/forget-sessions.ts'
import { openFlow } from '../flow/open-flow.ts'
import { openHolds } from '../holds.ts'
import { inspectLog } from '../inspect-log.ts'
import { openKeySource } from '../keys/index.ts'
import { openPostgresVault } from '../stores/postgres/vault.ts'
import { openSqliteVault } from '../stores/sqlite/vault.ts'
import { openErasures } from '../vault/erasures.ts'
import { openVault } from '../vault/index.ts'
import type { Stores } from './stores.ts'

/** The vault's place in everything it seals. One gateway, or one database, serves one tenant. */
const TENANT = 'default'
const RESUME_MS = 60_000

type Contents = 'vault' | 'flow' | 'fieldUses' | 'summaries' | 'erasures'

/** Opens what keeps content of people, over the stores that the configuration names, and what erases it from there. */
export function openContents(stores: Omit<Stores, Contents>): Pick<Stores, Contents> {
  const { home, loaded, state, audit, shared, nowMs, log, closing } = stores
  const { keys, cacheMs } = loaded.config.vault
  const vault = openVault({
    store: shared ? openPostgresVault(shared) : openSqliteVault({ keys: home.vaultKeysFile, contents: home.vaultFile }),
    source: openKeySource(keys, { file: home.wrappingKeyFile, isShared: shared !== undefined }),
    tenant: TENANT,
    pepper: home.deriveKey('vault'),
    commitKey: home.deriveKey('commit'),
    randomBytes,
    nowMs,
    cacheMs,
  })
  const flowKey = home.deriveKey('flow')
  const fieldUses = openFieldUses({ record: stores.record, nowMs })
  const flow = openFlow({
    uses: fieldUses,
    store: stores.sessions,
    key: flowKey,
    ownerOf: ({ user }) => user && vault.lookup(subjectId(userSubject(user))),
    nowMs,
    log,
  })
  // What another replica erased must not be in memory here.
  const follow = state.onChanged((changed) => {
    if (!changed.some(({ kind }) => kind === 'erasure')) return
    vault.flush()
    flow.flush()
  })
  closing.push(
    () => vault.close(),
    () => flow.close(),
    follow,
  )
  const erasures = openErasures({
    vault,
    sessions: personSessions({ store: stores.sessions, key: flowKey, onForgotten: flow.flush, nowMs }),
    holds: openHolds({ state, files: audit.files, nowMs }),
    log: audit,
    state,
    audit,
    prove: (index) => inspectLog(audit).prove(index),
    destinations: () => loaded.config.sinks.map(({ id }) => id),
    randomBytes,
    nowMs,
  })
  const summaries = sessionSummaries({
    store: stores.sessions,
    key: flowKey,
    ownerName: (person) => vault.lookup(subjectId(userSubject(person))),
    onForgotten: flow.flush,
    nowMs,
  })
  return { vault, flow, fieldUses, summaries, erasures }
}

/** Finishes erasures that a crash or a hold interrupted, now and from time to time. */
export function followErasures({ state, vault, erasures, leases, log, closing }: Stores & { readonly erasures: Erasures }): void {
  const resume = async (): Promise<void> => {
    if (state.erasures().every(({ status }) => status === 'done')) return
    if (await leases.hold('erasure', RESUME_MS)) await erasures.resume()
  }
  const attempt = (): void => void resume().catch((error: unknown) => log('an erasure could not be finished', error))
  vault.finish().catch((error: unknown) => log('an old wrapping key could not be destroyed', error))
  attempt()
  const timer = setInterval(attempt, RESUME_MS).unref()
  closing.push(() => clearInterval(timer))
}

/** What people's verbs do with content. */
export function contentOver({
  vault,
  erasures,
  log,
}: Stores): Pick<ControlDeps, 'vault' | 'erasures' | 'subjectNames' | 'onHoldReleased'> {
  return {
    vault,
    erasures,
    async subjectNames(person) {
      const lookup = vault.lookup(subjectId(person))
      const holdings = await vault.holdings(lookup)
      // Never both: what is recorded with them would lead from the person to the pseudonym after an erasure.
      return holdings ? { token: holdings.token } : { lookup }
    },
    // The hold is over whatever becomes of what waited for it; the clock tries again.
    onHoldReleased: () => erasures.resume().catch((error: unknown) => log('an erasure could not be finished', error)),
  }
}
