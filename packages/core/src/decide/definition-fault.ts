import { jcs } from '../model/jcs.ts'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'
import type { ToolDefinition } from '../model/pin.ts'

/** Deepest nesting of a schema. */
export const SCHEMA_DEPTH_MAX = 32
/** Longest canonical form of a schema, in UTF-16 units; ASCII for almost all, so about 256 KiB. */
export const SCHEMA_CHARS_MAX = 262_144

/** Why a definition cannot be used at all; `undefined` when it can. Messages quote nothing of the definition. */
export function definitionFault(definition: ToolDefinition): string | undefined {
  if (!/^[A-Za-z0-9_./-]{1,128}$/.test(definition.name)) return 'its name has characters outside A–Z, a–z, 0–9, "_", ".", "/", "-"'
  try {
    jcs(definition as Json)
  } catch {
    return 'it has no canonical form'
  }
  const { inputSchema, outputSchema } = definition
  if (inputSchema['type'] !== 'object') return 'its input schema is not of type object'
  return schemaFault(inputSchema as Json) ?? (outputSchema && schemaFault(outputSchema as Json)) ?? headerFault(inputSchema as Json)
}

/** Why a JSON Schema is not accepted: too deep, too large, or reaching outside itself. */
export function schemaFault(schema: Json): string | undefined {
  return depthFault(schema, 0) ?? (jcs(schema).length > SCHEMA_CHARS_MAX ? 'a schema is larger than 256 KiB' : undefined)
}

function depthFault(node: Json | undefined, depth: number): string | undefined {
  if (typeof node !== 'object' || node === null) return undefined
  if (depth >= SCHEMA_DEPTH_MAX) return `a schema is nested deeper than ${SCHEMA_DEPTH_MAX}`
  if (isJsonObject(node)) {
    for (const keyword of ['$ref', '$dynamicRef', '$recursiveRef'] as const) {
      const target = node[keyword]
      if (typeof target === 'string' && (keyword !== '$ref' || !target.startsWith('#')))
        return 'a schema refers to another document'
    }
    if (depth > 0 && typeof node['$id'] === 'string') return 'a schema has an inner $id'
  }
  for (const member of Object.values(node)) {
    const fault = depthFault(member, depth + 1)
    if (fault !== undefined) return fault
  }
  return undefined
}

/**
 * Header annotations: an HTTP token, each name once whatever its case, on a single-valued property that is reached through
 * `properties` alone. `number` is accepted besides the specified types, as SDKs do.
 * @see MCP 2026-07-28, Streamable HTTP, custom headers from tool parameters
 */
function headerFault(inputSchema: Json): string | undefined {
  const seen = new Set<string>()
  return visit(inputSchema, true)

  function visit(node: Json | undefined, reachable: boolean): string | undefined {
    if (typeof node !== 'object' || node === null) return undefined
    if (!isJsonObject(node)) return first((node as readonly Json[]).map((item) => () => visit(item, false)))
    const { properties, ...rest } = node
    const own = Object.hasOwn(node, HEADER) && !isJsonObject(node[HEADER]) ? annotationFault(node, reachable) : undefined
    const below = isJsonObject(properties) ? Object.values(properties) : []
    return (
      own ??
      first([...below.map((item) => () => visit(item, reachable)), ...Object.values(rest).map((item) => () => visit(item, false))])
    )
  }
  function annotationFault(node: JsonObject, reachable: boolean): string | undefined {
    const name = node[HEADER]
    if (!reachable) return `an ${HEADER} is on a property that cannot be reached by name`
    if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(name)) return `an ${HEADER} is not a header name`
    if (typeof node['type'] !== 'string' || !SINGLE.has(node['type']))
      return `an ${HEADER} is on a property that is not a single value`
    if (seen.has(name.toLowerCase())) return `two properties have the same ${HEADER}`
    seen.add(name.toLowerCase())
    return undefined
  }
}

const HEADER = 'x-mcp-header'
/** Types a header can carry. */
const SINGLE = new Set(['string', 'number', 'integer', 'boolean'])

function first(checks: readonly (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const fault = check()
    if (fault !== undefined) return fault
  }
  return undefined
}
