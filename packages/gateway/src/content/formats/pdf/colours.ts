/** Red, green and blue, 0 to 1. */
export type Colour = readonly [number, number, number]

export const BLACK: Colour = [0, 0, 0]
export const WHITE: Colour = [1, 1, 1]

/** Colours closer than this are not told apart: the ratio of their brightness, by which white on white is 1 and black on white 21. */
const CONTRAST_MIN = 1.2

/** `#rrggbb`; `undefined` for patterns and everything else. */
export function parseColour(value: unknown): Colour | undefined {
  if (typeof value !== 'string' || !/^#[0-9a-fA-F]{6}$/.test(value)) return undefined
  const part = (at: number) => Number.parseInt(value.slice(at, at + 2), 16) / 255
  return [part(1), part(3), part(5)]
}

/** Whether text of a colour disappears in its ground. `alpha`: how much ink there is, 0 to 1. */
export function vanishes(text: Colour, ground: Colour, alpha: number): boolean {
  const [r, g, b] = text.map((part, i) => part * alpha + (ground[i] ?? 0) * (1 - alpha))
  const [a, c] = [luminance([r ?? 0, g ?? 0, b ?? 0]), luminance(ground)]
  return (Math.max(a, c) + 0.05) / (Math.min(a, c) + 0.05) < CONTRAST_MIN
}

/** @see WCAG 2.2, "relative luminance". */
function luminance(colour: Colour): number {
  const [r = 0, g = 0, b = 0] = colour.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
