import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import { valueAt, type EntityValue } from './entities.ts'

export type Entities = Readonly<Record<string, EntityValue>>

export type Filtered =
  | { readonly ok: true; readonly value: Json; readonly removed: number }
  | { readonly ok: false; readonly reason: 'entity_mismatch' | 'result_not_projectable' }

/**
 * Keeps the records that belong to the bound entities. A record is an object inside an array, or the outermost object when it
 * carries the bound names itself. It stays when it carries every bound name with the bound value and nothing inside it carries
 * another one; inner records of a kept record need not repeat the name. Above the records only containers stay, and the members
 * named in `keep`. A result with a single record that does not belong is refused, as is one without any record or list.
 * @param keep Granted fields, so that a granted cursor above the records survives.
 */
export function filterRows(value: Json, entities: Entities, keep: readonly string[] = []): Filtered {
  const bound = Object.entries(entities).map(([name, wanted]) => ({ segments: name.split('.'), wanted }))
  const kept = new Set(keep)
  let removed = 0
  let lists = 0

  if (isJsonObject(value) && bound.some(({ segments }) => valueAt(value, segments) !== undefined)) {
    if (!carriesAll(value)) return { ok: false, reason: 'entity_mismatch' }
    return { ok: true, value: inner(value) ?? {}, removed }
  }
  const filtered = above(value)
  return lists === 0 ? { ok: false, reason: 'result_not_projectable' } : { ok: true, value: filtered ?? {}, removed }

  function above(node: Json): Json | undefined {
    if (isArray(node)) {
      lists++
      return node.flatMap((item) => {
        const own = isArray(item) ? above(item) : isJsonObject(item) && carriesAll(item) ? inner(item) : undefined
        return own === undefined ? drop() : [own]
      })
    }
    if (!isJsonObject(node)) return undefined
    return mapMembers(node, (member, key) => (typeof member === 'object' && member !== null ? above(member) : kept.has(key) ? member : undefined))
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
    return isJsonObject(node) && bound.some(({ segments, wanted }) => {
      const found = valueAt(node, segments)
      return found !== undefined && found !== wanted
    })
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
