import { watch, type FSWatcher } from 'node:fs'
import { compileManifest, GatewayError, isGatewayError, type CompiledManifest, type CompileDeps } from '@sallyport/core'
import { verifyEd25519 } from '../ed25519.ts'
import type { Change, State } from '../state.ts'
import type { ManifestVersionRecord, Role } from '../state-records.ts'
import { listManifests, readManifest, stampOf, type ManifestFile } from './read-folder.ts'
import { settleVersions, signableBytes, type Signable, type Standing } from './settle-versions.ts'

export { parseManifest } from './read-folder.ts'
export { signableBytes, type Signable, type Standing } from './settle-versions.ts'

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
  /** Agents with a manifest in force, sorted. */
  agents(): string[]
  /** Files that cannot be used now. */
  problems(): ManifestProblem[]
  /** Compiles without putting anything in force. @throws GatewayError `CONFIG_INVALID` */
  compile(version: ManifestVersionRecord, standing: { readonly signed: boolean; readonly baseline?: ManifestVersionRecord }): CompiledManifest
  /** Reads the folder again, now. Unchanged files cost one `stat`. */
  reload(): void
  /**
   * Checks a person's signature under the newest version and gives the change that adds it; `refresh` puts it in force.
   * @throws GatewayError `NOT_FOUND`, `CONFLICT` when the version is not the newest, this person signed it before or the role
   * is not one it needs, `IDENTITY_FORBIDDEN` when the person lacks the role or the signature is not theirs.
   */
  acceptSignature(signable: Signable, signature: Uint8Array): Change
  /** Judges the newest version of an agent again, after its signatures changed. */
  refresh(agent: string): void
  close(): void
}

/** How often files are looked at where the system does not tell about changes (network folders, containers). */
const POLL_MS = 1_000
/** Editors write in several steps; the folder is read once they are done. */
const SETTLE_MS = 50

/** Loads every manifest of a folder and, with `watch`, follows it. @throws GatewayError `CONFIG_INVALID` for the folder itself. */
export function openManifests(options: ManifestsDeps): Manifests {
  const { dir, state, nowMs } = options
  const stamps = new Map<string, string>()
  const problems = new Map<string, ManifestProblem>()
  let current: ReadonlyMap<string, CompiledManifest> = new Map()

  const compile: Manifests['compile'] = (version, { signed, baseline }) =>
    compileManifest(
      { manifest: version.manifest, hash: version.hash, version: version.version, signed, ...(baseline && { baseline: baseline.manifest }) },
      options.deps,
    )

  function reload(): void {
    const files = listManifests(dir)
    for (const file of files) {
      const stamp = stampOf(file)
      if (stamps.get(file) === stamp) continue
      stamps.set(file, stamp)
      load(readManifest(file))
    }
    for (const file of stamps.keys()) if (!files.includes(file)) forget(file)
  }

  function load(file: ManifestFile): void {
    try {
      if ('problem' in file) throw new GatewayError('CONFIG_INVALID', file.problem)
      record(file)
      problems.delete(file.file)
      putInForce(file.agent, 'loaded')
    } catch (error) {
      if (!isGatewayError(error) || error.code !== 'CONFIG_INVALID') throw error
      const problem = { agent: file.agent, file: file.file, problem: error.message }
      problems.set(file.file, problem)
      // After a restart the last good version is the newest one recorded.
      if (!current.has(file.agent) && settleVersions(file.agent, state)) putInForce(file.agent, 'loaded')
      options.onProblem?.(problem)
    }
  }

  /** A text that differs from the newest version becomes a version, once it compiles. */
  function record(file: Extract<ManifestFile, { hash: string }>): void {
    const newest = state.manifestVersions(file.agent).at(-1)
    if (newest?.hash === file.hash) return
    const version = { agent: file.agent, version: (newest?.version ?? 0) + 1, hash: file.hash, manifest: file.manifest, createdMs: nowMs() }
    compile(version, { signed: false })
    state.transact([{ op: 'insert', kind: 'manifestVersion', value: version }])
  }

  function putInForce(agent: string, cause: ManifestChange['cause']): void {
    const standing = settleVersions(agent, state)
    if (standing === undefined) return
    const compiled = compile(standing.newest, standing)
    const before = current.get(agent)
    current = new Map(current).set(agent, compiled)
    if (before?.hash === compiled.hash && before.version === compiled.version && before.signed === compiled.signed) return
    options.onChange?.({ agent, cause, version: compiled.version, hash: compiled.hash, signed: compiled.signed })
  }

  function forget(file: string): void {
    stamps.delete(file)
    problems.delete(file)
    const agent = [...current.keys()].find((name) => file.endsWith(`/${name}.yaml`) || file.endsWith(`\\${name}.yaml`))
    if (agent === undefined) return
    const next = new Map(current)
    next.delete(agent)
    current = next
    options.onChange?.({ agent, cause: 'removed' })
  }

  reload()
  const following = options.watch === true ? follow(dir, reload) : undefined
  return {
    current: (agent) => current.get(agent),
    standing: (agent) => (current.has(agent) ? settleVersions(agent, state) : undefined),
    agents: () => [...current.keys()].sort(),
    problems: () => [...problems.values()],
    compile,
    reload,
    acceptSignature(signable, signature) {
      requireSignable(signable, signature, state)
      const value = { ...signable, role: signable.role as Role, atMs: nowMs(), signature: Buffer.from(signature).toString('base64') }
      return { op: 'insert', kind: 'signature', value }
    },
    refresh: (agent) => putInForce(agent, 'signed'),
    close: () => following?.(),
  }
}

function requireSignable(signable: Signable, signature: Uint8Array, state: State): void {
  const standing = settleVersions(signable.agent, state)
  if (standing === undefined) throw new GatewayError('NOT_FOUND', 'the agent has no manifest')
  if (standing.newest.hash !== signable.hash || standing.newest.version !== signable.version) {
    throw new GatewayError('CONFLICT', 'the manifest changed since; look at the difference and sign again')
  }
  if (!standing.required.includes(signable.role)) throw new GatewayError('CONFLICT', `this manifest is signed by the roles ${standing.required.join(', ')}`)
  if (standing.signatures.some((existing) => existing.user === signable.user)) throw new GatewayError('CONFLICT', 'this person has signed this version')
  const user = state.user(signable.user)
  if (user === undefined || user.disabledMs !== undefined) throw new GatewayError('IDENTITY_FORBIDDEN', 'no such user')
  if (!(user.roles as readonly string[]).includes(signable.role)) throw new GatewayError('IDENTITY_FORBIDDEN', 'the user does not hold this role')
  if (!verifyEd25519(user.publicKey, signableBytes(signable), signature)) throw new GatewayError('IDENTITY_FORBIDDEN', 'the signature does not verify')
}

/** Calls `reload` after changes: at once where the system reports them, else by looking every second. */
function follow(dir: string, reload: () => void): () => void {
  let settling: NodeJS.Timeout | undefined
  const soon = (): void => {
    clearTimeout(settling)
    settling = setTimeout(quietly, SETTLE_MS)
  }
  const quietly = (): void => {
    try {
      reload()
    } catch (error) {
      // The folder is unreadable for now: what is in force stays, and the next look reports again.
      if (!isGatewayError(error)) throw error
    }
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
