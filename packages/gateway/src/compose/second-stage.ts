import { CALIBRATION_BUCKETS, type CascadeOptions, type Classifier, GatewayError } from '@sallyport/core'
import { z } from 'zod'
import { readPinned } from '../classifiers/model-files.ts'
import { openOwnClassifier } from '../classifiers/own-classifier.ts'
import { openShippedClassifier, shippedModel } from '../classifiers/shipped-classifier.ts'
import type { GuardConfig } from '../config-guard.ts'
import type { GuardModel } from '../guard-desk.ts'
import { MODEL_TRAINED } from '../guard/model-hashes.ts'
import { readModel } from '../guard/read-model.ts'

/** The model behind the n-gram model, as the cascade asks it. */
export interface SecondStage {
  readonly transformer: NonNullable<CascadeOptions['transformer']>
  readonly model: GuardModel
  close(): Promise<void>
}

const Point = z.strictObject({ at: z.number(), spread: z.number().positive() })

/** `guard-cascade.json`, as `models/fit-cascade.ts` writes it. */
const Cascade = z.strictObject({
  calibration: z.array(Point).length(CALIBRATION_BUCKETS),
  combination: z.strictObject({
    ngram: z.number(),
    transformer: z.number(),
    shift: z.number(),
    unsuspicious: z.number(),
    sure: z.number(),
  }),
})

/**
 * The second stage that a configuration names; `undefined` for none. Its files are checked now; its processes start with the first
 * text that the first stage is not sure of, so that a gateway that meets none does not pay for them.
 * @throws GatewayError `CONFIG_INVALID`, `CONFIG_INSECURE` when a file is missing or is not the pinned one.
 */
export function openSecondStage(choice: GuardConfig['classifier']): SecondStage | undefined {
  if (choice === 'none') return undefined
  const { calibration, combination } = Cascade.parse(JSON.parse(Buffer.from(readModel('guard-cascade.json')).toString('utf8')))
  if (choice === 'shipped') {
    readModel('guard-transformer.json')
    const { model, tokenizer, windowTokensMax } = shippedModel()
    for (const file of [model, tokenizer]) readPinned(file)
    const name = `guard-transformer ${model.sha256.slice(0, 12)}`
    const classifier = lazily({ name, windowTokensMax }, openShippedClassifier)
    return {
      transformer: { classifier, calibration, combination },
      model: { name, sha256: model.sha256, trainedOn: MODEL_TRAINED['guard-transformer.json'] },
      close: () => classifier.close(),
    }
  }
  for (const [file, sha256] of Object.entries(choice.sha256))
    readPinned({ path: file === 'model' ? choice.model : choice.tokenizer, sha256 })
  const name = `own ${choice.sha256.model.slice(0, 12)}`
  const classifier = lazily({ name, windowTokensMax: choice.windowTokensMax }, () => openOwnClassifier(choice))
  // What its scores mean nobody here knows: one curve for every channel, which `guard calibrate` helps to find.
  return {
    transformer: { classifier, calibration: Array.from({ length: CALIBRATION_BUCKETS }, () => choice.curve), combination },
    model: { name, sha256: choice.sha256.model, trainedOn: choice.trainedOn },
    close: () => classifier.close(),
  }
}

/** Opens a classifier with the first text. One that cannot be opened fails that text and is tried again with the next. */
function lazily(about: Pick<Classifier, 'name' | 'windowTokensMax'>, open: () => Promise<Classifier>): Classifier {
  let opening: Promise<Classifier> | undefined
  let isClosed = false
  return {
    ...about,
    async score(windows) {
      if (isClosed) throw new GatewayError('CLASSIFIER_UNAVAILABLE', 'the classifier is closed')
      opening ??= open()
      const opened = await opening.catch((cause: unknown) => {
        opening = undefined
        throw new GatewayError('CLASSIFIER_UNAVAILABLE', 'the classifier could not be opened', { cause })
      })
      return opened.score(windows)
    },
    async close() {
      isClosed = true
      await (await opening?.catch(() => undefined))?.close()
    },
  }
}
