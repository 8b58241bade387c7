import { hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { GatewayError } from '@sallyport/core'
import { newPrivateKeyPem } from './ed25519.ts'
import { readKeyring, type Keyring } from './log-keyring.ts'
import { readSecret, requirePrivate, writeSecret } from './secret-file.ts'

/** Keys derived from the gateway's master key, one per use, so that none can stand in for another. */
export const DERIVED_KEYS = ['canary', 'placeholder', 'session', 'seal', 'commit', 'flow', 'state', 'vault', 'sign-in'] as const
export type DerivedKey = (typeof DERIVED_KEYS)[number]

/** The home folder: where everything lies, and the secrets in it. */
export interface Home {
  readonly dir: string
  readonly configFile: string
  readonly manifestsDir: string
  readonly stateFile: string
  /** What sessions hold, sealed. */
  readonly sessionsFile: string
  /** Sealed contents. */
  readonly vaultFile: string
  /** Sealed keys, apart from the contents: whoever holds a copy of both and the wrapping key can read. */
  readonly vaultKeysFile: string
  /** Wrapping key of the local key source. */
  readonly wrappingKeyFile: string
  readonly logDir: string
  /** How far each follower of an embedded log has come. */
  readonly cursorsDir: string
  /** Time stamps, each beside the checkpoint it is over. */
  readonly stampsDir: string
  readonly usersDir: string
  /** Unix socket of the control plane; a named pipe on Windows. */
  readonly controlSocket: string
  /** 32 bytes, HKDF-SHA-256 of the master key. */
  deriveKey(name: DerivedKey): Uint8Array
  /** Ed25519 private key that signs the log's checkpoints. */
  readonly auditKey: KeyObject
  /** Name of the log in its checkpoints; made from its first key, so that no two homes share one, and never changed. */
  readonly auditOrigin: string
  /** Every key of the log, and whether one is about to follow another. */
  readonly keyring: Keyring
  /** Private key file of a local user. */
  userKeyFile(user: string): string
}

const KEY_BYTES = 32
/** Random bytes repeat a little: fewer distinct values than this out of 32 has a probability under 2^-60. */
const DISTINCT_BYTES_MIN = 16

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
  const keyring = readKeyring(join(dir, 'keys'))
  const master = parseMasterKey(readSecret(masterFile), masterFile)
  return {
    dir,
    configFile: join(dir, 'sallyport.yaml'),
    manifestsDir: join(dir, 'manifests'),
    stateFile: join(dir, 'state.db'),
    sessionsFile: join(dir, 'sessions.db'),
    vaultFile: join(dir, 'vault.db'),
    vaultKeysFile: join(dir, 'vault-keys.db'),
    wrappingKeyFile: join(dir, 'keys', 'vault.key'),
    logDir: join(dir, 'log'),
    cursorsDir: join(dir, 'cursors'),
    stampsDir: join(dir, 'stamps'),
    usersDir: join(dir, 'users'),
    controlSocket:
      process.platform === 'win32' ? `\\\\.\\pipe\\sallyport-${dir.replaceAll(/[^A-Za-z0-9]/g, '-')}` : join(dir, 'control.sock'),
    deriveKey: (name) => new Uint8Array(hkdfSync('sha256', master, new Uint8Array(0), `sallyport/v1/${name}`, KEY_BYTES)),
    auditKey: keyring.signer,
    auditOrigin: keyring.origin,
    keyring,
    userKeyFile: (user) => join(dir, 'users', `${user}.key`),
  }
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
