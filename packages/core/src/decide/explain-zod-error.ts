import { z } from 'zod'
import { isJsonObject, type Json, type JsonObject } from '../model/json.ts'

/** Most problems told at once. */
export const PROBLEMS_MAX = 10
/** Longest key or path quoted back, in UTF-16 units. */
const QUOTE_CHARS_MAX = 200
/** Most edits between an unknown key and the one suggested for it. */
const EDITS_MAX = 3

/**
 * What is wrong with a configuration or manifest, one line a problem: the path, what is wrong there, and for an unknown key the
 * known one it resembles. Values never appear, for configuration holds secrets.
 * @param schema The schema that was applied; its JSON Schema form knows the keys of every place.
 */
export function explainZodError(error: z.ZodError, schema: z.ZodType): readonly string[] {
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as unknown as JsonObject
  return error.issues.flatMap((issue) => explain(issue, [], root)).slice(0, PROBLEMS_MAX)
}

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

function explain(issue: Issue, above: Path, root: JsonObject): readonly string[] {
  const path = [...above, ...issue.path]
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => `${told([...path, key])}: unknown key${suggestion(key, knownKeys(root, path))}`)
    case 'invalid_key':
      return [`${told(path)}: not a valid name here: ${issue.issues.map(({ message }) => message).join(', ')}`]
    case 'invalid_union': {
      // The branch that came furthest is the one that was meant.
      const [nearest = []] = [...issue.errors].sort((a, b) => depth(b) - depth(a) || a.length - b.length)
      return nearest.length === 0 ? [`${told(path)}: ${issue.message}`] : nearest.flatMap((inner) => explain(inner, path, root))
    }
    case 'invalid_type': {
      const missing = issue.message.endsWith('received undefined')
      return [`${told(path)}: ${missing ? `required, of type ${issue.expected}` : `must be of type ${issue.expected}`}`]
    }
    case 'invalid_element':
      return issue.issues.flatMap((inner) => explain(inner, path, root))
    case 'custom':
    case 'invalid_format':
    case 'invalid_value':
    case 'not_multiple_of':
    case 'too_big':
    case 'too_small':
      return [`${told(path)}: ${issue.message}`]
  }
}

function depth(issues: readonly Issue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}

function told(path: Path): string {
  return path.length === 0 ? 'the document' : path.map(String).join('.').slice(0, QUOTE_CHARS_MAX).toWellFormed()
}

/** The keys a schema knows at a path; several when a union leads there. */
function knownKeys(root: JsonObject, path: Path): readonly string[] {
  let places: readonly JsonObject[] = [root]
  for (const segment of path) places = places.flatMap((place) => flat(place, root)).flatMap((place) => step(place, segment))
  return [
    ...new Set(
      places
        .flatMap((place) => flat(place, root))
        .flatMap(({ properties }) => (isJsonObject(properties) ? Object.keys(properties) : [])),
    ),
  ]
}

function step(place: JsonObject, segment: PropertyKey): readonly JsonObject[] {
  const { properties, additionalProperties, items } = place
  const named = isJsonObject(properties) && Object.hasOwn(properties, segment) ? properties[String(segment)] : undefined
  return [named ?? (typeof segment === 'number' ? items : additionalProperties)].filter(isJsonObject)
}

/** A place with its references and unions opened; references among our own schemas do not recurse without a property between. */
function flat(place: JsonObject, root: JsonObject): readonly JsonObject[] {
  const ref = place['$ref']
  const target = typeof ref === 'string' && isJsonObject(root['$defs']) ? root['$defs'][ref.slice('#/$defs/'.length)] : undefined
  if (isJsonObject(target)) return flat(target, root)
  const branches = (['anyOf', 'oneOf', 'allOf'] as const).flatMap((keyword) =>
    Array.isArray(place[keyword]) ? (place[keyword] as readonly Json[]) : [],
  )
  return [place, ...branches.filter(isJsonObject).flatMap((branch) => flat(branch, root))]
}

function suggestion(key: string, known: readonly string[]): string {
  const best = known
    .map((name) => ({ name, edits: edits(key.slice(0, 64).toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.min(EDITS_MAX, Math.ceil(name.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0]
  if (best) return `; did you mean "${best.name}"?`
  return known.length > 0 && known.length <= 30 ? `; known here: ${known.join(', ')}` : ''
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other (Damerau–Levenshtein). */
function edits(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (rows[i - 1]?.[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1)
      row.push(least)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
