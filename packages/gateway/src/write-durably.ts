import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a small file, 0600: readers see the old content or the new, and so does whoever looks after a crash. */
export function writeDurably(file: string, content: string | Uint8Array): void {
  const to = openSync(`${file}.tmp`, 'w', 0o600)
  try {
    writeFileSync(to, content)
    fsyncSync(to)
  } finally {
    closeSync(to)
  }
  renameSync(`${file}.tmp`, file)
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
