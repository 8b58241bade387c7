import { GatewayError, type KeySource } from '@sallyport/core'
import type { VaultConfig } from '../config-vault.ts'
import { openKmsKeys } from './aws-kms/index.ts'
import { openLocalKeys } from './local/index.ts'
import { openTransitKeys } from './vault-transit/index.ts'

/**
 * Opens the key source that the configuration names.
 * @param file Where a local one keeps its keys. A vault that gateways share cannot have one: each would have a copy of its own, and
 * a copy is what an erasure must not leave.
 */
export function openKeySource(
  keys: VaultConfig['keys'],
  { file, isShared }: { readonly file: string; readonly isShared: boolean },
): KeySource {
  switch (keys.source) {
    case 'local':
      return isShared ? noKeys : openLocalKeys(file)
    case 'aws-kms':
      return openKmsKeys(keys)
    case 'vault-transit':
      return openTransitKeys(keys)
  }
}

function refuse(): Promise<never> {
  return Promise.reject(
    new GatewayError('VAULT_UNAVAILABLE', 'a vault that gateways share needs a key source they share; set vault.keys'),
  )
}

/** A shared vault without a key source keeps nothing, and what must be kept does not happen. */
const noKeys: KeySource = {
  name: 'none',
  wrap: refuse,
  unwrap: refuse,
  rotate: refuse,
  destroyBefore: refuse,
  close: () => Promise.resolve(),
}
