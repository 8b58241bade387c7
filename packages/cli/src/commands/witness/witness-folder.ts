import { createHash } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { formatNoteKey, GatewayError, parseNoteKey, type NoteKey } from '@sallyport/core'
import { makeKeyFile, readKeyFile, type KeyFile } from '../../key-file.ts'

/** Largest file of trusted keys, and most keys in it. */
const TRUSTED_BYTES_MAX = 1_048_576
const TRUSTED_KEYS_MAX = 5_000

/** Everything a witness has: `witness.key`, `witness.key.pub`, `trusted`, `logs/<origin hash>`, `evidence/`. */
export interface WitnessFolder {
  readonly dir: string
  /** Its public key; ids in notes have the algorithm byte of cosignatures. */
  readonly key: NoteKey
  readonly sign: KeyFile['sign']
  /** Keys of the logs it cosigns; a key's name is the log's origin. Read again each time. */
  trusted(): readonly NoteKey[]
  trust(key: NoteKey): void
  /** The newest checkpoint it cosigned for an origin hash, as a note; `undefined` when it never did. */
  newest(originHash: string): string | undefined
  /** Durable on return: file, then name. */
  store(originHash: string, note: string): void
  /** Keeps what proves that a log misbehaved; the first of each kind stays. */
  keepEvidence(name: string, note: string): void
  /** Holds the folder for this process alone until it ends. @throws GatewayError `STORE_LOCKED` */
  lock(): () => void
}

/** Lower-case hex of the SHA-256 of a log's origin. @see C2SP tlog-witness, "Monitor Retrieval Mechanism" */
export function originHash(origin: string): string {
  return createHash('sha256').update(origin).digest('hex')
}

/** Makes a witness: a folder of its own, 0700, and a key. @param name Schema-less URL that names the witness, such as `witness.example/w1`. */
export function makeWitness(path: string, name: string): WitnessFolder {
  const dir = resolve(path)
  for (const folder of [dir, join(dir, 'logs'), join(dir, 'evidence')]) mkdirSync(folder, { recursive: true, mode: 0o700 })
  requirePrivate(dir)
  makeKeyFile(join(dir, 'witness.key'), name, 'cosignature')
  return openWitnessFolder(dir)
}

/** @throws GatewayError `CONFIG_*` when the folder is not a witness', or others can use it */
export function openWitnessFolder(path: string): WitnessFolder {
  const dir = resolve(path)
  requirePrivate(dir)
  const { key, sign } = readKeyFile(join(dir, 'witness.key'), 'cosignature')
  const trustedFile = join(dir, 'trusted')
  return {
    dir,
    key,
    sign,
    trusted: () => readTrusted(trustedFile),
    trust(log) {
      const lines = new Set([...readTrusted(trustedFile), log].map((one) => formatNoteKey(one)))
      writeDurably(trustedFile, `${[...lines].join('\n')}\n`)
    },
    newest: (hash) => read(join(dir, 'logs', hash)),
    store: (hash, note) => writeDurably(join(dir, 'logs', hash), note),
    keepEvidence(name, note) {
      const file = join(dir, 'evidence', name)
      if (!existsSync(file)) writeDurably(file, note)
    },
    lock: () => lock(join(dir, 'lock.db')),
  }
}

function readTrusted(file: string): readonly NoteKey[] {
  const lines = (read(file) ?? '').split('\n').filter((line) => line.trim() !== '')
  const keys = lines.map((line) => parseNoteKey(line.trim()))
  if (keys.length > TRUSTED_KEYS_MAX || !keys.every((key) => key !== undefined))
    throw new GatewayError('CONFIG_INVALID', `${file}: must hold one public key of a log on each line`)
  return keys
}

function read(file: string): string | undefined {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return undefined
  if (!stat.isFile() || stat.size > TRUSTED_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: not a file of this witness`)
  return readFileSync(file, 'utf8')
}

/** Readers see the old content or the new, and after a crash it is one of both. */
function writeDurably(file: string, text: string): void {
  const to = openSync(`${file}.tmp`, 'w', 0o600)
  try {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length;) at += writeSync(to, bytes, at)
    fsyncSync(to)
  } finally {
    closeSync(to)
  }
  renameSync(`${file}.tmp`, file)
  const folder = openSync(join(file, '..'), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** The lock of the operating system under SQLite's: it ends with the process, however that ends. */
function lock(file: string): () => void {
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (cause) {
    database.close()
    throw new GatewayError('STORE_LOCKED', 'another process runs this witness', { cause })
  }
}

function requirePrivate(dir: string): void {
  const stat = statSync(dir, { throwIfNoEntry: false })
  if (!stat?.isDirectory()) throw new GatewayError('CONFIG_INVALID', `${dir}: no such folder; run "sallyport witness init"`)
  if (process.platform === 'win32') return
  if (stat.uid !== process.getuid?.()) throw new GatewayError('CONFIG_INSECURE', `${dir}: belongs to another account`)
  if ((stat.mode & 0o077) !== 0)
    throw new GatewayError('CONFIG_INSECURE', `${dir}: other accounts can use it; run: chmod 700 ${dir}`)
}
