import { GatewayError, isJsonObject, jcs, type JsonObject, plainPath, schemaFault, sha256Hex, type Validate } from '@sallyport/core'
import { Ajv, type Options, type ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { RE2JS } from 're2js'

/** Compiled schemas kept; the least recently used goes first. */
const CACHE_MAX = 2_000
/** Longest path and message in a violation, in UTF-16 units. */
const PATH_CHARS_MAX = 200
const MESSAGE_CHARS_MAX = 200
/** Most references in one schema: nested references can cost exponential time. */
const REFERENCES_MAX = 200

/**
 * Patterns run on RE2, so that no pattern of a tool server takes more than linear time. A pattern RE2 does not know (look-around,
 * back-references) makes the schema invalid.
 */
const regExp = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern))
    // Ajv keeps patterns apart by their text.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => `/${pattern}/` }
  },
  { code: 'undefined' },
)

const OPTIONS: Options = {
  strict: false,
  allErrors: false,
  validateFormats: false,
  inlineRefs: false,
  ownProperties: true,
  logger: false,
  code: { regExp },
}

const cache = new Map<string, Validate>()

/** Made on first use: compiling the meta-schemas takes a while. */
const draft07 = once(() => new Ajv(OPTIONS))
const draft2020 = once(() => new Ajv2020(OPTIONS))

/**
 * Compiles a JSON Schema: 2020-12, or draft-07 where `$schema` says so. References stay inside the schema, nothing is fetched,
 * `format` is an annotation. Ajv turns the schema into code with `new Function`, escaping every text in it; only pinned,
 * reviewed schemas and those of manifests come here.
 * @throws GatewayError `CONFIG_INVALID` for a schema that is too deep, too large, not valid, or refers to another document.
 */
export function compileSchema(schema: JsonObject): Validate {
  const fault = faultOf(schema)
  if (fault !== undefined) throw new GatewayError('CONFIG_INVALID', fault)
  const key = sha256Hex(jcs(schema))
  const known = cache.get(key)
  const validate = known ?? compile(schema)
  cache.delete(key)
  cache.set(key, validate)
  const oldest = cache.size > CACHE_MAX ? cache.keys().next().value : undefined
  if (oldest !== undefined) cache.delete(oldest)
  return validate
}

/** Keywords of a root that may declare properties elsewhere than under `properties`. */
const COMPOSING = ['allOf', 'anyOf', 'oneOf', 'if', 'then', 'else', 'dependentSchemas', '$ref'] as const

/**
 * The input schema as the gateway enforces it: arguments the schema does not declare are refused (R042). A root that says
 * itself what further properties may be is left as it is.
 */
export function closedInputSchema(schema: JsonObject): JsonObject {
  if (['additionalProperties', 'unevaluatedProperties', 'patternProperties'].some((keyword) => Object.hasOwn(schema, keyword)))
    return schema
  if (!COMPOSING.some((keyword) => Object.hasOwn(schema, keyword))) return { ...schema, additionalProperties: false }
  // Draft-07 has no keyword that sees through a composition.
  return isDraft07(schema) ? schema : { ...schema, unevaluatedProperties: false }
}

function compile(schema: JsonObject): Validate {
  const { $schema: _, $id: __, ...rest } = schema
  let validate: ValidateFunction
  const ajv = isDraft07(schema) ? draft07() : draft2020()
  try {
    // No schema has an `$id` here, so none can be seen from another; each is forgotten once it is compiled.
    validate = ajv.compile(rest)
    ajv.removeSchema(rest)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', 'a schema is not a valid JSON Schema, or uses a pattern that RE2 does not know', {
      cause,
    })
  }
  return (value) => {
    try {
      if (validate(value)) return undefined
    } catch {
      return { path: '', message: 'cannot be checked' } // A schema that recurses without end exhausts the stack.
    }
    const [error] = validate.errors ?? []
    const extra = error?.params['additionalProperty'] ?? error?.params['unevaluatedProperty']
    const path = `${error?.instancePath ?? ''}${typeof extra === 'string' ? `/${extra.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''}`
    // It goes into the log: a name in the arguments is their author's choice and could be a value.
    return { path: clip(plainPath(path), PATH_CHARS_MAX), message: clip(error?.message ?? 'does not match', MESSAGE_CHARS_MAX) }
  }
}

const DRAFT_07 = /^https?:\/\/json-schema\.org\/draft-0[67]\/schema#?$/
const DRAFT_2020 = /^https?:\/\/json-schema\.org\/draft\/20(?:20-12|19-09)\/schema#?$/

function isDraft07(schema: JsonObject): boolean {
  return typeof schema['$schema'] === 'string' && DRAFT_07.test(schema['$schema'])
}

function faultOf(schema: JsonObject): string | undefined {
  const dialect = schema['$schema']
  if (dialect !== undefined && !(typeof dialect === 'string' && (DRAFT_07.test(dialect) || DRAFT_2020.test(dialect)))) {
    return 'a schema is of a dialect other than 2020-12, 2019-09, draft-07 or draft-06'
  }
  return (
    schemaFault(schema) ?? (references(schema) > REFERENCES_MAX ? `a schema has more than ${REFERENCES_MAX} references` : undefined)
  )
}

function references(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0
  const own = isJsonObject(node) && typeof node['$ref'] === 'string' ? 1 : 0
  return Object.values(node).reduce<number>((sum, member) => sum + references(member), own)
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

function clip(text: string, charsMax: number): string {
  return text.slice(0, charsMax).toWellFormed()
}
