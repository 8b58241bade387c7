import { basename } from 'node:path'
import { compileManifest, GatewayError, isGatewayError, type CompiledManifest, type CompileDeps } from '@sallyport/core'
import type { ManifestVersionRecord, Role } from '../state-records.ts'
import type { Change, State } from '../state.ts'
import { followFolder } from './follow-folder.ts'
import { changedFiles, readManifest, type ManifestFile } from './read-folder.ts'
import { requireSignable } from './require-signable.ts'
import { settleVersions, type Signable, type Signed, type Standing } from './settle-versions.ts'

export { parseManifest } from './read-folder.ts'
export { signableBytes, type Signable, type Signed, type Standing } from './settle-versions.ts'

export interface ManifestsDeps {
  /** Folder of `<agent>.yaml` files. */
  readonly dir: string
  readonly state: State
  readonly deps: CompileDeps
  readonly nowMs: () => number
  /** Called after the manifest in force for an agent changed: new text, new signature, or gone. */
  readonly onChange?: (change: ManifestChange) => void
  /** Called when a file becomes unusable; the last good version stays in force. */
  readonly onProblem?: (problem: ManifestProblem) => void
  /** Whether to follow the folder; off for commands that read it once. */
  readonly watch?: boolean
}

export interface ManifestChange {
  readonly agent: string
  readonly cause: 'loaded' | 'signed' | 'removed'
  readonly version?: number
  readonly hash?: string
  readonly signed?: boolean
  /** Rules that only observe. */
  readonly observe?: CompiledManifest['observe']
}

export interface ManifestProblem {
  readonly agent: string
  readonly file: string
  readonly problem: string
}

export interface Manifests {
  /** The manifest in force. `undefined`: the agent may do nothing. */
  current(agent: string): CompiledManifest | undefined
  /** Its version, signatures and baseline. */
  standing(agent: string): Standing | undefined
  /** Agents with a manifest, sorted. */
  agents(): string[]
  /** Files that cannot be used now. */
  problems(): ManifestProblem[]
  /** Compiles without putting anything in force. @throws GatewayError `CONFIG_INVALID` */
  compile(
    version: ManifestVersionRecord,
    standing: { readonly signed: boolean; readonly baseline?: ManifestVersionRecord },
  ): CompiledManifest
  /** Reads the folder again, after any reading under way. Unchanged files cost one `stat`. */
  reload(): Promise<void>
  /**
   * Checks a person's signature under the newest version and gives the change that adds it; `refresh` puts it in force.
   * @throws GatewayError `NOT_FOUND`, `CONFLICT` when the version is not the newest, this person signed it before or the role
   * is not one it needs, `IDENTITY_FORBIDDEN` when the person lacks the role or the signature is not theirs.
   */
  acceptSignature(signable: Signable, signed: Signed): Change
  /** Judges the newest version of an agent again, after its signatures changed. */
  refresh(agent: string): void
  close(): void
}

/** Loads every manifest of a folder and, with `watch`, follows it. @throws GatewayError `CONFIG_INVALID` for the folder itself. */
export async function openManifests(options: ManifestsDeps): Promise<Manifests> {
  const { dir, state } = options
  const stamps = new Map<string, string>()
  const problems = new Map<string, ManifestProblem>()
  let current: ReadonlyMap<string, CompiledManifest> = new Map()
  /** Agents whose newest version, recorded by another replica, cannot be read here: what it takes away must not be allowed. */
  const unreadable = new Set<string>()
  let reading: Promise<void> = Promise.resolve()

  function reload(): Promise<void> {
    const read = reading.then(readFolder)
    reading = read.catch(() => undefined)
    return read
  }

  async function readFolder(): Promise<void> {
    const { changed, gone } = changedFiles(dir, stamps)
    const unread = new Set(changed)
    try {
      for (const file of changed) {
        await load(readManifest(file))
        unread.delete(file)
      }
    } finally {
      // What could not be stored is read again next time.
      for (const file of unread) stamps.delete(file)
    }
    for (const file of gone) forget(file)
  }

  async function load(file: ManifestFile): Promise<void> {
    try {
      if ('problem' in file) throw new GatewayError('CONFIG_INVALID', file.problem)
      await recordVersion(options, file, !current.has(file.agent))
      problems.delete(file.file)
      putInForce(file.agent, 'loaded')
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFIG_INVALID') throw error
      const words = error.message.startsWith(file.file) ? error.message : `${file.file}: ${error.message}`
      const problem = { agent: file.agent, file: file.file, problem: words }
      problems.set(file.file, problem)
      // After a restart the last good version is the newest one recorded.
      if (!current.has(file.agent) && settleVersions(file.agent, state)) restore(file.agent)
      options.onProblem?.(problem)
    }
  }

  /** What cannot be compiled any more, as a prompt that may not be pinned, is not in force: the agent may do nothing. */
  function restore(agent: string): void {
    try {
      putInForce(agent, 'loaded')
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFIG_INVALID') throw error
    }
  }

  function putInForce(agent: string, cause: ManifestChange['cause']): void {
    const standing = settleVersions(agent, state)
    if (standing === undefined) return
    unreadable.add(agent)
    const compiled = compileVersion(options.deps, standing.newest, standing)
    unreadable.delete(agent)
    const before = current.get(agent)
    current = new Map(current).set(agent, compiled)
    if (before?.hash === compiled.hash && before.version === compiled.version && before.signed === compiled.signed) return
    const { version, hash, signed, observe } = compiled
    options.onChange?.({ agent, cause, version, hash, signed, observe })
  }

  function forget(file: string): void {
    problems.delete(file)
    const agent = basename(file, '.yaml')
    if (!current.has(agent)) return
    const next = new Map(current)
    next.delete(agent)
    current = next
    options.onChange?.({ agent, cause: 'removed' })
  }

  await reload()
  const following = options.watch === true ? followFolder(dir, reload) : undefined
  return {
    current: (agent) => (unreadable.has(agent) ? undefined : current.get(agent)),
    standing: (agent) => (current.has(agent) ? settleVersions(agent, state) : undefined),
    agents: () => [...current.keys()].sort(),
    problems: () => [...problems.values()],
    compile: (version, standing) => compileVersion(options.deps, version, standing),
    reload,
    acceptSignature: (signable, signed) => acceptSignature(options, signable, signed),
    refresh: (agent) => putInForce(agent, 'signed'),
    close: () => following?.(),
  }
}

function compileVersion(
  deps: CompileDeps,
  version: ManifestVersionRecord,
  { signed, baseline }: { readonly signed: boolean; readonly baseline?: ManifestVersionRecord },
): CompiledManifest {
  const before = baseline === undefined ? {} : { baseline: baseline.manifest }
  return compileManifest({ manifest: version.manifest, hash: version.hash, version: version.version, signed, ...before }, deps)
}

/** Attempts to add a version while other replicas read the same files. */
const RECORD_ATTEMPTS_MAX = 5

/** A text that differs from the newest version becomes a version, once it compiles. */
async function recordVersion(
  { state, deps, nowMs }: ManifestsDeps,
  file: Extract<ManifestFile, { hash: string }>,
  isFirst: boolean,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const versions = state.manifestVersions(file.agent)
    const newest = versions.at(-1)
    if (newest?.hash === file.hash) return
    // A replica that starts with an old copy of the folder must not undo what the others have in force.
    if (state.isShared && isFirst && versions.some((version) => version.hash === file.hash))
      throw new GatewayError('CONFIG_INVALID', `${file.file}: older than the version in force; save it again to go back to it`)
    const version = {
      agent: file.agent,
      version: (newest?.version ?? 0) + 1,
      hash: file.hash,
      manifest: file.manifest,
      createdMs: nowMs(),
    }
    compileVersion(deps, version, { signed: false })
    try {
      await state.transact([{ op: 'insert', kind: 'manifestVersion', value: version }])
      return
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFLICT' || attempt === RECORD_ATTEMPTS_MAX) throw error
      await state.refresh()
    }
  }
}

function acceptSignature({ state, nowMs }: ManifestsDeps, signable: Signable, signed: Signed): Change {
  requireSignable(signable, signed, state)
  const value = { ...signable, role: signable.role as Role, atMs: nowMs(), ...signed }
  return { op: 'insert', kind: 'signature', value }
}
