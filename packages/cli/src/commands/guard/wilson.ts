/** Of a normal distribution, for 95 %. */
const Z = 1.959963984540054

/** The 95 % Wilson score interval of a share. @see Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference. */
export function wilson(hits: number, of: number): { readonly low: number; readonly high: number } {
  if (of === 0) return { low: 0, high: 1 }
  const share = hits / of
  const scale = 1 + Z ** 2 / of
  const middle = (share + Z ** 2 / (2 * of)) / scale
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / of + Z ** 2 / (4 * of ** 2))
  return { low: hits === 0 ? 0 : middle - half, high: hits === of ? 1 : middle + half }
}
