import { GatewayError } from '@sallyport/core'
import { type PinnedFile, readPinned } from './model-files.ts'
import { type Head, type Outputs, probability, widthOf } from './scoring.ts'
import { pieces } from './token-windows.ts'
import type { Tokeniser } from './tokeniser.ts'
import { wordPieceTokeniser } from './wordpiece.ts'

/** All that is needed to load a model. Plain values: it crosses to another process. */
export interface ModelSpec {
  readonly model: PinnedFile
  /** `wordpiece`: BERT's vocabulary, one token a line. `json`: a `tokenizer.json` of any kind. */
  readonly tokenizer: PinnedFile & { readonly kind: 'wordpiece' | 'json' }
  readonly outputs: Outputs
  readonly windowTokensMax: number
}

/** A loaded model. Blocks its process while it works. */
export interface LoadedModel {
  /**
   * Probability of an injected instruction in the text, by its worst piece.
   * @throws Error when the text is longer than the pieces it may be read in.
   */
  score(text: string, head: Head): Promise<number>
}

const CLS = 101
const SEP = 102
const KNOWN_INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const

/**
 * Loads a model on the CPU, one thread. Each piece is run alone and unpadded: activations are quantised per run, so a text's score
 * must not depend on what else is asked at the same time.
 * @throws GatewayError `CONFIG_INVALID`, `CONFIG_INSECURE`: see `readPinned`; the file is no model; its inputs or outputs are others.
 */
export async function loadModel(spec: ModelSpec): Promise<LoadedModel> {
  const tokeniser = await loadTokeniser(spec.tokenizer)
  const bytes = readPinned(spec.model)
  const invalid = (why: string, cause?: unknown): GatewayError =>
    new GatewayError('CONFIG_INVALID', `the classifier's model ${spec.model.path} ${why}`, { cause })
  const ort = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', 'onnxruntime-node does not load on this platform, so no transformer can be run', {
      cause,
    })
  })
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    throw invalid('cannot be loaded', cause)
  })
  const inputs = session.inputNames
  if (!inputs.includes('input_ids') || inputs.some((name) => !KNOWN_INPUTS.some((known) => known === name)))
    throw invalid(`takes ${inputs.join(', ')}, not ${KNOWN_INPUTS.join(', ')}`)
  const output = session.outputNames[0]
  if (output === undefined) throw invalid('has no output')
  const contentMax = spec.windowTokensMax - tokeniser.prefix.length - tokeniser.suffix.length
  if (contentMax < 1) throw invalid('leaves no room for text in its window')

  const run = async (content: readonly number[]): Promise<number[]> => {
    const ids = BigInt64Array.from([...tokeniser.prefix, ...content, ...tokeniser.suffix], BigInt)
    const shape = [1, ids.length]
    const filled = {
      input_ids: ids,
      attention_mask: new BigInt64Array(ids.length).fill(1n),
      token_type_ids: new BigInt64Array(ids.length),
    }
    const feeds = Object.fromEntries(
      KNOWN_INPUTS.filter((name) => inputs.includes(name)).map((name) => [name, new ort.Tensor('int64', filled[name], shape)]),
    )
    const logits = (await session.run(feeds, [output]))[output]
    if (logits === undefined || !(logits.data instanceof Float32Array)) throw new Error('the model gave no numbers')
    return [...logits.data]
  }
  // A model that cannot answer is refused here, not at the first text that matters.
  const trial = await run(tokeniser.tokens('a').slice(0, contentMax)).catch((cause: unknown) => {
    throw invalid('does not run', cause)
  })
  if (trial.length !== widthOf(spec.outputs))
    throw invalid(`gives ${trial.length} numbers, but ${widthOf(spec.outputs)} are described`)

  return {
    score: async (text, head) => {
      const parts = pieces(tokeniser.tokens(text), contentMax)
      if (parts === undefined) throw new Error('the window is far longer than the model reads')
      let worst = 0
      for (const part of parts) worst = Math.max(worst, probability(await run(part), spec.outputs, head))
      return worst
    },
  }
}

async function loadTokeniser(file: ModelSpec['tokenizer']): Promise<Tokeniser> {
  const text = new TextDecoder().decode(readPinned(file))
  if (file.kind === 'wordpiece') return { prefix: [CLS], suffix: [SEP], tokens: wordPieceTokeniser(text) }
  // Not loaded for the shipped model.
  const { jsonTokeniser } = await import('./json-tokeniser.ts')
  return jsonTokeniser(text, file.path)
}
