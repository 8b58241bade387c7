import type { Json, JsonObject } from './json.ts'

/**
 * Canonical JSON. Non-finite numbers, `undefined` and lone surrogates throw; object members that are `undefined` are left out.
 * @see RFC 8785: keys ordered by UTF-16 code units, numbers and strings as ECMAScript serialises them.
 */
export function jcs(value: Json | undefined): string {
  const plain = ordered(value)
  if (plain === UNORDERABLE) return slow(value)
  const text = JSON.stringify(plain)
  // The engine writes a lone surrogate as an escape, which is well-formed but not canonical: the slow way finds and refuses it.
  return text.includes('\\ud') ? slow(value) : text
}

const UNORDERABLE = Symbol('unorderable')

/**
 * The same value with its keys in order, so that the engine's own serialiser writes the canonical form; most values are in
 * order already and come back as they are. Keys that look like array indexes cannot be ordered in a JavaScript object.
 */
function ordered(value: Json | undefined): Json | typeof UNORDERABLE {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a non-finite number has no canonical form')
  if (value === undefined) throw new TypeError('undefined has no canonical form')
  if (typeof value !== 'object' || value === null) return value
  return isArray(value) ? orderedArray(value) : orderedObject(value)
}

function orderedArray(items: readonly Json[]): readonly Json[] | typeof UNORDERABLE {
  let copy: Json[] | undefined
  for (let at = 0; at < items.length; at++) {
    const item = ordered(items[at])
    if (item === UNORDERABLE) return UNORDERABLE
    if (item !== items[at]) copy ??= items.slice()
    if (copy) copy[at] = item
  }
  return copy ?? items
}

function orderedObject(object: JsonObject): JsonObject | typeof UNORDERABLE {
  const keys = Object.keys(object)
  let isOrdered = true
  let before = ''
  for (const key of keys) {
    const first = key.charCodeAt(0)
    if ((first >= 48 && first <= 57) || key === '__proto__') return UNORDERABLE
    if (key < before) isOrdered = false
    before = key
  }
  let copy: Record<string, Json> | undefined = isOrdered ? undefined : {}
  if (!isOrdered) keys.sort()
  for (const key of keys) {
    const member = object[key]
    if (member === undefined) continue
    const inner = ordered(member)
    if (inner === UNORDERABLE) return UNORDERABLE
    if (!copy && inner !== member) copy = { ...object } as Record<string, Json>
    if (copy) copy[key] = inner
  }
  return copy ?? object
}

function slow(value: Json | undefined): string {
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(ordered(value))
  if (isArray(value)) return `[${value.map(slow).join(',')}]`
  const members = Object.keys(value)
    .sort()
    .flatMap((key) => (value[key] === undefined ? [] : [`${canonicalString(key)}:${slow(value[key])}`]))
  return `{${members.join(',')}}`
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
