import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayError, type CursorStore } from '@sallyport/core'
import { z } from 'zod'
import { CursorName } from '../../cursor-name.ts'

const Cursor = z.strictObject({ next: z.int().min(0) })

/** The file operations of a cursor, so that a test can make any of them fail. None blocks: followers run beside the acts. */
export interface CursorFolder {
  /** Makes a folder, 0700; not an error when it is there. */
  makeFolder(path: string): Promise<void>
  /** `undefined` when there is no such file. */
  read(path: string): Promise<string | undefined>
  /** Writes a file, 0600, from the start and makes it durable. */
  write(path: string, text: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  /** Makes the names in a folder durable. */
  syncFolder(path: string): Promise<void>
}

export const diskCursors: CursorFolder = {
  makeFolder: async (path) => void (await mkdir(path, { mode: 0o700, recursive: true })),
  read: (path) =>
    readFile(path, 'utf8').catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
      throw error
    }),
  async write(path, text) {
    const file = await open(path, 'w', 0o600)
    try {
      await file.writeFile(text)
      await file.datasync()
    } finally {
      await file.close()
    }
  },
  rename,
  async syncFolder(path) {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  },
}

/**
 * Cursors as one small file each in a folder. A new one is written beside, made durable and renamed over the old, so a crash
 * leaves either. Each name has one follower, which waits for one call before it makes the next.
 */
export function openFileCursors(dir: string, folder: CursorFolder = diskCursors): CursorStore {
  return {
    get: (name) =>
      guard(async () => {
        const text = await folder.read(fileOf(name))
        return text === undefined ? 0 : Cursor.parse(JSON.parse(text)).next
      }),
    set: (name, next) =>
      guard(async () => {
        const file = fileOf(name)
        const text = JSON.stringify(Cursor.parse({ next }))
        await folder.makeFolder(dir)
        await folder.write(`${file}.new`, text)
        await folder.rename(`${file}.new`, file)
        await folder.syncFolder(dir)
      }),
  }

  function fileOf(name: string): string {
    return join(dir, `${CursorName.parse(name)}.json`)
  }
}

async function guard<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw new GatewayError('STORE_UNAVAILABLE', 'a cursor cannot be read or stored', { cause })
  }
}
