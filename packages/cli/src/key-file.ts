import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { chmodSync, lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { formatNoteKey, GatewayError, parseNoteKey, sameBytes, type NoteAlgorithm, type NoteKey } from '@sallyport/core'

const KEY_FILE_BYTES_MAX = 65_536

/**
 * An Ed25519 key in a file of its own, with its name and public half in `<file>.pub`: for witnesses and offline roots, which share
 * no code with the gateway.
 */
export interface KeyFile {
  readonly key: NoteKey
  sign(bytes: Uint8Array): Uint8Array
}

/** Makes a new key, 0600. @throws GatewayError `CONFLICT` when the file exists: a key is never overwritten */
export function makeKeyFile(file: string, name: string, algorithm: NoteAlgorithm): KeyFile {
  if (!/^[^\s+]{1,200}$/u.test(name)) throw new GatewayError('REQUEST_PARAMS', 'the name of a key has no spaces and no "+"')
  const { privateKey } = generateKeyPairSync('ed25519')
  try {
    writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
      throw new GatewayError('CONFLICT', `${file}: exists; a key is never overwritten`)
    throw new GatewayError('CONFIG_INVALID', `${file}: cannot be written`, { cause })
  }
  chmodSync(file, 0o600)
  const made = keyFile(privateKey, name)
  writeFileSync(`${file}.pub`, `${formatNoteKey(made.key, algorithm)}\n`, { mode: 0o644 })
  return made
}

/**
 * @throws GatewayError `CONFIG_INSECURE` when others may read the file or it is another account's; `CONFIG_INVALID` when it is
 * missing, holds no Ed25519 private key, or `<file>.pub` is not its public half.
 */
export function readKeyFile(file: string, algorithm: NoteAlgorithm): KeyFile {
  requirePrivate(file)
  const privateKey = parse(file)
  const text = lstatSync(`${file}.pub`, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(`${file}.pub`, 'utf8') : ''
  const named = parseNoteKey(text.trim(), algorithm)
  const made = keyFile(privateKey, named?.name ?? '')
  if (!named || !sameBytes(named.publicKey, made.key.publicKey))
    throw new GatewayError('CONFIG_INVALID', `${file}.pub: not the public half of the key`)
  return made
}

function requirePrivate(file: string): void {
  const stat = lstatSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile() || stat.size > KEY_FILE_BYTES_MAX) throw new GatewayError('CONFIG_INVALID', `${file}: not a key file`)
  if (process.platform === 'win32') return
  if (stat.uid !== process.getuid?.()) throw new GatewayError('CONFIG_INSECURE', `${file}: belongs to another account`)
  if ((stat.mode & 0o077) !== 0)
    throw new GatewayError('CONFIG_INSECURE', `${file}: other accounts can use it; run: chmod 600 ${file}`)
}

function parse(file: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(file))
    if (key.asymmetricKeyType === 'ed25519') return key
  } catch {
    // Said below; the parser's own words could repeat parts of the file.
  }
  throw new GatewayError('CONFIG_INVALID', `${file}: not an Ed25519 private key in PKCS#8 PEM`)
}

function keyFile(privateKey: KeyObject, name: string): KeyFile {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const publicKey = new Uint8Array(Buffer.from(x, 'base64url'))
  return { key: { name, publicKey }, sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) }
}
