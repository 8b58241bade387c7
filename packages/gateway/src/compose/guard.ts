import { randomBytes } from 'node:crypto'
import { detectors, jcs, type Json, sha256Hex, type SourceProfile } from '@sallyport/core'
import type { Config, ServerConfig } from '../config.ts'
import type { Guard, Origin } from '../guard.ts'
import { openGuard, type GuardParts } from '../guard/open-guard.ts'
import { openSealer } from '../inspect/seal-value.ts'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import type { LoadedConfig } from '../load-config.ts'
import type { Stores } from './stores.ts'

/** The guard of a running gateway, and how it takes over another configuration. */
export interface RunningGuard {
  readonly guard: Guard
  reconfigure(loaded: LoadedConfig): void
}

/** Bytes of a nonce that marks foreign text. */
const NONCE_BYTES = 18

export function openRunningGuard({ home, loaded, state }: Stores): RunningGuard {
  let servers = loaded.config.servers
  let parts = partsOf(loaded.config)
  const sealKey = home.deriveKey('placeholder')
  const guard = openGuard({
    parts: () => parts,
    profile: (origin) => profileOf(servers, origin),
    sealer: (owner) => openSealer(sealKey, owner),
    isReleased: (commitment) => state.isReleased(commitment),
    nonce: () => randomBytes(NONCE_BYTES).toString('base64url'),
    attachments: () => undefined,
  })
  return {
    guard,
    reconfigure({ config }) {
      servers = config.servers
      parts = partsOf(config)
    },
  }
}

function partsOf({ guard: policy }: Config): GuardParts {
  const active = [...detectors]
  const hash = sha256Hex(jcs({ policy: policy as unknown as Json, detectors: active.map(({ id }) => id), version: GATEWAY_VERSION }))
  return { policy, detectors: active, classify: (examined) => examined.findings.result(), hash }
}

function profileOf(servers: Readonly<Record<string, ServerConfig>>, { server, name }: Origin): SourceProfile | undefined {
  const config = server !== undefined && Object.hasOwn(servers, server) ? servers[server] : undefined
  if (!config) return undefined
  return (name !== undefined && Object.hasOwn(config.sources, name) ? config.sources[name] : undefined) ?? config.source
}
