import { type EntryBody, type Json, isJsonObject, jcs, utf8, fromUtf8 } from '@sallyport/core'

/** One change to one field of one entry. */
export interface FieldChange {
  readonly kind: EntryBody['type']
  /** JSON Pointer (RFC 6901). */
  readonly path: string
  readonly change: 'changed' | 'removed'
  readonly bytes: Uint8Array
}

/** Every field of an entry changed in turn, and removed in turn: values, members, elements. The result stays canonical JSON. */
export function* fieldChanges(leaf: Uint8Array, kind: EntryBody['type']): Generator<FieldChange> {
  const entry = JSON.parse(fromUtf8(leaf) ?? 'null') as Json
  for (const path of paths(entry, [])) {
    for (const change of ['changed', 'removed'] as const) {
      const copy = structuredClone(entry)
      apply(copy, path, change)
      yield { kind, path: `/${path.join('/')}`, change, bytes: utf8(jcs(copy)) }
    }
  }
}

function* paths(value: Json, at: readonly string[]): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, member] of Object.entries(value)) {
    yield [...at, key]
    yield* paths(member as Json, [...at, key])
  }
}

function apply(root: Json, path: readonly string[], change: FieldChange['change']): void {
  const parent = path.slice(0, -1).reduce<Json>((value, key) => (value as Record<string, Json>)[key] ?? null, root)
  const key = path.at(-1) ?? ''
  if (Array.isArray(parent)) {
    if (change === 'removed') parent.splice(Number(key), 1)
    else parent[Number(key)] = other(parent[Number(key)] ?? null)
  } else if (isJsonObject(parent)) {
    const members = parent as Record<string, Json>
    if (change === 'removed') delete members[key]
    else members[key] = other(members[key] ?? null)
  }
}

/** Another value of the same type. */
function other(value: Json): Json {
  if (typeof value === 'string') return value.endsWith('x') ? `${value.slice(0, -1)}y` : `${value.slice(0, -1)}x`
  if (typeof value === 'number') return value + 1
  if (typeof value === 'boolean') return !value
  if (Array.isArray(value)) return [...value, 'x']
  return { ...(value as object), x: 'x' } as Json
}
