import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import {
  CHECKPOINT_PATH,
  countEntries,
  ENTRY_BYTES_MAX,
  fromUtf8,
  GatewayError,
  parseCheckpoint,
  parseNote,
  TILE_WIDTH,
  type ReadFile,
} from '@sallyport/core'

/** Largest file of a log: a bundle of the largest entries, each with its 16-bit length, and one more begun. */
const LOG_FILE_BYTES_MAX = (TILE_WIDTH + 1) * (ENTRY_BYTES_MAX + 2)

/**
 * Reads a log's folder, of this gateway or copied from another, also while a gateway writes to it. For `verifyLog`,
 * `proveEntry`, `readEntries` and the like.
 * @throws GatewayError `AUDIT_INVALID` from the reader, for anything there that is not a plain file within the limits of a log.
 */
export function logReader(dir: string): ReadFile {
  return async (path) => {
    try {
      return await readPlain(join(dir, path))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === 'ENOENT') return undefined
      throw code === 'ENOTDIR' || code === 'ELOOP' ? notPlain() : error
    }
  }
}

async function readPlain(file: string): Promise<Uint8Array> {
  // A pipe would wait for its writer, were it not opened so.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const stat = await handle.stat()
    if (!stat.isFile() || stat.size > LOG_FILE_BYTES_MAX) throw notPlain()
    return await handle.readFile()
  } finally {
    await handle.close()
  }
}

function notPlain(): GatewayError {
  return new GatewayError('AUDIT_INVALID', 'the log holds something that is not a plain file of its size')
}

/** Number of entries in a log's files, durable or just being made so. Reads only the end of the log. */
export async function logSize(read: ReadFile): Promise<number> {
  const note = fromUtf8((await read(CHECKPOINT_PATH)) ?? new Uint8Array()) ?? ''
  return countEntries(read, parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0)
}
