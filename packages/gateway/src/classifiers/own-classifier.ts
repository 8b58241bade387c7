import type { Classifier } from '@sallyport/core'
import type { ClassifierConfig } from '../config-classifier.ts'
import { openOnnxClassifier } from './open-classifier.ts'

/** Opens the model an operator brings. See `openOnnxClassifier`. */
export function openOwnClassifier(config: ClassifierConfig): Promise<Classifier> {
  const { model, tokenizer, sha256, labels, windowTokensMax, timeoutMs, workers } = config
  return openOnnxClassifier(
    {
      model: { path: model, sha256: sha256.model },
      tokenizer: { kind: 'json', path: tokenizer, sha256: sha256.tokenizer },
      outputs: { kind: 'labels', labels },
      windowTokensMax,
    },
    { timeoutMs, workers },
  )
}
