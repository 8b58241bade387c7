import { z } from 'zod'

/** The part of JSON Schema 2020-12 that zod writes for our schemas. */
interface Schema {
  readonly [keyword: string]: unknown
  readonly description?: string
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly oneOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly required?: readonly string[]
}

const DEPTH_MAX = 12
/** Longer patterns say nothing to a reader; the schema file has them. */
const PATTERN_CHARS_MAX = 60

/** JSON Schema of what a person writes: fields with a default may be left out. */
export function inputSchema(schema: z.ZodType): Schema {
  return z.toJSONSchema(schema, { io: 'input' }) as Schema
}

/** Tables of every field of a schema: one per named definition and per variant of a union. */
export function schemaTables(schema: Schema): string {
  const defs = { ...(schema['$defs'] as Record<string, Schema> | undefined) }
  const root = resolveRef(schema, defs)
  const name = schema.$ref ? nameOf(schema.$ref) : undefined
  const others = Object.entries(defs).filter(([key]) => key !== name && !key.startsWith('__'))
  const sections = [section(name, root), ...others.map(([key, def]) => section(key, def))]
  return sections.join('\n\n')
}

/** One table for the fields of one object, nested fields with dotted names. */
export function fieldTable(schema: Schema): string {
  const rows = fields(schema, { prefix: '', depth: 0 })
  return ['| Field | Type | Default | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function section(name: string | undefined, schema: Schema): string {
  const variants = schema.oneOf
  const head = [name ? `## ${name}` : '', schema.description ?? ''].filter(Boolean)
  const tables = variants
    ? variants.map((variant) => `### ${variantName(variant)}\n\n${fieldTable(variant)}`)
    : [fieldTable(schema)]
  return [...head, ...tables].join('\n\n')
}

function fields(schema: Schema, at: { prefix: string; depth: number }): string[] {
  if (at.depth > DEPTH_MAX) throw new Error(`the schema nests deeper than ${DEPTH_MAX} levels`)
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    const path = `${at.prefix}${key}`
    const required = schema.required?.includes(key) ?? false
    return [row({ path, field, required }), ...nested(field, { path, depth: at.depth + 1 })]
  })
}

function nested(field: Schema, at: { path: string; depth: number }): string[] {
  const { additionalProperties: values, items } = field
  const inner = [
    { schema: field, prefix: `${at.path}.` },
    ...(typeof values === 'object' ? [{ schema: values, prefix: `${at.path}.<name>.` }] : []),
    ...(items ? [{ schema: items, prefix: `${at.path}[].` }] : []),
  ]
  return inner.flatMap(({ schema, prefix }) => [
    ...fields(schema, { prefix, depth: at.depth }),
    ...(schema.oneOf ?? []).flatMap((variant) => {
      const name = variantName(variant)
      return fields(variant, { prefix: `${prefix.slice(0, -1)}(${name}).`, depth: at.depth })
    }),
  ])
}

function row({ path, field, required }: { path: string; field: Schema; required: boolean }): string {
  const preset = field['default'] === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(field['default'])}\``
  return `| \`${path}\` | ${cell(typeOf(field))} | ${cell(preset)} | ${cell(field.description ?? '')} |`
}

function typeOf(field: Schema): string {
  if (field.$ref)
    return nameOf(field.$ref).startsWith('__') ? 'JSON' : `[${nameOf(field.$ref)}](#${nameOf(field.$ref).toLowerCase()})`
  if (field['const'] !== undefined) return `\`${JSON.stringify(field['const'])}\``
  if (Array.isArray(field['enum'])) return field['enum'].map((value) => `\`${String(value)}\``).join(', ')
  const variants = field.oneOf ?? field.anyOf
  if (variants) return [...new Set(variants.map(typeOf))].join(' or ')
  if (field['type'] === 'array') return `list of ${field.items ? typeOf(field.items) : 'anything'}${range(field, 'Items')}`
  if (typeof field.additionalProperties === 'object') return `map to ${typeOf(field.additionalProperties)}`
  const type = typeof field['type'] === 'string' ? field['type'] : 'JSON'
  return `${type}${range(field, 'Length')}${range(field, 'imum')}${form(field)}`
}

function form({ format, pattern }: Schema): string {
  if (typeof format === 'string') return ` (${format})`
  return typeof pattern === 'string' && pattern.length <= PATTERN_CHARS_MAX ? ` matching \`${pattern}\`` : ''
}

function range(field: Schema, suffix: string): string {
  const bound = (key: string): number | undefined => {
    const value = field[key]
    return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined
  }
  const [low, high] = [bound(`min${suffix}`), bound(`max${suffix}`)]
  if (low === undefined && high === undefined) return ''
  const unit = { Length: ' characters', Items: ' items' }[suffix] ?? ''
  if (high === undefined) return ` (at least ${low}${unit})`
  return low === undefined ? ` (at most ${high}${unit})` : ` (${low}–${high}${unit})`
}

function variantName(variant: Schema): string {
  const tag = Object.entries(variant.properties ?? {}).find(
    ([, field]) => field['const'] !== undefined && typeof field['const'] === 'string',
  )
  return tag ? `${tag[0]}: ${String(tag[1]['const'])}` : typeOf(variant)
}

function resolveRef(schema: Schema, defs: Readonly<Record<string, Schema>>): Schema {
  return schema.$ref ? (defs[nameOf(schema.$ref)] ?? schema) : schema
}

function nameOf(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
