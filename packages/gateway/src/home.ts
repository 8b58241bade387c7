import { createHash, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { newPrivateKeyPem, parsePrivateKey, rawPublicKey } from './ed25519.ts'

/** Keys derived from the gateway's master key, one per use, so that none can stand in for another. */
export const DERIVED_KEYS = ['session', 'seal', 'commit', 'state'] as const
export type DerivedKey = (typeof DERIVED_KEYS)[number]

/** The home folder: where everything lies, and the secrets in it. */
export interface Home {
  readonly dir: string
  readonly configFile: string
  readonly manifestsDir: string
  readonly stateFile: string
  readonly logDir: string
  readonly usersDir: string
  /** Unix socket of the control plane; a named pipe on Windows. */
  readonly controlSocket: string
  /** 32 bytes, HKDF-SHA-256 of the master key. */
  deriveKey(name: DerivedKey): Uint8Array
  /** Ed25519 private key that signs the log's checkpoints. */
  readonly auditKey: KeyObject
  /** Name of the log in its checkpoints; made from its key, so that no two homes share one. */
  readonly auditOrigin: string
  /** Private key file of a local user. */
  userKeyFile(user: string): string
}

const KEY_BYTES = 32
/** Random bytes repeat a little: fewer distinct values than this out of 32 has a probability under 2^-60. */
const DISTINCT_BYTES_MIN = 16
const SECRET_FILE_BYTES_MAX = 65_536

/**
 * Opens a home folder, or makes what is missing in it when `create` is set.
 * @throws GatewayError `CONFIG_INSECURE` when the folder or a secret can be read by others, belongs to another account, or is
 * too weak to be random; `CONFIG_INVALID` when it is not there or is not a home folder.
 */
export function openHome(path: string, options: { readonly create: boolean }): Home {
  const dir = resolve(path)
  const places = ['.', 'keys', 'manifests', 'users', 'log'].map((name) => join(dir, name))
  for (const place of places) requireFolder(place, options.create)
  const masterFile = join(dir, 'keys', 'gateway.key')
  const auditFile = join(dir, 'keys', 'audit.key')
  if (options.create) {
    if (!existsSync(masterFile)) writeSecret(masterFile, `${randomBytes(KEY_BYTES).toString('hex')}\n`)
    if (!existsSync(auditFile)) writeSecret(auditFile, newPrivateKeyPem())
  }
  const auditKey = parsePrivateKey(readSecret(auditFile), auditFile)
  const master = parseMasterKey(readSecret(masterFile), masterFile)
  return {
    dir,
    configFile: join(dir, 'sallyport.yaml'),
    manifestsDir: join(dir, 'manifests'),
    stateFile: join(dir, 'state.db'),
    logDir: join(dir, 'log'),
    usersDir: join(dir, 'users'),
    controlSocket:
      process.platform === 'win32' ? `\\\\.\\pipe\\sallyport-${dir.replaceAll(/[^A-Za-z0-9]/g, '-')}` : join(dir, 'control.sock'),
    deriveKey: (name) => new Uint8Array(hkdfSync('sha256', master, new Uint8Array(0), `sallyport/v1/${name}`, KEY_BYTES)),
    auditKey,
    auditOrigin: `sallyport/${createHash('sha256').update(rawPublicKey(auditKey)).digest('hex').slice(0, 16)}`,
    userKeyFile: (user) => join(dir, 'users', `${user}.key`),
  }
}

/** Writes a new secret file, 0600. Fails when it exists: secrets are never overwritten. */
export function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  chmodSync(file, 0o600)
}

/**
 * Reads a secret file.
 * @throws GatewayError `CONFIG_INSECURE` when others may read it or it is not this account's; `CONFIG_INVALID` when missing.
 */
export function readSecret(file: string): string {
  if (!existsSync(file)) throw new GatewayError('CONFIG_INVALID', `${file}: the secret is missing`)
  const stat = lstatSync(file)
  if (!stat.isFile()) throw new GatewayError('CONFIG_INSECURE', `${file}: a secret must be a regular file`)
  if (stat.size > SECRET_FILE_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: larger than ${SECRET_FILE_BYTES_MAX} bytes`)
  requirePrivate(file, stat, '600')
  return readFileSync(file, 'utf8')
}

function requireFolder(path: string, create: boolean): void {
  if (!existsSync(path)) {
    if (!create) throw new GatewayError('CONFIG_INVALID', `${path}: no such folder; run "sallyport up" to make a home folder`)
    mkdirSync(path, { recursive: true, mode: 0o700 })
    chmodSync(path, 0o700)
  }
  const stat = statSync(path)
  if (!stat.isDirectory()) throw new GatewayError('CONFIG_INVALID', `${path}: not a folder`)
  requirePrivate(path, stat, '700')
}

function requirePrivate(path: string, stat: { readonly uid: number; readonly mode: number }, mode: string): void {
  if (process.platform === 'win32') return
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid)
    throw new GatewayError('CONFIG_INSECURE', `${path}: belongs to another account; run: chown ${uid} ${path}`)
  if ((stat.mode & 0o077) !== 0)
    throw new GatewayError('CONFIG_INSECURE', `${path}: other accounts can use it; run: chmod ${mode} ${path}`)
}

function parseMasterKey(text: string, file: string): Uint8Array {
  const hex = text.trim()
  if (!/^[0-9a-fA-F]{64}$/.test(hex))
    throw new GatewayError('CONFIG_INSECURE', `${file}: must hold 32 random bytes as 64 hex digits; run: openssl rand -hex 32`)
  const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
  if (looksChosen(bytes)) throw new GatewayError('CONFIG_INSECURE', `${file}: not random; run: openssl rand -hex 32`)
  return bytes
}

/** Whether a key was typed by a person or left at a default: text, a counter, or a repeated pattern. */
function looksChosen(bytes: Uint8Array): boolean {
  const distinct = new Set(bytes).size
  const step = ((bytes[1] ?? 0) - (bytes[0] ?? 0)) & 255
  const isCounter = bytes.every((byte, i) => i === 0 || ((byte - (bytes[i - 1] ?? 0)) & 255) === step)
  const isText = bytes.every((byte) => byte >= 32 && byte < 127)
  return distinct < DISTINCT_BYTES_MIN || isCounter || isText
}
