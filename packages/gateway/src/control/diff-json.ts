import { z } from 'zod'

type Json = z.core.util.JSONType

/** One difference between two JSON values; a missing side means added or removed. */
export const JsonChange = z.strictObject({ path: z.string(), before: z.json().optional(), after: z.json().optional() })
export type JsonChange = z.infer<typeof JsonChange>

/** Most differences listed. */
const CHANGES_MAX = 1_000

/** Differences in order of paths; arrays are compared as wholes, because their order means something. */
export function diffJson(before: Json | undefined, after: Json | undefined, path = ''): JsonChange[] {
  if (isObject(before) && isObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return keys
      .flatMap((key) => diffJson(own(before, key), own(after, key), path === '' ? key : `${path}.${key}`))
      .slice(0, CHANGES_MAX)
  }
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  return [{ path, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }]
}

function isObject(value: Json | undefined): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function own(value: Record<string, Json>, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined
}
