import type { Json, JsonObject } from './json.ts'

/** Text that JSON writes between quotes as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * Canonical JSON. Non-finite numbers, `undefined` and lone surrogates throw; object members that are `undefined` are left out.
 * @see RFC 8785: keys ordered by UTF-16 code units, numbers and strings as ECMAScript serialises them.
 */
export function jcs(value: Json | undefined): string {
  if (typeof value === 'string') return canonicalString(value)
  if (typeof value === 'object' && value !== null) return isArray(value) ? canonicalArray(value) : canonicalObject(value)
  if (value === undefined) throw new TypeError('undefined has no canonical form')
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('a non-finite number has no canonical form')
  // Minus zero is written as zero.
  return value === 0 ? '0' : String(value)
}

function canonicalArray(items: readonly Json[]): string {
  let text = ''
  for (const item of items) text += text === '' ? jcs(item) : `,${jcs(item)}`
  return `[${text}]`
}

function canonicalObject(object: JsonObject): string {
  let text = ''
  for (const key of orderedKeys(object)) {
    const member = object[key]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${canonicalString(key)}:${jcs(member)}`
  }
  return `{${text}}`
}

/** Most objects have their keys in order already. */
function orderedKeys(object: JsonObject): readonly string[] {
  const keys = Object.keys(object)
  for (let at = 1; at < keys.length; at++) if ((keys[at] ?? '') < (keys[at - 1] ?? '')) return keys.sort()
  return keys
}

function canonicalString(value: string): string {
  if (PLAIN.test(value)) return `"${value}"`
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate has no canonical form')
  return JSON.stringify(value)
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
