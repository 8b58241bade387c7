import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'

/** A file of a model, and the SHA-256 (hex) it must have. */
export interface PinnedFile {
  readonly path: string
  readonly sha256: string
}

/**
 * Reads a file whole and checks it before anything parses it.
 * @throws GatewayError `CONFIG_INVALID` when it cannot be read, `CONFIG_INSECURE` when it is not the one that was pinned.
 */
export function readPinned({ path, sha256 }: PinnedFile): Uint8Array {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the classifier's file ${path} cannot be read`, { cause })
  }
  const found = createHash('sha256').update(bytes).digest('hex')
  if (found !== sha256)
    throw new GatewayError('CONFIG_INSECURE', `the classifier's file ${path} has SHA-256 ${found}, not the pinned ${sha256}`)
  return bytes
}
