import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { GatewayError } from '@sallyport/core'

const SECRET_FILE_BYTES_MAX = 65_536

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

/** @throws GatewayError `CONFIG_INSECURE` when others may use the file or folder, or it is not this account's */
export function requirePrivate(path: string, stat: { readonly uid: number; readonly mode: number }, mode: string): void {
  if (process.platform === 'win32') return
  const uid = process.getuid?.()
  if (uid !== undefined && stat.uid !== uid)
    throw new GatewayError('CONFIG_INSECURE', `${path}: belongs to another account; run: chown ${uid} ${path}`)
  if ((stat.mode & 0o077) !== 0)
    throw new GatewayError('CONFIG_INSECURE', `${path}: other accounts can use it; run: chmod ${mode} ${path}`)
}
