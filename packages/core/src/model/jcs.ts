import type { Json, JsonObject } from './json.ts'

/**
 * Canonical JSON. Non-finite numbers, `undefined` and lone surrogates throw; object members that are `undefined` are left out.
 * @see RFC 8785: keys ordered by UTF-16 code units, numbers and strings as ECMAScript serialises them.
 */
export function jcs(value: Json | undefined): string {
  const ordered = inOrder(value)
  const text = ordered === undefined ? LONE_SURROGATE : JSON.stringify(ordered)
  return text.includes(LONE_SURROGATE) ? canonical(value) : text
}

/** How `JSON.stringify`, which otherwise writes what RFC 8785 asks for, writes a lone surrogate; other texts may hold it too. */
const LONE_SURROGATE = '\\ud'

/**
 * The value with the members of every object in canonical order, copying only what is not. `undefined` where no copy can have that
 * order, and where there is no canonical form.
 */
function inOrder(value: Json | undefined): Json | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'object' || value === null) return value
  return isArray(value) ? itemsInOrder(value) : membersInOrder(value)
}

function itemsInOrder(items: readonly Json[]): readonly Json[] | undefined {
  let copy: Json[] | undefined
  for (let at = 0; at < items.length; at++) {
    const item = inOrder(items[at])
    if (item === undefined) return undefined
    if (item !== items[at]) (copy ??= [...items])[at] = item
  }
  return copy ?? items
}

function membersInOrder(object: JsonObject): JsonObject | undefined {
  const keys = Object.keys(object)
  let copy: { [key: string]: Json | undefined } | undefined
  if (!isOrdered(keys)) {
    // The engine puts names that look like indexes first, and sets no member of this one name.
    if (keys.sort().some((key) => (key >= '0' && key < ':') || key === '__proto__')) return undefined
    copy = {}
  }
  const isNew = copy !== undefined
  for (const key of keys) {
    const member = object[key]
    if (member === undefined) continue
    const ordered = inOrder(member)
    if (ordered === undefined) return undefined
    if (isNew || ordered !== member) (copy ??= { ...object })[key] = ordered
  }
  return copy ?? object
}

function isOrdered(keys: readonly string[]): boolean {
  for (let at = 1; at < keys.length; at++) if ((keys[at] ?? '') < (keys[at - 1] ?? '')) return false
  return true
}

/** Says the same, for every value, piece by piece. */
function canonical(value: Json | undefined): string {
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'object' && value !== null) return isArray(value) ? canonicalArray(value) : canonicalObject(value)
  if (value === undefined) throw new TypeError('undefined has no canonical form')
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a non-finite number has no canonical form')
  // Minus zero is written as zero.
  return value === 0 ? '0' : String(value)
}

function canonicalArray(items: readonly Json[]): string {
  let text = ''
  for (const item of items) text += text === '' ? canonical(item) : `,${canonical(item)}`
  return `[${text}]`
}

function canonicalObject(object: JsonObject): string {
  let text = ''
  for (const key of Object.keys(object).sort()) {
    const member = object[key]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${canonicalString(key)}:${canonical(member)}`
  }
  return `{${text}}`
}

function canonicalString(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
