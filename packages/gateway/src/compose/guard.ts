import { randomBytes } from 'node:crypto'
import { GatewayError, nextEndMs, policyAt, type SourceProfile } from '@sallyport/core'
import type { Config, ServerConfig } from '../config.ts'
import { openExtractor } from '../content/index.ts'
import type { GuardDesk, GuardInForce } from '../guard-desk.ts'
import type { Guard, Origin } from '../guard.ts'
import { openGuard, type GuardParts } from '../guard/open-guard.ts'
import { runSuite, suiteProfile } from '../guard/run-suite.ts'
import { openSealer } from '../inspect/seal-value.ts'
import type { LoadedConfig } from '../load-config.ts'
import { assembleGuard, openModels } from './assemble-guard.ts'
import type { Stores } from './stores.ts'

/** The guard of a running gateway, and how it takes over another configuration. */
export interface RunningGuard {
  readonly guard: Guard
  readonly desk: GuardDesk
  reconfigure(loaded: LoadedConfig): void
}

/** Bytes of a nonce that marks foreign text. */
const NONCE_BYTES = 16

export function openRunningGuard({ home, loaded, state, nowMs, closing }: Stores): RunningGuard {
  let { config } = loaded
  const models = openModels(config.guard.classifier)
  closing.push(() => models.close())
  const canaryKey = home.deriveKey('canary')
  let parts: GuardParts | undefined
  let untilMs = 0
  // A setting that an exception allowed is over at the moment the exception is.
  const inForce = (): GuardParts => {
    const now = nowMs()
    if (parts && now < untilMs) return parts
    untilMs = nextEndMs(config.guard, now)
    return (parts = assembleGuard(policyAt(config.guard, now), { models, canaryKey }))
  }
  const sealKey = home.deriveKey('placeholder')
  const extractor = openExtractor()
  closing.push(() => extractor.close())
  // What cannot be put together is found at the start.
  inForce()
  const guard = openGuard({
    parts: inForce,
    profile: (origin) => suiteProfile(origin) ?? profileOf(config.servers, origin),
    sealer: (owner) => openSealer(sealKey, owner),
    isReleased: (commitment) => state.isReleased(commitment),
    nonce: () => randomBytes(NONCE_BYTES).toString('hex'),
    extractor,
    nowMs,
  })
  return {
    guard,
    desk: { inForce: () => inForceOf(inForce(), config), test: () => runSuite(guard, nowMs) },
    reconfigure(next) {
      config = next.config
      parts = undefined
      inForce()
    },
  }
}

/** What people ask where no gateway runs: the guard that one would have. Put together when it is asked for. */
export function deskOffline({ home, loaded: { config }, nowMs }: Stores): GuardDesk {
  let parts: GuardParts | undefined
  return {
    inForce: () =>
      inForceOf(
        (parts ??= assembleGuard(policyAt(config.guard, nowMs()), {
          models: openModels(config.guard.classifier),
          canaryKey: home.deriveKey('canary'),
        })),
        config,
      ),
    test: () =>
      Promise.reject(
        new GatewayError('UPSTREAM_UNAVAILABLE', 'no gateway runs on this home folder; the suite tests the one that serves'),
      ),
  }
}

function inForceOf({ policy, hash, detectors, models }: GuardParts, { servers }: Config): GuardInForce {
  return {
    policy,
    hash,
    detectors: detectors.map(({ id }) => id).sort(),
    models,
    servers: new Map(Object.entries(servers).map(([id, { source }]) => [id, { isProfiled: source !== undefined }])),
  }
}

function profileOf(servers: Readonly<Record<string, ServerConfig>>, { server, name }: Origin): SourceProfile | undefined {
  const config = server !== undefined && Object.hasOwn(servers, server) ? servers[server] : undefined
  if (!config) return undefined
  return (name !== undefined && Object.hasOwn(config.sources, name) ? config.sources[name] : undefined) ?? config.source
}
