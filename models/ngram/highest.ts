import { calibrated, bucketOf, type CalibrationSample } from '../../packages/core/src/inspect/classify/calibration.ts'
import type { NgramModel } from '../../packages/core/src/inspect/classify/ngram-model.ts'
import { tokensOf } from '../../packages/core/src/inspect/classify/tokens.ts'
import { read } from '../../packages/core/src/inspect/reading/read.ts'
import type { Row } from '../corpus/rows.ts'

/** The highest raw score over all readings of a text, and the bucket of the text: what the cascade scores, before calibration. */
export function highest(model: NgramModel, text: string, channel: Row['channel']): CalibrationSample & { readonly score: number } {
  const bucket = bucketOf(channel, tokensOf(text, 1024))
  const raws = read(text, { channel }).views.map((view) => model.scan(view.text, channel, { windowsMax: 8192, bucket }).raw)
  const raw = Math.max(...raws)
  const point = model.calibration[bucket]
  // A text without a word has no window; it is as harmless as can be.
  return { bucket, raw: Number.isFinite(raw) ? raw : -20, score: point && Number.isFinite(raw) ? calibrated(raw, point) : 0 }
}
