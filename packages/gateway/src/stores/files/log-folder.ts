import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'

/** The file operations the writer uses, one call each, so that a test can make any of them fail. All are synchronous. */
export interface LogFolder {
  /** Makes one folder, 0700; not an error when it is there. */
  makeFolder(path: string): void
  /** Names in a folder; none when there is no such folder. */
  list(path: string): string[]
  /** `undefined` when there is no such file. */
  read(path: string): Uint8Array | undefined
  /** Opens a file, 0600, to append to it, or to write it from the start. */
  open(path: string, mode: 'append' | 'replace'): number
  /** Writes all bytes or throws. */
  write(file: number, bytes: Uint8Array): void
  truncate(file: number, bytes: number): void
  /** Makes the content of a file durable. */
  sync(file: number): void
  /** Makes the names in a folder durable. */
  syncFolder(path: string): void
  close(file: number): void
  rename(from: string, to: string): void
  /** Removes a folder of files that are no longer needed; not an error when it is gone. */
  remove(path: string): void
}

export const diskFolder: LogFolder = {
  makeFolder: (path) => void mkdirSync(path, { mode: 0o700, recursive: true }),
  list: (path) => orNothing(() => readdirSync(path)) ?? [],
  read: (path) => orNothing(() => readFileSync(path)),
  open: (path, mode) => openSync(path, mode === 'append' ? 'a' : 'w', 0o600),
  write: (file, bytes) => {
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
  },
  truncate: ftruncateSync,
  sync: fdatasyncSync,
  syncFolder: (path) => {
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  },
  close: closeSync,
  rename: renameSync,
  remove: (path) => rmSync(path, { recursive: true, force: true }),
}

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
