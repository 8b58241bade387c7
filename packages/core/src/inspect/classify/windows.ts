/** Tokens in a window, and from one window to the next: at most half a window. */
export interface Scale {
  readonly tokens: number
  readonly stride: number
}

/** Two widths: a sentence or two, in which an attack is not diluted, and a paragraph, in which one that is spread out is whole. */
export const SCALES: readonly Scale[] = [
  { tokens: 24, stride: 8 },
  { tokens: 112, stride: 48 },
]

/** How many windows of a scale cover `count` tokens. The wide scale has none where the narrow one covers all in one. */
export function windowsAt(count: number, scale: Scale): number {
  if (count === 0) return 0
  const narrower = SCALES[SCALES.indexOf(scale) - 1]
  if (narrower && count <= narrower.tokens) return 0
  return count <= scale.tokens ? 1 : 1 + Math.ceil((count - scale.tokens) / scale.stride)
}

/** First token of window `i`: strides apart, the last window flush with the end, so that no short remainder is left. */
export function windowStart(i: number, count: number, { tokens, stride }: Scale): number {
  return Math.max(0, Math.min(i * stride, count - tokens))
}

/** How many windows all scales make of `count` tokens. */
export function windowCount(count: number): number {
  return SCALES.reduce((sum, scale) => sum + windowsAt(count, scale), 0)
}

/** The most tokens whose windows fit `windowsMax`. */
export function tokensWithin(windowsMax: number): number {
  const [{ tokens, stride } = { tokens: 0, stride: 1 }] = SCALES
  let [low, high] = [0, windowsMax * stride + tokens]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (windowCount(middle) <= windowsMax) low = middle
    else high = middle - 1
  }
  return low
}
