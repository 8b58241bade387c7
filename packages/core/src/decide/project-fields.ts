import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'

/** Granted fields as a tree: a leaf is kept whole, a branch is followed. */
type Fields = ReadonlyMap<string, Fields | 'whole'>

export interface Projection {
  readonly value: Json
  /** Members and items left out. */
  readonly removed: number
}

/**
 * Keeps the granted fields of a result and the containers that lead to them. A *row* is an object inside an array, or the
 * outermost object that has a granted field itself; of a row only the granted names and dotted paths stay (paths pass through
 * arrays). Above the rows, objects and arrays are followed and everything else is left out. An object above the rows that has
 * values of its own is followed to arrays only, so that a name is not found in a neighbouring record.
 * @returns `undefined` when the result is a single value, which has no field name at all.
 */
export function projectFields(value: Json, fields: readonly string[]): Projection | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const granted = treeOf(fields)
  let removed = 0

  function above(node: Json | undefined, arraysOnly: boolean): Json | undefined {
    if (isArray(node)) return rowsOf(node)
    if (!isJsonObject(node)) return drop()
    if (Object.keys(node).some((key) => granted.has(key))) {
      const record = arraysOnly ? {} : row(node, granted)
      return Object.keys(record).length > 0 ? record : drop()
    }
    const scalars = Object.values(node).some((member) => typeof member !== 'object' || member === null)
    return mapMembers(node, (member) => above(member, arraysOnly || scalars))
  }
  function rowsOf(items: readonly Json[]): Json | undefined {
    const kept = items.flatMap((item) => {
      const inner = isArray(item) ? rowsOf(item) : isJsonObject(item) ? row(item, granted) : drop()
      return inner === undefined ? [] : [inner]
    })
    return kept.length > 0 || items.length === 0 ? kept : undefined
  }
  function row(node: JsonObject, tree: Fields): JsonObject {
    const kept: Record<string, Json> = {}
    for (const [key, member] of Object.entries(node)) {
      const branch = tree.get(key)
      const inner = branch === undefined || member === undefined ? drop() : branch === 'whole' ? member : below(member, branch)
      if (inner !== undefined) kept[key] = inner
    }
    return kept
  }
  function below(node: Json, tree: Fields): Json | undefined {
    if (isArray(node)) return node.flatMap((item) => below(item, tree) ?? [])
    return isJsonObject(node) ? row(node, tree) : drop()
  }
  function drop(): undefined {
    removed++
    return undefined
  }

  const projected = above(value, false)
  return { value: projected ?? (isArray(value) ? [] : {}), removed }
}

function mapMembers(node: JsonObject, map: (member: Json | undefined) => Json | undefined): JsonObject | undefined {
  const kept: Record<string, Json> = {}
  for (const [key, member] of Object.entries(node)) {
    const inner = map(member)
    if (inner !== undefined) kept[key] = inner
  }
  return Object.keys(kept).length > 0 ? kept : undefined
}

function treeOf(fields: readonly string[]): Fields {
  const root = new Map<string, Fields | 'whole'>()
  for (const path of fields) {
    let node = root
    const segments = path.split('.')
    for (const [index, segment] of segments.entries()) {
      const known = node.get(segment)
      if (known === 'whole') break
      if (index === segments.length - 1) node.set(segment, 'whole')
      else {
        const next = (known ?? new Map()) as Map<string, Fields | 'whole'>
        node.set(segment, next)
        node = next
      }
    }
  }
  return root
}

function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
