import { Tokenizer } from '@huggingface/tokenizers'
import { GatewayError } from '@sallyport/core'
import { z } from 'zod'
import type { Tokeniser } from './tokeniser.ts'

/** The part of a `tokenizer.json` that is read here; the library reads the rest. */
const TokenizerFile = z.looseObject({
  added_tokens: z.array(z.looseObject({ content: z.string(), special: z.boolean().optional() })).default([]),
})
const PROBE = 'a'

/**
 * A tokeniser of any kind, from the `tokenizer.json` that comes with a model. Names of special tokens in a text are broken up with
 * a space, so that the text cannot end itself early or start a new turn.
 * @throws GatewayError `CONFIG_INVALID` when the file is no such thing.
 */
export function jsonTokeniser(file: string, path: string): Tokeniser {
  const invalid = (cause: unknown): GatewayError =>
    new GatewayError('CONFIG_INVALID', `the classifier's tokenizer ${path} cannot be used`, { cause })
  try {
    const parsed = TokenizerFile.parse(JSON.parse(file))
    const tokenizer = new Tokenizer(parsed, {})
    const special = parsed.added_tokens
      .filter((token) => token.special === true && token.content.length > 1)
      .map((token) => token.content)
    const encode = (text: string, whole: boolean): number[] => tokenizer.encode(text, { add_special_tokens: whole }).ids
    const [bare, dressed] = [encode(PROBE, false), encode(PROBE, true)]
    const at = dressed.findIndex((_, start) => bare.every((id, offset) => dressed[start + offset] === id))
    if (bare.length === 0 || at < 0) throw new Error('it has no token for a letter')
    return {
      prefix: dressed.slice(0, at),
      suffix: dressed.slice(at + bare.length),
      tokens: (text) =>
        encode(
          special.reduce((whole, token) => whole.replaceAll(token, `${token.slice(0, 1)} ${token.slice(1)}`), text),
          false,
        ),
    }
  } catch (cause) {
    throw invalid(cause)
  }
}
