/** Tokens of a text, and the ones that stand before and after every text. Ids are of the model's vocabulary. */
export interface Tokeniser {
  readonly prefix: readonly number[]
  readonly suffix: readonly number[]
  tokens(text: string): readonly number[]
}
