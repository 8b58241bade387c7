import { type Json, type JsonObject, isJsonObject } from '@sallyport/core'
import { decodeHeader, encodeHeader } from './wire.ts'

/** One property of a tool's input schema that a request must mirror in `Mcp-Param-<name>`. */
export interface ParamHeader {
  readonly path: readonly string[]
  readonly name: string
}

/** RFC 9110 §5.1. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}$/
const PRIMITIVES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean'])
const HEADERS_MAX = 32

/**
 * Collects the `x-mcp-header` marks of an input schema.
 * @returns `undefined` when a mark breaks a rule of MCP 2026-07-28 (server/tools, "x-mcp-header"); such a tool is not usable.
 */
export function paramHeaders(inputSchema: JsonObject): readonly ParamHeader[] | undefined {
  const found: ParamHeader[] = []
  const reachable = collect(inputSchema, [], found)
  const names = new Set(found.map((header) => header.name.toLowerCase()))
  const everywhere = count(inputSchema)
  return reachable && names.size === found.length && everywhere === found.length && found.length <= HEADERS_MAX ? found : undefined
}

/** Headers for one call; values that are absent or null have none. */
export function encodeParams(headers: readonly ParamHeader[], args: JsonObject): Record<string, string> {
  return Object.fromEntries(
    headers.flatMap(({ name, path }) => {
      const text = primitiveText(valueAt(args, path))
      return text === undefined ? [] : [[`mcp-param-${name.toLowerCase()}`, encodeHeader(text)]]
    }),
  )
}

/** Name of the first header that is missing, malformed or different from the body. */
export function mismatchedParam(
  headers: readonly ParamHeader[],
  args: JsonObject,
  received: (name: string) => string | undefined,
): string | undefined {
  return headers.find(({ name, path }) => {
    const value = valueAt(args, path)
    const text = primitiveText(value)
    if (text === undefined) return false
    const raw = received(`mcp-param-${name.toLowerCase()}`)
    const decoded = raw === undefined ? undefined : decodeHeader(raw)
    if (decoded === undefined) return true
    // 42 and 42.0 are one number; forms such as 1e3 or 0x1a count only where they are how the number is written.
    const numeric = typeof value === 'number' && /^-?\d+(?:\.\d+)?$/.test(decoded)
    return numeric ? Number(decoded) !== value : decoded !== text
  })?.name
}

function collect(schema: JsonObject, path: readonly string[], found: ParamHeader[]): boolean {
  if (!isJsonObject(schema['properties'])) return true
  return Object.entries(schema['properties']).every(([key, child]) => {
    if (!isJsonObject(child)) return true
    const here = [...path, key]
    const mark = child['x-mcp-header']
    if (mark !== undefined) {
      if (typeof mark !== 'string' || !TOKEN.test(mark) || !PRIMITIVES.has(child['type'])) return false
      found.push({ path: here, name: mark })
    }
    return collect(child, here, found)
  })
}

/** All marks, wherever they stand: more than were reachable means one stands where the rules forbid it. */
function count(value: Json | undefined): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: Json) => sum + count(item), 0)
  if (!isJsonObject(value)) return 0
  const own = value['x-mcp-header'] === undefined || isJsonObject(value['x-mcp-header']) ? 0 : 1
  return Object.values(value).reduce((sum: number, child) => sum + count(child), own)
}

function valueAt(args: JsonObject, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>((node, key) => (isJsonObject(node) ? node[key] : undefined), args)
}

function primitiveText(value: Json | undefined): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined
}
