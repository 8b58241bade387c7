import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '@sallyport/core'
import { MODEL_HASHES, type ModelFile } from './model-hashes.ts'

/** Beside the sources and beside the build: `packages/gateway/models`. */
const MODELS = new URL('../../models/', import.meta.url)

/** Path of a shipped model. */
export function modelPath(file: string): string {
  return fileURLToPath(new URL(file, MODELS))
}

/**
 * A shipped model, checked against the hash this version of the gateway was released with.
 * @throws GatewayError `CONFIG_INVALID` when it is missing, `CONFIG_INSECURE` when it is another file.
 */
export function readModel(file: ModelFile): Uint8Array {
  const bytes = readBytes(file)
  const hash = createHash('sha256').update(bytes).digest('hex')
  if (hash !== MODEL_HASHES[file])
    throw new GatewayError('CONFIG_INSECURE', `the model ${file} is not the one this version was released with; install it again`)
  return bytes
}

function readBytes(file: ModelFile): Uint8Array {
  try {
    return readFileSync(modelPath(file))
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the model ${file} cannot be read; install the gateway again`, { cause })
  }
}
