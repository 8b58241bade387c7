/** Windows a text is read in at most; more text than that is refused, not skipped. */
export const PIECES_MAX = 16
/** Part of a piece that the next one repeats. */
const OVERLAP = 1 / 4

/**
 * Cuts tokens into as few pieces as the model can read, all of one length, each repeating a quarter of a full piece of the one
 * before: what is no longer than that is whole in one of them. Work grows with the tokens, so equal pieces cost less than full ones.
 * @returns `undefined` when it would take more than `PIECES_MAX`.
 */
export function pieces(tokens: readonly number[], tokensMax: number): readonly (readonly number[])[] | undefined {
  if (tokens.length <= tokensMax) return [tokens]
  const shared = Math.floor(tokensMax * OVERLAP)
  const count = Math.ceil((tokens.length - shared) / (tokensMax - shared))
  if (count > PIECES_MAX) return undefined
  const size = Math.ceil((tokens.length + (count - 1) * shared) / count)
  return Array.from({ length: count }, (_, at) => {
    const start = Math.min(at * (size - shared), tokens.length - size)
    return tokens.slice(start, start + size)
  })
}
