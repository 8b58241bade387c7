import { TRUST_LEVELS, type TrustLevel } from '@sallyport/core'

export type Thresholds = Readonly<Record<TrustLevel, number>>

/** Thresholds are written with this many steps between 0 and 1. */
const STEPS = 1_000

/** The lowest threshold that at most a share of harmless texts reaches. @param scores Of harmless texts, 0 to 1, at least one. */
export function thresholdFor(scores: readonly number[], rate: number): number {
  const sorted = scores.toSorted((a, b) => b - a)
  const first = sorted[Math.floor(rate * scores.length)]
  // A share of 1 lets every text count as an attack.
  if (first === undefined) return 0
  return Math.min(1, (Math.floor(first * STEPS) + 1) / STEPS)
}

/** All thresholds with one of them set: nothing that is trusted more ends up with a lower one. */
export function withThreshold(thresholds: Thresholds, level: TrustLevel, threshold: number): Thresholds {
  const at = TRUST_LEVELS.indexOf(level)
  const settled = TRUST_LEVELS.map((one, index): [TrustLevel, number] => {
    if (index === at) return [one, threshold]
    return [one, index < at ? Math.min(thresholds[one], threshold) : Math.max(thresholds[one], threshold)]
  })
  return Object.fromEntries(settled) as unknown as Thresholds
}
