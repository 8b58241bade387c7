import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { GatewayError, NOTE_BYTES_MAX, utf8 } from '@sallyport/core'
import { TIMESTAMP_BYTES_MAX, verifyTimestamp } from '@sallyport/gateway'
import { readText } from './read-text.ts'

/** Most files of one folder. */
const FILES_MAX = 100_000
const ROOTS_BYTES_MAX = 1_048_576

/** A file, or every file in a folder, such as one copied from a bucket. @throws GatewayError `REQUEST_PARAMS` */
export function filesOf(path: string): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path]
  const names = readdirSync(path, { withFileTypes: true }).filter((item) => item.isFile())
  if (names.length === 0 || names.length > FILES_MAX)
    throw new GatewayError('REQUEST_PARAMS', `${path}: a folder of 1 to ${FILES_MAX} files`)
  return names.map(({ name }) => join(path, name))
}

/** The checkpoints of a folder of time stamps, once every stamp holds over its own; else what is wrong with the first that does not. */
export async function readStamps(flags: {
  readonly stamps?: string
  readonly stampRoots?: string
}): Promise<{ readonly notes: readonly string[] } | { readonly problem: string }> {
  const { stamps, stampRoots } = flags
  if (stamps === undefined) return { notes: [] }
  if (stampRoots === undefined)
    throw new GatewayError('REQUEST_PARAMS', '--stamp-roots: name the file with the roots of the authority')
  const roots = readText(stampRoots, ROOTS_BYTES_MAX)
  const notes: string[] = []
  for (const file of filesOf(stamps).filter((name) => name.endsWith('.tsr'))) {
    const note = readText(file.replace(/\.tsr$/, '.checkpoint'), NOTE_BYTES_MAX)
    const isLarge = statSync(file).size > TIMESTAMP_BYTES_MAX
    const result = isLarge
      ? { ok: false as const, fault: 'malformed' }
      : await verifyTimestamp(readFileSync(file), utf8(note), { roots })
    if (!result.ok) return { problem: `a time stamp does not hold: ${result.fault}` }
    notes.push(note)
  }
  return notes.length > 0 ? { notes } : { problem: 'the folder holds no time stamp' }
}
