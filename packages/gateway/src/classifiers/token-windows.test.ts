import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PIECES_MAX, pieces } from './token-windows.ts'

test('R057: every token is in a piece, and what is no longer than a quarter of one is whole in one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 0, max: 400 }), fc.nat(), (tokensMax, length, place) => {
      const tokens = Array.from({ length }, (_, at) => at)
      const cut = pieces(tokens, tokensMax)
      if (cut === undefined) return void expect(length).toBeGreaterThan((PIECES_MAX - 1) * (tokensMax - (tokensMax >> 2)))
      expect(cut.length).toBeLessThanOrEqual(PIECES_MAX)
      expect(new Set(cut.flat()).size).toBe(length)
      for (const piece of cut) expect(piece.length).toBeLessThanOrEqual(tokensMax)
      const size = Math.min(length, tokensMax >> 2)
      const start = length > size ? place % (length - size) : 0
      const wanted = tokens.slice(start, start + size)
      expect(cut.some((piece) => wanted.every((token) => piece.includes(token)))).toBe(true)
    }),
  )
})

test('R057: ✗ a text of too many pieces is refused, not read in part', () => {
  expect(
    pieces(
      Array.from({ length: 10_000 }, () => 1),
      64,
    ),
  ).toBeUndefined()
})
