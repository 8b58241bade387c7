import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  formatNoteKey,
  formatProof,
  GatewayError,
  parseProof,
  proveEntry,
  verifyProof,
  type NoteKey,
  type ReadFile,
} from '@sallyport/core'

/** Where entries go, each with its proof, that outlive their place in the log. Every file verifies offline. */
export interface SetAside {
  /**
   * Copies one entry with its proof into folders, durably, and reads it back. An entry that is there is left alone.
   * @throws GatewayError `AUDIT_INVALID` when what was written does not verify
   */
  copy(index: number, folders: readonly string[]): Promise<void>
  /** Removes a folder. Returns whether there was one. */
  drop(folder: string): boolean
}

/** Folder of what is kept as long as there is a log. */
export const CUSTODY_FOLDER = 'custody'

/** @param dir Holds one folder per hold, named after it, and one for custody. */
export function openSetAside(dir: string, log: { readonly files: ReadFile; readonly key: NoteKey }): SetAside {
  const trusted = { origin: log.key.name, keys: [log.key] }
  return {
    async copy(index, folders) {
      const wanted = folders.map((folder) => ({ folder, file: join(dir, folder, `${index}.tlog-proof`) }))
      const missing = wanted.filter(({ file }) => !existsSync(file))
      if (missing.length === 0) return
      const text = formatProof(await proveEntry(log.files, index))
      for (const { folder, file } of missing) {
        mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 })
        const keyFile = join(dir, folder, 'log.pub')
        if (!existsSync(keyFile)) writeDurably(keyFile, `${formatNoteKey(log.key)}\n`)
        writeDurably(file, text)
        const proof = parseProof(readFileSync(file, 'utf8'))
        if (!proof || !verifyProof(proof, trusted).ok)
          throw new GatewayError('AUDIT_INVALID', 'the copy of an entry does not verify; nothing was pruned')
        syncFolder(join(dir, folder))
      }
    },
    drop(folder) {
      const path = join(dir, folder)
      if (!existsSync(path)) return false
      rmSync(path, { recursive: true })
      return true
    },
  }
}

/** A crash leaves the whole file or, under its own name, none. */
function writeDurably(file: string, text: string): void {
  const draft = `${file}.tmp`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  renameSync(draft, file)
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
