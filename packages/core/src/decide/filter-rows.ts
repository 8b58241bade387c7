import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import { valueAt, type EntityValue } from './entities.ts'

export type Entities = Readonly<Record<string, EntityValue>>

export type Filtered =
  | { readonly ok: true; readonly value: Json; readonly removed: number }
  | { readonly ok: false; readonly reason: 'entity_mismatch' | 'result_not_projectable' }

/**
 * Keeps the records that belong to the bound entities. A record is an object inside an array, or an object above all arrays that
 * carries a bound name. It stays when it carries every bound name with the bound value; inside it, what carries another value is
 * removed, and what carries none belongs to it. Above the records only containers stay, and the members named in `keep`. A
 * result without any list is refused unless it has a record that stays.
 * @param keep Granted fields, so that a granted cursor above the records survives.
 */
export function filterRows(value: Json, entities: Entities, keep: readonly string[] = []): Filtered {
  const bound = Object.entries(entities).map(([name, wanted]) => ({ segments: name.split('.'), wanted }))
  const kept = new Set(keep)
  let removed = 0
  let lists = 0
  let own = 0

  const filtered = above(value)
  if (lists === 0 && own === 0) return { ok: false, reason: removed > 0 ? 'entity_mismatch' : 'result_not_projectable' }
  return { ok: true, value: filtered ?? {}, removed }

  function above(node: Json): Json | undefined {
    if (isArray(node)) {
      lists++
      return node.flatMap((item) => {
        const row = isArray(item) ? above(item) : isJsonObject(item) && carriesAll(item) ? inner(item) : undefined
        return row === undefined ? drop() : [row]
      })
    }
    if (!isJsonObject(node)) return undefined
    if (bound.some(({ segments }) => valueAt(node, segments) !== undefined)) {
      if (!carriesAll(node)) return void drop()
      own++
      return inner(node)
    }
    return mapMembers(node, (member, key) =>
      typeof member === 'object' && member !== null ? above(member) : kept.has(key) ? member : undefined,
    )
  }
  function carriesAll(node: JsonObject): boolean {
    return bound.every(({ segments, wanted }) => valueAt(node, segments) === wanted)
  }
  /** A record's content without what belongs to another entity. */
  function inner(node: Json): Json | undefined {
    if (isArray(node)) return node.flatMap((item) => (isForeign(item) ? drop() : [inner(item) as Json]))
    if (!isJsonObject(node)) return node
    return mapMembers(node, (member) => {
      if (!isForeign(member)) return inner(member)
      drop()
      return undefined
    })
  }
  function isForeign(node: Json): boolean {
    return (
      isJsonObject(node) &&
      bound.some(({ segments, wanted }) => {
        const found = valueAt(node, segments)
        return found !== undefined && found !== wanted
      })
    )
  }
  function drop(): readonly never[] {
    removed++
    return []
  }
}

function mapMembers(node: JsonObject, map: (member: Json, key: string) => Json | undefined): JsonObject {
  const kept: Record<string, Json> = {}
  for (const [key, member] of Object.entries(node)) {
    const own = member === undefined ? undefined : map(member, key)
    if (own !== undefined) kept[key] = own
  }
  return kept
}

function isArray(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
