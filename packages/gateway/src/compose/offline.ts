import { GatewayError } from '@sallyport/core'
import { openControl, type ControlAnswer, type ControlRequest, type FirstOwner } from '../control/index.ts'
import { hosts } from '../hosts.ts'
import { openManifests } from '../manifests/index.ts'
import { compileSchema } from '../schema.ts'
import { endAll, type Closing } from './closing.ts'
import { deskOffline } from './guard.ts'
import { controlOver } from './people.ts'
import { keepRecords } from './retention.ts'
import { openStores } from './stores.ts'

/**
 * Answers one call of a person where no gateway runs on the home folder: under its lock, or, with a shared store, beside the
 * gateways that run elsewhere.
 * @param request Made when everything is open: a request is refused when it is older.
 * @throws GatewayError `CONFIG_*`, `STORE_*`, `AUDIT_*` when the stores cannot be opened
 */
export async function callOffline(
  { homeDir, nowMs }: { readonly homeDir: string; readonly nowMs: () => number },
  request: () => ControlRequest | FirstOwner,
): Promise<ControlAnswer> {
  const closing: Closing = []
  try {
    const stores = await openStores({ homeDir }, { nowMs, log: () => undefined, closing })
    const { state, loaded } = stores
    const manifests = await openManifests({ dir: loaded.manifestsDir, state, deps: { compileSchema, hosts }, nowMs })
    closing.push(() => manifests.close())
    const control = openControl({
      ...controlOver(stores, keepRecords(stores, false)),
      guard: deskOffline(stores),
      manifests,
      offered: () =>
        Promise.reject(
          new GatewayError('UPSTREAM_UNAVAILABLE', 'no gateway runs on this home folder, so no tool server can be asked'),
        ),
      onIsolate: () => undefined,
    })
    return await control.call(request())
  } finally {
    await endAll(closing)
  }
}
