import { type Channel, type ContentText, examine, type Inspected, type Json, sourceOf, type TrustLevel } from '@sallyport/core'
import type { GuardConfig } from '../config-guard.ts'
import { openExtractor } from '../content/index.ts'
import { assembleGuard, openModels } from './assemble-guard.ts'

/** Where a text is thought to come from. */
export interface ScannedAs {
  readonly channel: Channel
  readonly trust: TrustLevel
}

/** The detectors and models of a guard, for texts that go through no gateway. */
export interface Scanner {
  /** SHA-256 over policy, detectors and models, as a gateway with this configuration has it. */
  readonly hash: string
  inspect(value: Json, as: ScannedAs): Promise<Inspected>
  /** How much a text looks like planted instructions, 0 to 1, by the classifier alone. */
  score(text: string, channel: Channel): number
  /** Reads what is not text: PDF, archives, mail. Never throws. */
  extract(bytes: Uint8Array): Promise<ContentText>
  close(): Promise<void>
}

/**
 * @param canaryKey Key of the installation's canaries, where there is an installation.
 * @throws GatewayError `CONFIG_INSECURE` when a model is not the one this version was released with
 */
export function openScanner(policy: GuardConfig, canaryKey?: Uint8Array): Scanner {
  const models = openModels(policy.classifier)
  const { detectors, classify, hash } = assembleGuard(policy, { models, ...(canaryKey && { canaryKey }) })
  const extractor = openExtractor()
  return {
    hash,
    inspect: async (value, { channel, trust }) => classify(examine(value, { channel, detectors }), { channel, trust }),
    score: (text, channel) => models.ngram.model.score(text, channel),
    extract: (bytes) => extractor.extract(bytes),
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
