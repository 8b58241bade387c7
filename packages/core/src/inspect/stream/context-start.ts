import { isInsidePair } from '../edit/edit-text.ts'
import type { Span } from '../reading/view.ts'

/**
 * Where in a text that has left the part begins that the next scan looks back at: at the beginning of a line, else of a word,
 * else anywhere, between `contextChars` and twice as many before its end; never inside a sighting. A scan that began in the
 * middle of one, or of a run of digits, could see other ones from there than the scans before it did.
 */
export function contextStart(text: string, sightings: readonly Span[], contextChars: number): number {
  const latest = text.length - contextChars
  const first = Math.max(0, latest - contextChars)
  if (latest <= 0) return 0
  const near = Math.max(lastBefore(text, '\n', { first, latest }) ?? lastBefore(text, ' ', { first, latest }) ?? latest, first)
  let start = isInsidePair(text, near) ? near - 1 : near
  for (const seen of sightings.toSorted((a, b) => b.start - a.start))
    if (seen.start < start && start < seen.end) start = start - seen.start <= contextChars ? seen.start : start
  return start
}

/** The index behind the last such character between two places. */
function lastBefore(text: string, character: string, { first, latest }: { first: number; latest: number }): number | undefined {
  const index = text.lastIndexOf(character, latest - 1)
  return index < first ? undefined : index + 1
}
