import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Classifier, GatewayError } from '@sallyport/core'
import { z } from 'zod'
import type { ModelSpec } from './onnx-model.ts'
import { type ClassifierLimits, openOnnxClassifier } from './open-classifier.ts'

const FOLDER = new URL('../../models/', import.meta.url)
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const Head = z.enum(['user', 'third_party'])
const Curve = z.object({ scale: z.number().positive(), shift: z.number() })

/** `guard-transformer.json`, as `models/transformer/export.py` writes it. */
const Description = z.object({
  model: z.string().regex(/^[\w.-]+$/),
  vocabulary: z.string().regex(/^[\w.-]+$/),
  sha256: z.object({ model: Sha256, vocabulary: Sha256 }),
  tokenizer: z.literal('wordpiece-uncased'),
  windowTokensMax: z.int().min(16).max(512),
  heads: z.array(Head).min(1),
  calibration: z.object({ user: Curve, third_party: Curve }),
})

/** The model that comes with the gateway. */
export function shippedModel(folder: URL = FOLDER): ModelSpec {
  const path = (name: string): string => fileURLToPath(new URL(name, folder))
  try {
    const { sha256, model, vocabulary, heads, calibration, windowTokensMax } = Description.parse(
      JSON.parse(readFileSync(new URL('guard-transformer.json', folder), 'utf8')),
    )
    return {
      model: { path: path(model), sha256: sha256.model },
      tokenizer: { kind: 'wordpiece', path: path(vocabulary), sha256: sha256.vocabulary },
      outputs: { kind: 'heads', heads, calibration },
      windowTokensMax,
    }
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the description of the classifier ${path('guard-transformer.json')} cannot be read`, {
      cause,
    })
  }
}

/** Opens the model that comes with the gateway. See `openOnnxClassifier`. */
export function openShippedClassifier(limits: Partial<ClassifierLimits> = {}): Promise<Classifier> {
  return openOnnxClassifier(shippedModel(), limits)
}
