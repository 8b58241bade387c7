import {
  type Channel,
  classify,
  contentFindings,
  examine,
  type Finding,
  type Inspected,
  type Json,
  read,
  sourceOf,
  type TrustLevel,
} from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'
import { openExtractor } from '../content/index.ts'
import { textsOf } from '../guard/attachments.ts'
import { assembleGuard, openModels } from './assemble-guard.ts'

/** Where a text is thought to come from. */
export interface ScannedAs {
  readonly channel: Channel
  readonly trust: TrustLevel
}

/** The texts in a document, for `inspect`, and what there is to say of the document itself. */
export interface ReadDocument {
  readonly texts: Json
  readonly findings: readonly Finding[]
  /** Whether all of it was read. */
  readonly isWhole: boolean
}

/** The detectors and models of a guard, for texts that go through no gateway. */
export interface Scanner {
  /** SHA-256 over policy, detectors and models, as a gateway with this configuration has it. */
  readonly hash: string
  readonly policy: GuardConfig
  inspect(value: Json, as: ScannedAs): Promise<Inspected>
  /** How much a text looks like planted instructions, 0 to 1, by the classifiers alone. */
  score(text: string, as: ScannedAs): Promise<number>
  /** Reads what is not text: PDF, archives, mail. Never throws. */
  document(bytes: Uint8Array): Promise<ReadDocument>
  close(): Promise<void>
}

/**
 * @param canaryKey Key of the installation's canaries, where there is an installation.
 * @throws GatewayError `CONFIG_INSECURE` when a model is not the one this version was released with
 */
export function openScanner(policy: GuardConfig, canaryKey?: Uint8Array): Scanner {
  const models = openModels(policy.classifier)
  const assembled = assembleGuard(policy, { models, ...(canaryKey && { canaryKey }) })
  const extractor = openExtractor()
  return {
    hash: assembled.hash,
    policy,
    inspect: async (value, as) => assembled.classify(examine(value, { channel: as.channel, detectors: assembled.detectors }), as),
    async score(text, as) {
      const { channel } = as
      const { scores } = await classify({ ...as, texts: [{ path: '', reading: read(text, { channel }) }] }, assembled.cascade)
      return scores[0]?.score ?? 0
    },
    async document(bytes) {
      const content = await extractor.extract(bytes)
      return { texts: textsOf(content), findings: contentFindings(content), isWhole: content.isWhole }
    },
    async close() {
      await models.close()
      await extractor.close()
    },
  }
}

/** The trust a channel has where nobody said otherwise. */
export function scannedAs(channel: Channel): ScannedAs {
  if (channel === 'definition' || channel === 'arguments' || channel === 'output') return { channel, trust: 'agent' }
  return { channel, trust: sourceOf({ channel, classes: [] }).trust }
}
