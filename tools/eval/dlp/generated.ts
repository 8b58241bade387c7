import { seeded, type Random } from '../crash/seeded.ts'
import { wilson } from '../wilson.ts'
import { LABELLED, ORDINARY, UNLABELLED } from './carriers.ts'
import { look } from './look.ts'
import { pick } from './make-text.ts'
import { NEAR_MISSES, oneWrong, sameShape } from './near-misses.ts'
import { OUT_OF_RANGE, RANGED } from './ranged-numbers.ts'
import { quality } from './score-spans.ts'
import { CHECKED, type NumberSource } from './valid-numbers.ts'

/** Texts a kind: with a valid value behind its label, with one in a sentence that does not name it, and of each family of near misses. */
export interface Sizes {
  readonly labelled: number
  readonly unlabelled: number
  readonly family: number
}

const SEED = 20_261_126

/**
 * Precision and recall on made-up texts, the same ones at every run. A near miss is drawn from a family without a look at whether it
 * is valid by chance, and stands in an ordinary sentence; `oneWrong` stands behind the label of the kind itself. Precision counts
 * labelled and unlabelled values as right and every sighting of the kind elsewhere as wrong; recall is of labelled values.
 */
export function scoreGenerated(sizes: Sizes) {
  const random = seeded(SEED)
  const checked = Object.entries(CHECKED).map(([code, source]) => [code, scoreKind({ code, source, random, sizes })] as const)
  const ranged = Object.entries(RANGED).map(([code, source]) => [code, scoreKind({ code, source, random, sizes })] as const)
  return { checked: Object.fromEntries(checked), ranged: Object.fromEntries(ranged) }
}

interface Kind {
  readonly code: string
  readonly source: NumberSource
  readonly random: Random
  readonly sizes: Sizes
}

function scoreKind({ code, source, random, sizes }: Kind) {
  const counts = { right: 0, wrong: 0, labelled: 0, unlabelled: 0, nearMisses: 0 }
  const byFamily: Record<string, number> = {}
  for (let i = 0; i < sizes.labelled; i++)
    counts.labelled += valid(fill(pick(random, LABELLED), source.make(random), pick(random, source.labels)))
  for (let i = 0; i < sizes.unlabelled; i++) counts.unlabelled += valid(fill(pick(random, UNLABELLED), source.make(random)))
  for (const [family, make] of Object.entries(NEAR_MISSES)) near(family, () => fill(pick(random, ORDINARY), make(random)))
  const outOfRange = OUT_OF_RANGE[code]
  // A number in range that nobody was given looks like one that somebody was, so ranged kinds have no family of that shape.
  if (!outOfRange) near('sameShape', () => fill(pick(random, ORDINARY), sameShape(random, source.make(random))))
  near('oneWrong', () =>
    fill(
      pick(random, LABELLED),
      outOfRange?.(random) ?? oneWrong(random, source.make(random), source.checked),
      pick(random, source.labels),
    ),
  )
  const { right, wrong } = counts
  const recall = wilson(counts.labelled, sizes.labelled)
  return {
    ...quality(wilson(right, right + wrong), recall),
    recallUnlabelled: wilson(counts.unlabelled, sizes.unlabelled),
    nearMisses: counts.nearMisses,
    nearMissesSeen: byFamily,
  }

  /** @returns 1 when the value was seen as what it is. */
  function valid({ text, start, end }: Filled): number {
    const seen = look(text).filter((sighting) => sighting.code === code)
    const hits = seen.filter((sighting) => sighting.start < end && start < sighting.end).length
    counts.right += hits
    counts.wrong += seen.length - hits
    return Math.min(1, hits)
  }
  function near(family: string, make: () => Filled): void {
    for (let i = 0; i < sizes.family; i++) {
      const seen = look(make().text).filter((sighting) => sighting.code === code).length
      counts.nearMisses++
      counts.wrong += seen
      byFamily[family] = (byFamily[family] ?? 0) + seen
    }
  }
}

interface Filled {
  readonly text: string
  readonly start: number
  readonly end: number
}

function fill(carrier: string, value: string, label = ''): Filled {
  const written = carrier.startsWith('{"') ? JSON.stringify(value).slice(1, -1) : value
  const named = carrier.replace('{label}', () => label)
  const start = named.indexOf('{value}')
  return { text: named.replace('{value}', () => written), start, end: start + written.length }
}
