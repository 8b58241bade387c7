import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CHECKPOINT_PATH, countEntries, fromUtf8, parseCheckpoint, parseNote, type ReadFile } from '@sallyport/core'

/**
 * Reads a log's folder, of this gateway or copied from another, also while a gateway writes to it. For `verifyLog`,
 * `proveEntry`, `readEntries` and the like.
 */
export function logReader(dir: string): ReadFile {
  return async (path) => {
    try {
      return await readFile(join(dir, path))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }
  }
}

/** Number of entries in a log's files, durable or just being made so. Reads only the end of the log. */
export async function logSize(read: ReadFile): Promise<number> {
  const note = fromUtf8((await read(CHECKPOINT_PATH)) ?? new Uint8Array()) ?? ''
  return countEntries(read, parseCheckpoint(parseNote(note)?.text ?? '')?.size ?? 0)
}
