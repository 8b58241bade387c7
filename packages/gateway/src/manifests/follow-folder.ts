import { watch, type FSWatcher } from 'node:fs'
import { isGatewayError } from '@sallyport/core'

/** How often files are looked at where the system does not tell about changes (network folders, containers). */
const POLL_MS = 1_000
/** Editors write in several steps; the folder is read once they are done. */
const SETTLE_MS = 50

/** Calls `reload` after changes: at once where the system reports them, else by looking every second. */
export function followFolder(dir: string, reload: () => Promise<void>): () => void {
  let settling: NodeJS.Timeout | undefined
  const soon = (): void => {
    clearTimeout(settling)
    settling = setTimeout(quietly, SETTLE_MS)
  }
  const quietly = (): void => {
    reload().catch((error: unknown) => {
      // The folder is unreadable for now, or nothing can be stored: what is in force stays, and the next look tries again.
      if (!isGatewayError(error)) throw error
    })
  }
  const poll = setInterval(quietly, POLL_MS)
  poll.unref()
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(dir, { persistent: false }, soon)
    watcher.on('error', () => watcher?.close())
  } catch {
    // The poll alone follows the folder.
  }
  return () => {
    clearInterval(poll)
    clearTimeout(settling)
    watcher?.close()
  }
}
