/** A share with its 95 % interval (Wilson), in per cent. */
export interface Share {
  readonly percent: number
  readonly from: number
  readonly to: number
  readonly of: number
}

const Z = 1.959964

/** @see Wilson, Probable inference, the law of succession, and statistical inference (1927). */
export function share(hits: number, of: number): Share {
  if (of === 0) return { percent: 0, from: 0, to: 100, of }
  const p = hits / of
  const middle = (p + (Z * Z) / (2 * of)) / (1 + (Z * Z) / of)
  const half = (Z / (1 + (Z * Z) / of)) * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of))
  return {
    percent: rounded(p * 100),
    from: rounded(Math.max(0, middle - half) * 100),
    to: rounded(Math.min(1, middle + half) * 100),
    of,
  }
}

/** Area under the ROC curve: how often an attack scores above a harmless text, ties counting half. */
export function auc(attacks: readonly number[], harmless: readonly number[]): number {
  const all = [
    ...attacks.map((score) => ({ score, isAttack: true })),
    ...harmless.map((score) => ({ score, isAttack: false })),
  ].toSorted((a, b) => a.score - b.score)
  let sum = 0
  for (let i = 0; i < all.length;) {
    let end = i
    while (end < all.length && all[end]?.score === all[i]?.score) end++
    const rank = (i + end + 1) / 2
    for (let k = i; k < end; k++) if (all[k]?.isAttack) sum += rank
    i = end
  }
  const [n, m] = [attacks.length, harmless.length]
  return n === 0 || m === 0 ? NaN : Math.round(((sum - (n * (n + 1)) / 2) / (n * m)) * 1000) / 1000
}

export const rounded = (value: number, digits = 1): number => Math.round(value * 10 ** digits) / 10 ** digits
