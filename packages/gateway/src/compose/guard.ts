import { randomBytes } from 'node:crypto'
import {
  canaryDetector,
  type CascadeOptions,
  contactDetector,
  type Detector,
  detectors,
  exfiltrationDetector,
  jcs,
  type Json,
  parseNgramModel,
  sha256Hex,
  type SourceProfile,
} from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'
import type { Config, ServerConfig } from '../config.ts'
import { openExtractor } from '../content/index.ts'
import type { Guard, Origin } from '../guard.ts'
import { classifyTexts } from '../guard/classify-texts.ts'
import { MODEL_HASHES } from '../guard/model-hashes.ts'
import { openGuard, type GuardParts } from '../guard/open-guard.ts'
import { readModel } from '../guard/read-model.ts'
import { phoneFinder } from '../inspect/find-phones.ts'
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

export function openRunningGuard({ home, loaded, state, nowMs, closing }: Stores): RunningGuard {
  let servers = loaded.config.servers
  const ngram = { name: `guard-ngram ${MODEL_HASHES['guard-ngram.bin'].slice(0, 12)}`, model: parseNgramModel(readModel('guard-ngram.bin')) }
  const canaryKey = home.deriveKey('canary')
  const partsOf = (config: Config): GuardParts => assemble(config, { ngram, canaryKey })
  let parts = partsOf(loaded.config)
  const sealKey = home.deriveKey('placeholder')
  const extractor = openExtractor()
  closing.push(() => extractor.close())
  const guard = openGuard({
    parts: () => parts,
    profile: (origin) => profileOf(servers, origin),
    sealer: (owner) => openSealer(sealKey, owner),
    isReleased: (commitment) => state.isReleased(commitment),
    nowMs,
    nonce: () => randomBytes(NONCE_BYTES).toString('base64url'),
    extractor,
  })
  return {
    guard,
    reconfigure({ config }) {
      servers = config.servers
      parts = partsOf(config)
    },
  }
}

interface Models {
  readonly ngram: CascadeOptions['ngram']
  readonly canaryKey: Uint8Array
}

/** Windows scored for one value: some 200 KB of prose. What is beyond is not called clean. */
const BUDGET = { windowsMax: 8_192, transformerWindowsMax: 16 }

function assemble({ guard: policy }: Config, { ngram, canaryKey }: Models): GuardParts {
  const active = detectorsFor(policy, canaryKey)
  const options: CascadeOptions = { ngram, thresholds: policy.thresholds, budget: BUDGET }
  const names = { detectors: active.map(({ id }) => id), models: [ngram.name], version: GATEWAY_VERSION }
  return {
    policy,
    detectors: active,
    classify: (examined, about) => classifyTexts(examined, about, options),
    hash: sha256Hex(jcs({ policy: policy as unknown as Json, ...names })),
  }
}

/** Detectors of personal data, which `pii: false` switches off. */
const PERSONAL: ReadonlySet<string> = new Set(['contact', 'national-ids', 'iban', 'health'])

function detectorsFor(policy: GuardConfig, canaryKey: Uint8Array): readonly Detector[] {
  const plain = detectors.filter(({ id }) => id !== 'contact' && (policy.pii || !PERSONAL.has(id)))
  return [
    ...plain,
    ...(policy.pii ? [contactDetector({ findPhones: phoneFinder() })] : []),
    ...(policy.exfil ? [exfiltrationDetector({ allowedHosts: policy.allowedHosts })] : []),
    canaryDetector([], canaryKey),
  ]
}

function profileOf(servers: Readonly<Record<string, ServerConfig>>, { server, name }: Origin): SourceProfile | undefined {
  const config = server !== undefined && Object.hasOwn(servers, server) ? servers[server] : undefined
  if (!config) return undefined
  return (name !== undefined && Object.hasOwn(config.sources, name) ? config.sources[name] : undefined) ?? config.source
}
