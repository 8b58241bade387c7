import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Compiles JSON Schema from the source of the OCSF schema, for the classes we send: `node conformance/ocsf-schema.ts CHECKOUT`.
 * Every member of a class, its type, enum, constraints and what is required come from there. Objects that we never send are left
 * out, so that sending one fails. The result is `packages/core/src/observe/formats/ocsf/fixtures/ocsf-1.8.0.schema.json`.
 */
const CLASSES = ['api_activity', 'detection_finding', 'entity_management', 'authorize_session', 'application_lifecycle']
const OBJECTS = [
  'actor', 'analytic', 'api', 'attack', 'authorization', 'evidences', 'finding_info', 'fingerprint', 'managed_entity', 'metadata', 'network_endpoint',
  'policy', 'product', 'request', 'response', 'service', 'session', 'span', 'technique', 'trace', 'user',
] // prettier-ignore
/** Profiles we apply; members of other profiles may not be sent. */
const PROFILES = ['trace', 'security_control']

interface Attribute {
  readonly requirement?: string
  readonly enum?: Readonly<Record<string, unknown>>
  readonly profile?: string | null
  readonly type?: string
  readonly is_array?: boolean
}
interface Definition {
  readonly name?: string
  readonly uid?: number
  readonly extends?: string
  readonly category?: string
  readonly attributes: Readonly<Record<string, Attribute>> & { readonly $include?: readonly string[] }
  readonly constraints?: { readonly at_least_one?: readonly string[]; readonly just_one?: readonly string[] }
  readonly profile?: string
}

const root = process.argv[2] ?? '.'
const read = (path: string): Definition => JSON.parse(readFileSync(join(root, path), 'utf8')) as Definition
const dictionary = read('dictionary.json') as Definition & {
  readonly types: {
    readonly attributes: Readonly<Record<string, { type?: string; regex?: string; max_len?: number; range?: [number, number] }>>
  }
}
const events = new Map<string, Definition>()
for (const path of readdirSync(join(root, 'events'), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.json'),
)) {
  const event = read(join('events', path))
  events.set(event.name ?? path, event)
}
const categories = (
  JSON.parse(readFileSync(join(root, 'categories.json'), 'utf8')) as { attributes: Record<string, { uid: number }> }
).attributes

/** Attributes of a definition with those it inherits and includes; `null` as profile frees one from its profile. */
function attributesOf(of: Definition, parent: (name: string) => Definition): Record<string, Attribute> {
  const { $include = [], ...own } = of.attributes
  const inherited = of.extends === undefined || of.extends === 'object' ? {} : attributesOf(parent(of.extends), parent)
  const all: Record<string, Attribute> = { ...inherited }
  for (const path of $include) {
    const profile = read(path)
    for (const [name, attribute] of Object.entries(attributesOf(profile, parent)))
      all[name] = merge(all[name], { profile: profile.name ?? null, ...attribute })
  }
  for (const [name, attribute] of Object.entries(own)) all[name] = merge(all[name], attribute as Attribute)
  return all
}

function merge(first: Attribute | undefined, second: Attribute): Attribute {
  return { ...first, ...second, ...((first?.enum ?? second.enum) && { enum: { ...first?.enum, ...second.enum } }) }
}

function constraintsOf(of: Definition, parent: (name: string) => Definition): Definition['constraints'] {
  return (
    of.constraints ?? (of.extends === undefined || of.extends === 'object' ? undefined : constraintsOf(parent(of.extends), parent))
  )
}

function schemaOf(of: Definition, parent: (name: string) => Definition, fixed: Record<string, unknown> = {}): object {
  const properties: Record<string, unknown> = {}
  const required: string[] = []
  for (const [name, attribute] of Object.entries(attributesOf(of, parent)).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    if (typeof attribute.profile === 'string' && !PROFILES.includes(attribute.profile)) continue
    if (attribute.requirement === 'required') required.push(name)
    const schema = typeOf(name, attribute)
    if (schema !== undefined) properties[name] = fixed[name] ?? schema
  }
  const { at_least_one: some, just_one: one } = constraintsOf(of, parent) ?? {}
  return {
    type: 'object',
    properties,
    ...(required.length > 0 && { required }),
    additionalProperties: false,
    ...(some && { anyOf: some.map((name) => ({ required: [name] })) }),
    ...(one && { oneOf: one.map((name) => ({ required: [name] })) }),
  }
}

/** Schema of an attribute by its name in the dictionary; `undefined` for objects we never send. */
function typeOf(name: string, attribute: Attribute): object | undefined {
  const known = { ...dictionary.attributes[name], ...attribute } as Attribute
  const values = merge(dictionary.attributes[name], attribute).enum
  const type = known.type ?? ''
  const item =
    type === 'object' || type === 'json_t'
      ? {}
      : type.endsWith('_t')
        ? scalar(type, values)
        : OBJECTS.includes(type)
          ? { $ref: `#/$defs/${type}` }
          : undefined
  return item && known.is_array ? { type: 'array', items: item } : item
}

function scalar(type: string, values: Attribute['enum']): object {
  const { type: base = type, regex, max_len: maxLength, range } = dictionary.types.attributes[type] ?? {}
  if (base === 'boolean_t') return { type: 'boolean' }
  if (base === 'integer_t' || base === 'long_t') {
    if (values) return { type: 'integer', enum: Object.keys(values).map(Number) }
    return { type: 'integer', ...(range && { minimum: range[0], maximum: range[1] }) }
  }
  if (base === 'float_t') return { type: 'number' }
  return { type: 'string', ...(regex !== undefined && { pattern: regex }), ...(maxLength !== undefined && { maxLength }) }
}

const objects = Object.fromEntries(
  OBJECTS.map((name) => [name, schemaOf(read(`objects/${name}.json`), (other) => read(`objects/${other}.json`))]),
)
const classes = CLASSES.map((name): [string, object] => {
  const event = events.get(name)
  if (!event) throw new Error(`no class ${name}`)
  const parent = (other: string): Definition => {
    const found = events.get(other)
    if (!found) throw new Error(`no class ${other}`)
    return found
  }
  let above: Definition | undefined = event
  while (above && above.category === undefined) above = above.extends === undefined ? undefined : parent(above.extends)
  const category = categories[above?.category ?? '']?.uid ?? 0
  const uid = category * 1_000 + (event.uid ?? 0)
  const activities = Object.keys(attributesOf(event, parent)['activity_id']?.enum ?? {}).map((id) => uid * 100 + Number(id))
  const fixed = { class_uid: { const: uid }, category_uid: { const: category }, type_uid: { enum: activities } }
  return [String(uid), schemaOf(event, parent, fixed)]
})
process.stdout.write(
  `${JSON.stringify({
    $comment:
      'Derived from the Open Cybersecurity Schema Framework 1.8.0, copyright OCSF, a Series of LF Projects, LLC; Apache License 2.0; https://github.com/ocsf/ocsf-schema',
    $schema: 'http://json-schema.org/draft-07/schema#',
    $defs: { ...objects, ...Object.fromEntries(classes) },
  })}\n`,
)
