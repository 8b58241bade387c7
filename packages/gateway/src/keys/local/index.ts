import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { GatewayError, openBytes, SEAL_RANDOM_BYTES, sealBytes, VAULT_KEY_BYTES, type KeySource } from '@sallyport/core'
import { z } from 'zod'
import { nodeAead } from '../../node-aead.ts'
import { readSecret } from '../../secret-file.ts'

const KeyFile = z.strictObject({
  /** By version. */
  keys: z.record(z.string().regex(/^[1-9][0-9]{0,8}$/), z.string().regex(/^[0-9a-f]{64}$/)),
})
type KeyFile = z.infer<typeof KeyFile>

/**
 * Wrapping keys in a file of the home folder, 0600, for one gateway. Destroying a version rewrites the file, then overwrites and
 * removes the old one; see README.md for what a disk may keep all the same.
 * @throws GatewayError `CONFIG_INSECURE` from every call when others can read the file, `VAULT_UNAVAILABLE` when it is not usable.
 */
export function openLocalKeys(file: string): KeySource {
  const old = `${file}.old`
  return {
    name: 'local',
    async wrap(key, context) {
      const { version, secret } = newest(requireFile())
      const bytes = sealBytes(key, {
        key: secret,
        binding: [context, String(version)],
        random: randomBytes(SEAL_RANDOM_BYTES),
        aead: nodeAead,
      })
      return { version, bytes }
    },
    async unwrap({ version, bytes }, context) {
      const hex = requireFile().keys[version]
      if (hex === undefined) throw new GatewayError('CONTENT_ERASED', 'the version of the wrapping key is destroyed')
      const key = openBytes(bytes, { key: Buffer.from(hex, 'hex'), binding: [context, String(version)], aead: nodeAead })
      if (!key) throw new GatewayError('VAULT_UNAVAILABLE', 'the root of the vault does not open under its wrapping key')
      return key
    },
    async rotate() {
      const { keys } = read() ?? { keys: {} }
      const version = Math.max(0, ...Object.keys(keys).map(Number)) + 1
      replace({ keys: { ...keys, [version]: randomBytes(VAULT_KEY_BYTES).toString('hex') } })
      return version
    },
    async destroyBefore(version) {
      // An earlier process may have been stopped after the rename.
      wipe()
      const { keys } = requireFile()
      const left = Object.entries(keys).filter(([known]) => Number(known) >= version)
      if (left.length < Object.keys(keys).length) replace({ keys: Object.fromEntries(left) })
      return true
    },
    close: () => Promise.resolve(),
  }

  function read(): KeyFile | undefined {
    if (!existsSync(file)) return undefined
    try {
      return KeyFile.parse(JSON.parse(readSecret(file)))
    } catch (cause) {
      if (cause instanceof GatewayError) throw cause
      throw new GatewayError('VAULT_UNAVAILABLE', 'the file of the wrapping key is damaged', { cause })
    }
  }

  function requireFile(): KeyFile {
    const found = read()
    if (!found) throw new GatewayError('VAULT_UNAVAILABLE', 'the file of the wrapping key is missing')
    return found
  }

  /** The new file is durable and in place before the old one is touched; a crash leaves one of the two, or both. */
  function replace(content: KeyFile): void {
    const next = `${file}.new`
    // Of a process that was stopped before the rename: keys that may be destroyed by now.
    overwrite(next)
    writeSynced(next, `${JSON.stringify(content)}\n`, 'wx')
    wipe()
    if (existsSync(file)) linkSync(file, old)
    renameSync(next, file)
    syncFolder(dirname(file))
    wipe()
  }

  /** Overwrites what the old file held, in place, and removes it. */
  function wipe(): void {
    if (!existsSync(old)) return
    // Linked and not replaced: it still is the file in force.
    if (existsSync(file) && statSync(old).ino === statSync(file).ino) return rmSync(old)
    overwrite(old)
    syncFolder(dirname(file))
  }
}

function overwrite(path: string): void {
  if (!existsSync(path)) return
  writeSynced(path, '\0'.repeat(statSync(path).size), 'r+')
  rmSync(path)
}

function newest({ keys }: KeyFile): { readonly version: number; readonly secret: Uint8Array } {
  const version = Math.max(0, ...Object.keys(keys).map(Number))
  const hex = keys[version]
  if (hex === undefined) throw new GatewayError('VAULT_UNAVAILABLE', 'the file of the wrapping key holds none')
  return { version, secret: Buffer.from(hex, 'hex') }
}

function writeSynced(path: string, text: string, flag: 'wx' | 'r+'): void {
  const file = openSync(path, flag, 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

function syncFolder(path: string): void {
  // Windows cannot open a folder to flush it.
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
