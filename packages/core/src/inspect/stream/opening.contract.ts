import fc from 'fast-check'
import { expect } from 'vitest'
import type { Span } from '../reading/view.ts'
import type { Opening } from './opening.ts'

interface OpeningCase<S extends Span> {
  readonly opening: Opening
  readonly detect: (text: string) => readonly S[]
  /** Texts that are matches, nearly matches, and neither. */
  readonly pieces: readonly string[]
  readonly runs?: number
}

/** The law of an opening over its detectors: what they say before it stays, whatever follows. Text is cut at any place. */
export function openingContract<S extends Span>({ opening, detect, pieces, runs = 1_000 }: OpeningCase<S>): void {
  const anyText = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(anyText, fc.nat(), (text, at) => {
      const before = text.slice(0, at % (text.length + 1))
      const open = opening(before)
      expect(open >= 0 && open <= before.length).toBe(true)
      const final = (seen: readonly S[]): string[] =>
        seen
          .filter(({ start }) => start < open)
          .map((each) => JSON.stringify(each))
          .sort()
      expect(final(detect(before))).toEqual(final(detect(text)))
    }),
    { numRuns: runs },
  )
}
