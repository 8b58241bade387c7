import type { Json } from './json.ts'

/**
 * Canonical JSON. Input must have passed `parseJson` or be built by us: non-finite numbers and lone surrogates throw.
 * @see RFC 8785; keys are ordered by UTF-16 code units, numbers and strings as ECMAScript serialises them.
 */
export function jcs(value: Json | undefined): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value)
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('a non-finite number has no canonical form')
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (isArray(value)) return `[${value.map(jcs).join(',')}]`
      return canonicalObject(value)
    case 'undefined':
      throw new TypeError('undefined has no canonical form')
  }
  throw new TypeError(`${typeof value} has no canonical form`)
}

function canonicalObject(value: Exclude<Json, null | boolean | number | string | readonly Json[]>): string {
  let text = ''
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member === undefined) continue
    text += `${text === '' ? '' : ','}${canonicalString(key)}:${jcs(member)}`
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
