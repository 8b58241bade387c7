import type { Shape } from '../model/entry.ts'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import { isPlainName } from '../model/plain-name.ts'

/** Deepest nesting a shape shows; below it only the count of members. */
export const SHAPE_DEPTH_MAX = 6
/** Most members of one object, and most different item shapes of one array, that are shown. */
export const SHAPE_WIDTH_MAX = 32
/** Most values in one shape. */
export const SHAPE_NODES_MAX = 256

/**
 * Redacted structure of a JSON value: field names, types and sizes, never a value. A name that could itself be a value (too
 * long, unusual characters, a long run of digits) becomes `?1`, `?2`, … What is over the limits is counted, not shown.
 */
export function shape(value: Json): Shape {
  return shapeAt(value, 0, { left: SHAPE_NODES_MAX })
}

function shapeAt(value: Json, depth: number, nodes: { left: number }): Shape {
  nodes.left--
  if (typeof value === 'string') return `string(${value.length})`
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const cut = depth >= SHAPE_DEPTH_MAX || nodes.left <= 0
  if (isJsonObject(value)) {
    return cut ? `object(${namesOf(value).length})` : fields(value, depth, nodes)
  }
  return cut ? `array(${value.length})` : [`array(${value.length})`, ...itemShapes(value, depth, nodes)]
}

function fields(value: JsonObject, depth: number, nodes: { left: number }): Shape {
  const names = namesOf(value)
  const shown: Record<string, Shape> = {}
  let count = 0
  for (const name of names) {
    if (count >= SHAPE_WIDTH_MAX || nodes.left <= 0) break
    count++
    shown[isPlainName(name) ? name : `?${count}`] = shapeAt(value[name] ?? null, depth + 1, nodes)
  }
  if (names.length > count) shown['?more'] = `fields(${names.length - count})`
  return shown
}

/** Different shapes of the items, in order of appearance. */
function itemShapes(items: readonly Json[], depth: number, nodes: { left: number }): Shape[] {
  const shapes = new Map<string, Shape>()
  for (const item of items) {
    if (shapes.size >= SHAPE_WIDTH_MAX || nodes.left <= 0) break
    const seen = shapeAt(item, depth + 1, nodes)
    shapes.set(JSON.stringify(seen), seen)
  }
  return [...shapes.values()]
}

function namesOf(value: JsonObject): string[] {
  const names = Object.keys(value)
  return names.every((name) => value[name] !== undefined) ? names : names.filter((name) => value[name] !== undefined)
}
