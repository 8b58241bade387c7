/** A transformation of the plane, as PDF writes it. @see ISO 32000-1, section 8.3.3. */
export type Matrix = readonly [number, number, number, number, number, number]

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]

/** First `inner`, then `outer`. */
export function multiply(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = inner
  const [A, B, C, D, E, F] = outer
  return [a * A + b * C, a * B + b * D, c * A + d * C, c * B + d * D, e * A + f * C + E, e * B + f * D + F]
}

export interface Point {
  readonly x: number
  readonly y: number
}

export function apply([a, b, c, d, e, f]: Matrix, { x, y }: Point): Point {
  return { x: a * x + c * y + e, y: b * x + d * y + f }
}

/** A rectangle along the axes, in points on the page. */
export interface Box {
  readonly left: number
  readonly bottom: number
  readonly right: number
  readonly top: number
}

/** The smallest box around some points. */
export function around(points: readonly Point[]): Box {
  const xs = points.map(({ x }) => x)
  const ys = points.map(({ y }) => y)
  return { left: Math.min(...xs), bottom: Math.min(...ys), right: Math.max(...xs), top: Math.max(...ys) }
}

/** The box around a rectangle once it is transformed. */
export function transformed(matrix: Matrix, [left, bottom, right, top]: readonly [number, number, number, number]): Box {
  const corners = [
    { x: left, y: bottom },
    { x: right, y: bottom },
    { x: left, y: top },
    { x: right, y: top },
  ]
  return around(corners.map((corner) => apply(matrix, corner)))
}

export function contains(outer: Box, inner: Box): boolean {
  return outer.left <= inner.left && outer.right >= inner.right && outer.bottom <= inner.bottom && outer.top >= inner.top
}

/** How much of a box lies within another, 0 to 1. */
export function shareWithin(inner: Box, outer: Box): number {
  const area = (inner.right - inner.left) * (inner.top - inner.bottom)
  const both = intersection(inner, outer)
  if (area <= 0) return both.right >= both.left && both.top >= both.bottom ? 1 : 0
  return (Math.max(0, both.right - both.left) * Math.max(0, both.top - both.bottom)) / area
}

export function intersection(a: Box, b: Box): Box {
  return {
    left: Math.max(a.left, b.left),
    bottom: Math.max(a.bottom, b.bottom),
    right: Math.min(a.right, b.right),
    top: Math.min(a.top, b.top),
  }
}
