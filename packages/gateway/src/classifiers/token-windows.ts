/** Windows a text is read in at most; more text than that is refused, not skipped. */
export const PIECES_MAX = 16

/**
 * Cuts tokens into overlapping pieces the model can read: each half of a piece is in two of them, so that what is shorter than
 * half a piece is whole in one.
 * @returns `undefined` when it would take more than `PIECES_MAX`.
 */
export function pieces(tokens: readonly number[], tokensMax: number): readonly (readonly number[])[] | undefined {
  if (tokens.length <= tokensMax) return [tokens]
  const stride = Math.max(1, tokensMax >> 1)
  const count = Math.ceil((tokens.length - tokensMax) / stride) + 1
  if (count > PIECES_MAX) return undefined
  return Array.from({ length: count }, (_, at) => {
    const start = Math.min(at * stride, tokens.length - tokensMax)
    return tokens.slice(start, start + tokensMax)
  })
}
