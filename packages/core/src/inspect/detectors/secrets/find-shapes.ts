import type { Sighting } from '../../define-detector.ts'
import { isPlaceholder } from './placeholder.ts'
import { SHAPES, type KeyShape } from './shapes.ts'

type Ahead = readonly (readonly [prefix: string, shape: KeyShape])[]

/** First two units of a prefix → the shapes that may begin there, the longest prefix first. */
const AHEAD = new Map<number, Ahead>()
/** The same pair → which units may be third, by their code. */
const THIRD = new Map<number, Uint8Array>()
for (const shape of SHAPES)
  for (const prefix of shape.prefixes) {
    const pair = pairAt(prefix, 0)
    AHEAD.set(
      pair,
      [...(AHEAD.get(pair) ?? []), [prefix, shape] as const].toSorted(([a], [b]) => b.length - a.length),
    )
    const third = THIRD.get(pair) ?? new Uint8Array(128)
    if (prefix.length > 2) third[prefix.charCodeAt(2)] = 1
    else third.fill(1)
    THIRD.set(pair, third)
  }

/** Every pair of units, as `pairAt` gives it, with which a key may begin. */
export const SHAPE_PAIRS: readonly number[] = [...AHEAD.keys()]

/** The key that begins at a place; `undefined` when none does. Its class is `secret`. */
export function shapeAt(text: string, at: number): Sighting | undefined {
  const pair = pairAt(text, at)
  if (THIRD.get(pair)?.[text.charCodeAt(at + 2)] !== 1) return undefined
  for (const [prefix, shape] of AHEAD.get(pair) ?? []) {
    if (!text.startsWith(prefix, at) || (!shape.glued && isLetterOrDigit(text.charCodeAt(at - 1)))) continue
    shape.body.lastIndex = at + prefix.length
    const body = shape.body.exec(text)?.[0]
    if (body === undefined) continue
    const end = at + prefix.length + body.length
    const severity = isPlaceholder(body) ? 'low' : shape.weigh ? shape.weigh({ text, start: at, end, body }) : 'high'
    if (severity) return { code: shape.code, severity, class: 'secret', start: at, end }
  }
  return undefined
}

/** Two ASCII units as one number below 16,384; 0 for others. */
export function pairAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  const next = text.charCodeAt(at + 1)
  return unit < 128 && next < 128 ? (unit << 7) | next : 0
}

/** `NaN`, before the first unit, is neither. */
function isLetterOrDigit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122)
}
