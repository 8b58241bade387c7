import { join } from 'node:path'
import { weakenedLayers } from '@sallyport/core'
import { keepConfig, publicConfig } from '../config-hash.ts'
import { signEd25519 } from '../ed25519.ts'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import { keepAlive } from '../keep-alive.ts'
import type { LoadedConfig } from '../load-config.ts'
import { openEvidence, type LogEvidence } from '../log-evidence.ts'
import { reconcileLog } from '../reconcile-log.ts'
import type { SystemAct } from '../system-entries.ts'
import type { Stores } from './stores.ts'

/** What auditors ask of the log. */
export function evidenceOf({ home, audit, state, loaded, nowMs }: Stores): LogEvidence {
  return openEvidence({
    log: audit,
    keyring: home.keyring,
    sign: (bytes) => signEd25519(bytes, home.auditKey),
    cosigned: () => state.cosigned(),
    completeness: loaded.config.completeness,
    software: GATEWAY_VERSION,
    nowMs,
  })
}

/** What is in force from now on, as `gateway.start` and `config.loaded` say it; the configuration itself is kept under its hash. */
export function inForce({ home, replica, log, nowMs }: Stores, loaded: LoadedConfig): SystemAct['detail'] {
  const config = publicConfig(loaded)
  try {
    keepConfig(join(home.dir, 'configs'), config)
  } catch (error) {
    log('the configuration was not kept under its hash', error)
  }
  const { guard, completeness } = loaded.config
  const weakened = [...weakenedLayers(guard, { nowMs: nowMs() })]
  return {
    version: GATEWAY_VERSION,
    config: config.hash,
    aliveMs: completeness.aliveMs,
    ...(weakened.length > 0 && { weakened }),
    ...(replica === undefined ? {} : { replica }),
  }
}

/** Watches that the record is whole, and says when this gateway ends. */
export function watchRecord(stores: Stores): void {
  const { audit, leases, cursors, record, loaded, nowMs, log, replica, closing } = stores
  const { completeness } = loaded.config
  const detail = replica === undefined ? {} : { replica }
  const about = { operatorLog: log, leases, nowMs }
  // Closed in the other order: the stop is the last thing said.
  closing.push(async () => {
    const actor = { type: 'system' as const, id: 'sallyport' }
    await audit
      .append({ type: 'admin', actor, verb: 'gateway.stop', outcome: 'done', detail })
      .catch((error: unknown) => log('the end was not recorded', error))
  })
  const reconciler = reconcileLog({ ...about, ...completeness, log: audit, cursors })
  closing.push(() => reconciler.close())
  const monotonicMs = (): number => performance.now()
  closing.push(keepAlive({ ...about, ...detail, log: audit, record, aliveMs: completeness.aliveMs, monotonicMs }))
}
