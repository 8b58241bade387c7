import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { lintPrompt, type PromptFault, sha256Hex } from '@sallyport/core'

const FILES_MAX = 1_000
const PROMPT_BYTES_MAX = 262_144
/** A version that is not there is looked for at most this often. */
const RETRY_MS = 1_000

/** Text of a prompt by its SHA-256; `undefined` when no file of the folder has it, or when it may not be pinned. */
export type PromptVersions = (hash: string) => string | undefined

export interface PromptFolder {
  readonly text: PromptVersions
  /** What is wrong with a version (R062, R063); nothing of one that is not there. */
  readonly faults: (hash: string) => readonly PromptFault[]
}

interface Version {
  readonly text: string
  /** Looked for when the version is first asked for: a folder may hold many that nobody uses. */
  faults?: readonly PromptFault[]
}

/**
 * System prompts as files of one folder. A version is named by the hash of its bytes, so it cannot change: an edited file is
 * another version, and a pointer to the old one then points to nothing. One with an error is as good as not there, however it
 * came to be pinned.
 */
export function openPromptVersions(dir: string, nowMs: () => number): PromptFolder {
  const known = new Map<string, Version>()
  let readMs = -Infinity
  return { faults, text: (hash) => (isPinnable(faults(hash)) ? find(hash)?.text : undefined) }

  function faults(hash: string): readonly PromptFault[] {
    const version = find(hash)
    if (!version) return []
    return (version.faults ??= lintPrompt(version.text))
  }

  function find(hash: string): Version | undefined {
    if (!known.has(hash) && nowMs() - readMs >= RETRY_MS) {
      readMs = nowMs()
      for (const text of readFolder(dir)) {
        const name = sha256Hex(text)
        if (!known.has(name)) known.set(name, { text })
      }
    }
    return known.get(hash)
  }
}

function isPinnable(faults: readonly PromptFault[]): boolean {
  return faults.every(({ level }) => level !== 'error')
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
