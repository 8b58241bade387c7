import { z } from 'zod'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const FilePath = z.string().min(1).max(4_096)

/** A model of injected instructions that the operator brings. */
export const ClassifierConfig = z
  .strictObject({
    model: FilePath.meta({
      description: 'ONNX file: `input_ids`, `attention_mask` and maybe `token_type_ids` in, one row of logits out.',
    }),
    tokenizer: FilePath.meta({ description: 'The `tokenizer.json` that comes with the model.' }),
    sha256: z
      .strictObject({ model: Sha256, tokenizer: Sha256 })
      .meta({ description: 'Hashes of both files; the gateway does not start with others.' }),
    labels: z
      .array(z.enum(['injection', 'benign']))
      .min(1)
      .max(16)
      .refine((labels) => (labels.length > 1 ? new Set(labels).size === 2 : labels[0] === 'injection'), {
        error: 'must name both labels, or `injection` alone',
      })
      .meta({ description: 'What each output means, in order. One output is read with a sigmoid, several with a softmax.' }),
    windowTokensMax: z
      .int()
      .min(16)
      .max(8_192)
      .default(512)
      .meta({ description: 'Longest text the model reads at once, in its tokens.' }),
    curve: z.strictObject({ at: z.number(), spread: z.number().positive() }).default({ at: 0, spread: 2.2 }).meta({
      description:
        'Logit that one harmless text in a hundred reaches, and how much more one in a thousand; 0 and 2.2 take its probabilities as they are.',
    }),
    trainedOn: z.iso.date().meta({ description: 'Day it was trained; retraining is due a quarter later.' }),
    timeoutMs: z.int().min(10).max(60_000).default(2_000).meta({ description: 'Longest time for one text.' }),
    workers: z.int().min(1).max(32).default(1).meta({ description: 'Processes that run it, each with a copy of the weights.' }),
  })
  .meta({ id: 'ClassifierConfig', description: 'Another model of injected instructions than the one that comes with the gateway.' })
export type ClassifierConfig = z.infer<typeof ClassifierConfig>
