/** A share with its 95 % Wilson score interval, all rounded to four places. `null` where nothing was counted. */
export type Share = { readonly share: number | null; readonly low: number | null; readonly high: number | null }

const Z = 1.959964

/** @see Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. */
export function wilson(hits: number, of: number): Share {
  if (of === 0) return { share: null, low: null, high: null }
  const p = hits / of
  const scale = 1 + Z ** 2 / of
  const middle = (p + Z ** 2 / (2 * of)) / scale
  const half = (Z / scale) * Math.sqrt((p * (1 - p)) / of + Z ** 2 / (4 * of ** 2))
  return { share: round(p), low: round(Math.max(0, middle - half)), high: round(Math.min(1, middle + half)) }
}

export function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
