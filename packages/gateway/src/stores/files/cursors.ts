import { join } from 'node:path'
import { GatewayError, type CursorStore } from '@sallyport/core'
import { z } from 'zod'
import { CursorName } from '../../cursor-name.ts'
import { diskFolder, type LogFolder } from './log-folder.ts'

const Cursor = z.strictObject({ next: z.int().min(0) })

/**
 * Cursors as one small file each in a folder. A new one is written beside, made durable and renamed over the old, so a crash
 * leaves either.
 */
export function openFileCursors(dir: string, folder: LogFolder = diskFolder): CursorStore {
  return {
    async get(name) {
      return guard(() => {
        const bytes = folder.read(fileOf(name))
        return bytes === undefined ? 0 : Cursor.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).next
      })
    },
    async set(name, next) {
      guard(() => {
        const file = fileOf(name)
        folder.makeFolder(dir)
        const handle = folder.open(`${file}.new`, 'replace')
        try {
          folder.write(handle, Buffer.from(JSON.stringify(Cursor.parse({ next }))))
          folder.sync(handle)
        } finally {
          folder.close(handle)
        }
        folder.rename(`${file}.new`, file)
        folder.syncFolder(dir)
      })
    },
  }

  function fileOf(name: string): string {
    return join(dir, `${CursorName.parse(name)}.json`)
  }
}

function guard<T>(run: () => T): T {
  try {
    return run()
  } catch (cause) {
    throw new GatewayError('STORE_UNAVAILABLE', 'a cursor cannot be read or stored', { cause })
  }
}
