import { GatewayError } from '../errors.ts'
import { Manifest } from '../model/manifest.ts'
import { explainZodError } from './explain-zod-error.ts'

/**
 * Reads a manifest from an already parsed document.
 * @throws GatewayError `CONFIG_INVALID`, one line a problem: the path, what is wrong, and what was probably meant.
 */
export function parseManifest(document: unknown): Manifest {
  const parsed = Manifest.safeParse(document)
  if (parsed.success) return parsed.data
  throw new GatewayError('CONFIG_INVALID', explainZodError(parsed.error, Manifest).join('\n'))
}
