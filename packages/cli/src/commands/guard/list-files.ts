import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { requireFile } from './open-home-scanner.ts'

/** Most files of one folder, and the largest file. */
const FILES_MAX = 20_000
const FILE_BYTES_MAX = 64 * 1_048_576

export interface ListedFile {
  /** As people named it, or below the folder they named, with `/`. */
  readonly name: string
  read(): Uint8Array
}

/**
 * A file, or every file below a folder, in order of name. Links are not followed.
 * @throws GatewayError `NOT_FOUND` for none, `REQUEST_TOO_LARGE` for too many or one too large
 */
export function listFiles(path: string): readonly ListedFile[] {
  if (statSync(requireFile(path)).isFile()) return [listed(path, path)]
  const found = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name))
    .sort()
  if (found.length === 0) throw new GatewayError('NOT_FOUND', `${path}: there is no file in it`)
  if (found.length > FILES_MAX) throw new GatewayError('REQUEST_TOO_LARGE', `${path}: more than ${FILES_MAX} files`)
  return found.map((file) => listed(file, relative(path, file).replaceAll('\\', '/')))
}

function listed(file: string, name: string): ListedFile {
  return {
    name,
    read() {
      if (statSync(file).size > FILE_BYTES_MAX)
        throw new GatewayError('REQUEST_TOO_LARGE', `${name}: larger than ${FILE_BYTES_MAX} bytes`)
      return readFileSync(file)
    },
  }
}
