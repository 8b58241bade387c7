import { isJsonObject, type Json, type JsonObject } from '@sallyport/core'

/** The largest value a grant lets one numeric argument have. */
export interface NumericCap {
  /** Dotted path of the argument; `[]` stands for every item of an array. */
  readonly path: string
  readonly max: number
  /** The value itself is refused, everything below it allowed. */
  readonly exclusive?: true
}

/** Most caps listed for one grant. */
export const CAPS_MAX = 200
const DEPTH_MAX = 16

/**
 * Upper bounds that a JSON Schema sets on numbers, by path. Only what holds for every value is listed: `properties`, `items`,
 * `prefixItems` and `allOf`; a bound inside `anyOf`, `if` or a `$ref` may not apply and is left out.
 */
export function numericCaps(schema: Json | undefined): NumericCap[] {
  const found = new Map<string, NumericCap>()
  collect(schema, '', { depth: 0, found })
  return [...found.values()]
}

interface Walk {
  readonly depth: number
  readonly found: Map<string, NumericCap>
}

function collect(schema: Json | undefined, path: string, { depth, found }: Walk): void {
  if (!isJsonObject(schema) || depth > DEPTH_MAX || found.size >= CAPS_MAX) return
  const deeper = { depth: depth + 1, found }
  for (const cap of capsOf(schema, path)) {
    const known = found.get(path)
    if (known === undefined || isTighter(cap, known)) found.set(path, cap)
  }
  const { properties, items, prefixItems, allOf } = schema
  if (isJsonObject(properties)) {
    for (const [name, child] of Object.entries(properties)) collect(child, path === '' ? name : `${path}.${name}`, deeper)
  }
  if (items !== undefined) collect(items, `${path}[]`, deeper)
  if (Array.isArray(prefixItems)) prefixItems.forEach((child, index) => collect(child as Json, `${path}[${index}]`, deeper))
  if (Array.isArray(allOf)) for (const child of allOf) collect(child as Json, path, deeper)
}

function capsOf({ maximum, exclusiveMaximum }: JsonObject, path: string): NumericCap[] {
  const caps: NumericCap[] = []
  if (typeof maximum === 'number') caps.push({ path, max: maximum })
  if (typeof exclusiveMaximum === 'number') caps.push({ path, max: exclusiveMaximum, exclusive: true })
  return caps
}

function isTighter(cap: NumericCap, known: NumericCap): boolean {
  return cap.max < known.max || (cap.max === known.max && cap.exclusive === true)
}
