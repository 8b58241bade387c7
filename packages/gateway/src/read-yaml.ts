import { readFileSync, statSync } from 'node:fs'
import { explainZodError, GatewayError } from '@sallyport/core'
import { parseDocument } from 'yaml'
import type { z } from 'zod'

/** Largest configuration or manifest file. */
export const YAML_BYTES_MAX = 1_048_576
/** Aliases may repeat a block, not multiply it. */
const ALIASES_MAX = 50
/** Most problems named at once. */
const PROBLEMS_MAX = 20

/**
 * Reads one YAML 1.2 document and checks it against a schema.
 * @throws GatewayError `CONFIG_INVALID`, naming file, path, reason and, for unknown keys, what was probably meant.
 */
export function readYaml<S extends z.ZodType>(file: string, schema: S): z.output<S> {
  return parseYaml(readText(file), file, schema)
}

/** As `readYaml`, over text that was read already. */
export function parseYaml<S extends z.ZodType>(text: string, file: string, schema: S): z.output<S> {
  const result = schema.safeParse(toPlain(text, file))
  if (result.success) return result.data
  throw new GatewayError('CONFIG_INVALID', `${file}: ${explainZodError(result.error, schema).slice(0, PROBLEMS_MAX).join('; ')}`)
}

function readText(file: string): string {
  try {
    if (statSync(file).size > YAML_BYTES_MAX)
      throw new GatewayError('CONFIG_INVALID', `${file}: larger than ${YAML_BYTES_MAX} bytes`)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be read`, { cause })
  }
}

function toPlain(text: string, file: string): unknown {
  if (Buffer.byteLength(text) > YAML_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: larger than ${YAML_BYTES_MAX} bytes`)
  try {
    const document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, stringKeys: true, prettyErrors: true })
    const problem = document.errors[0] ?? document.warnings[0]
    // The first line names the place; the lines after it quote the file, which may hold a secret.
    if (problem !== undefined)
      throw new GatewayError('CONFIG_INVALID', `${file}: ${problem.message.split('\n')[0]?.replace(/:$/, '')}`)
    return document.toJS({ maxAliasCount: ALIASES_MAX })
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    // A RangeError of the stack (nesting bomb) or a ReferenceError of the alias limit.
    throw new GatewayError('CONFIG_INVALID', `${file}: nested too deep, or too many aliases`, { cause })
  }
}
