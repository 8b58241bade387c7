import { CONFUSABLES } from './confusables-table.ts'

const LIKENESS = new Map<number, string>(
  CONFUSABLES.flatMap((row) => {
    const end = row.indexOf(' ', 1)
    let point = 0
    return row
      .slice(end + 1)
      .split(' ')
      .map((step): [number, string] => {
        point += Number.parseInt(step, 36)
        return [point, row.slice(0, end)]
      })
  }),
)

/**
 * What a character looks like, as ASCII: one or two letters or digits, or one mark; `undefined` when it looks like nothing in
 * ASCII, is ASCII itself, or has a compatibility decomposition, which comes first.
 * @see UTS #39, section 4; `tools/generate/confusables.ts` adds small capitals and a few Cyrillic, Greek and Armenian letters.
 */
export function likenessOf(point: number): string | undefined {
  return LIKENESS.get(point)
}
