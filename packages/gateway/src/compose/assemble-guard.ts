import {
  canaryDetector,
  type CascadeOptions,
  contactDetector,
  type Detector,
  detectors,
  dictionaryDetector,
  exfiltrationDetector,
  jcs,
  type Json,
  openKnownNames,
  parseNgramModel,
  sha256Hex,
} from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import type { GuardModel } from '../guard-desk.ts'
import { classifyTexts } from '../guard/classify-texts.ts'
import { MODEL_HASHES, MODEL_TRAINED, type ModelFile } from '../guard/model-hashes.ts'
import type { GuardParts } from '../guard/open-guard.ts'
import { readModel } from '../guard/read-model.ts'
import { compilePatterns } from '../inspect/compile-patterns.ts'
import { phoneFinder } from '../inspect/find-phones.ts'
import { openSecondStage } from './second-stage.ts'

/** Models in memory, read once for every configuration that comes. A further one is a member here and an option of the cascade. */
export interface Models extends Pick<CascadeOptions, 'ngram' | 'transformer'> {
  /** As the status names them. */
  readonly list: readonly GuardModel[]
  close(): Promise<void>
}

/** @throws GatewayError `CONFIG_INSECURE` when a model is not the one this version was released with */
export function openModels(choice: GuardConfig['classifier']): Models {
  const shipped = modelOf('guard-ngram.bin')
  const ngram = { name: shipped.name, model: parseNgramModel(readModel('guard-ngram.bin')) }
  const second = openSecondStage(choice)
  if (!second) return { ngram, list: [shipped], close: () => Promise.resolve() }
  return { ngram, transformer: second.transformer, list: [shipped, second.model], close: second.close }
}

function modelOf(file: ModelFile): GuardModel {
  const sha256 = MODEL_HASHES[file]
  return { name: `${file.replace(/\.[a-z]+$/, '')} ${sha256.slice(0, 12)}`, sha256, trainedOn: MODEL_TRAINED[file] }
}

/** Windows scored for one value: some 200 KB of prose. What is beyond is not called clean. */
const BUDGET = { windowsMax: 8_192, transformerWindowsMax: 16 }

/** What a guard is made of, and how its classifiers score a text by themselves. */
export interface AssembledGuard extends GuardParts {
  readonly cascade: CascadeOptions
}

/** Detectors, models and policy put together from a configuration alone. `canaryKey`: that of the installation, where there is one. */
export function assembleGuard(
  policy: GuardConfig,
  { models, canaryKey }: { readonly models: Models; readonly canaryKey?: Uint8Array },
): AssembledGuard {
  const { list, ngram, transformer } = models
  const active = detectorsFor(policy, canaryKey)
  const options: CascadeOptions = { ngram, ...(transformer && { transformer }), thresholds: policy.thresholds, budget: BUDGET }
  // When people must test it is no part of what is tested.
  const { testBefore: _, ...tested } = policy
  const names = { detectors: active.map(({ id }) => id), models: list.map(({ name }) => name), version: GATEWAY_VERSION }
  return {
    policy,
    detectors: active,
    names: openKnownNames(),
    classify: (examined, about) => classifyTexts(examined, about, options),
    hash: sha256Hex(jcs({ policy: tested as unknown as Json, ...names })),
    models: list,
    cascade: options,
  }
}

/** Detectors of personal data, which `pii: false` switches off. */
const PERSONAL: ReadonlySet<string> = new Set(['contact', 'national-ids', 'iban', 'health'])

function detectorsFor(policy: GuardConfig, canaryKey: Uint8Array | undefined): readonly Detector[] {
  const plain = detectors.filter(({ id }) => id !== 'contact' && (policy.pii || !PERSONAL.has(id)))
  return [
    ...plain,
    ...(policy.pii ? [contactDetector({ findPhones: phoneFinder() })] : []),
    ...(policy.exfil ? [exfiltrationDetector({ allowedHosts: policy.allowedHosts })] : []),
    ...(canaryKey ? [canaryDetector([], canaryKey)] : []),
    ...(policy.dictionaries.length > 0 ? [dictionaryDetector(compilePatterns(policy.dictionaries))] : []),
  ]
}
