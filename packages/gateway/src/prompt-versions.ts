import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { sha256Hex } from '@sallyport/core'

const FILES_MAX = 1_000
const PROMPT_BYTES_MAX = 262_144
/** A version that is not there is looked for at most this often. */
const RETRY_MS = 1_000

/** Text of a prompt by its SHA-256; `undefined` when no file of the folder has it. */
export type PromptVersions = (hash: string) => string | undefined

/**
 * System prompts as files of one folder. A version is named by the hash of its bytes, so it cannot change: an edited file is
 * another version, and a pointer to the old one then points to nothing.
 */
export function openPromptVersions(dir: string, nowMs: () => number): PromptVersions {
  const known = new Map<string, string>()
  let readMs = -Infinity
  return (hash) => {
    if (!known.has(hash) && nowMs() - readMs >= RETRY_MS) {
      readMs = nowMs()
      for (const text of readFolder(dir)) known.set(sha256Hex(text), text)
    }
    return known.get(hash)
  }
}

function readFolder(dir: string): readonly string[] {
  let names: string[]
  try {
    names = readdirSync(dir).sort().slice(0, FILES_MAX)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return names.flatMap((name) => {
    const bytes = readFileSync(join(dir, name))
    return bytes.length > PROMPT_BYTES_MAX ? [] : [bytes.toString('utf8')]
  })
}
