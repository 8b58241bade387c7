import { createHash, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  deriveLogKeys,
  firstLogKey,
  formatKeyStatement,
  formatNoteKey,
  GatewayError,
  KEY_HISTORY_BYTES_MAX,
  mergeNotes,
  parseKeyStatement,
  parseNote,
  parseNoteKey,
  sameBytes,
  signNote,
  splitKeyHistory,
  type KeyStatement,
  type LogKey,
  type NoteKey,
} from '@sallyport/core'
import { newPrivateKeyPem, parsePrivateKey, rawPublicKey, signEd25519 } from './ed25519.ts'
import { readSecret, writeSecret } from './secret-file.ts'
import { writeDurably } from './write-durably.ts'

const SIGNER = 'audit.key'
const NEXT = 'audit.next.key'
const HISTORY = 'log-keys'
const ROOTS = 'log-roots'

/** The keys of one log, as its home folder holds them. */
export interface Keyring {
  /** Name of the log: made from its first key, and the same for ever. */
  readonly origin: string
  /** Signs checkpoints. */
  readonly signer: KeyObject
  /** Signed them until now: a rotation is decided and not yet in the log. */
  readonly retiring?: KeyObject
  /** Every key with its sizes, oldest first. */
  readonly keys: readonly LogKey[]
  /** Signed statements about them; empty while there was one key only. */
  readonly history: string
  /** Offline root keys that this home was told of. */
  readonly roots: readonly NoteKey[]
}

/**
 * Reads the keys of a log from the `keys` folder of a home.
 * @throws GatewayError `CONFIG_INVALID` when the history does not hold, or its newest key is not here or was revoked.
 */
export function readKeyring(dir: string): Keyring {
  const held = parsePrivateKey(readSecret(join(dir, SIGNER)), SIGNER)
  const history = readText(join(dir, HISTORY))
  const roots = readRoots(dir)
  const first = firstLogKey(history) ?? nameKey(held)
  const derived = deriveLogKeys(history, { first, roots })
  if ('fault' in derived)
    throw new GatewayError('CONFIG_INVALID', `${HISTORY}: statement ${derived.statement} does not hold (${derived.fault})`)
  const { origin, keys } = derived
  const newest = keys.at(-1)
  if (!newest || newest.to !== undefined) throw new GatewayError('CONFIG_INVALID', 'the newest key of the log was revoked')
  const common = { origin, keys, history, roots }
  if (sameBytes(newest.publicKey, rawPublicKey(held))) return { ...common, signer: held }
  const nextFile = join(dir, NEXT)
  const next = existsSync(nextFile) ? parsePrivateKey(readSecret(nextFile), nextFile) : undefined
  if (!next || !sameBytes(newest.publicKey, rawPublicKey(next)))
    throw new GatewayError('CONFIG_INVALID', `${SIGNER}: not the newest key that ${HISTORY} names`)
  return { ...common, signer: next, retiring: held }
}

/**
 * Decides a rotation: makes a new key and a statement that both sign. From here on the old key counts up to `size` only, and
 * whoever opens the log next completes it.
 * @param size Size of the newest checkpoint; nobody may sign another with the old key meanwhile.
 * @throws GatewayError `CONFLICT` when one is under way.
 */
export async function beginRotation(dir: string, size: number): Promise<void> {
  const { origin, signer, retiring, history } = readKeyring(dir)
  if (retiring) throw new GatewayError('CONFLICT', 'a rotation is under way; start the gateway once')
  const nextFile = join(dir, NEXT)
  // Left over from a rotation that was never decided.
  rmSync(nextFile, { force: true })
  writeSecret(nextFile, newPrivateKeyPem())
  const next = parsePrivateKey(readSecret(nextFile), nextFile)
  const key = { name: origin, publicKey: rawPublicKey(signer) }
  const statement: KeyStatement = { act: 'rotate', origin, key, next: { name: origin, publicKey: rawPublicKey(next) }, size }
  const text = formatKeyStatement(statement)
  const notes = await Promise.all(
    [signer, next].map((one) => signNote(text, { name: origin, publicKey: rawPublicKey(one) }, (bytes) => signEd25519(bytes, one))),
  )
  writeDurably(join(dir, HISTORY), history + (mergeNotes(notes) ?? ''))
}

/** Lets the old key go, once a checkpoint that both signed covers the entry that says so. */
export function endRotation(dir: string): void {
  renameSync(join(dir, NEXT), join(dir, SIGNER))
}

/** The newest statement of a history: what a rotation that is under way says. */
export function newestStatement(history: string): string {
  return splitKeyHistory(history)?.at(-1) ?? ''
}

/** Revokes an earlier key beyond a size, signed by the key in force. */
export async function revokeKey({ origin, signer }: Keyring, key: NoteKey, size: number): Promise<string> {
  const own = { name: origin, publicKey: rawPublicKey(signer) }
  return signNote(formatKeyStatement({ act: 'revoke', origin, key, size }), own, (bytes) => signEd25519(bytes, signer))
}

/**
 * Looks whether the history holds with one more statement; `apply` then adds it.
 * @param root The offline root that signed it, to be trusted here from now on.
 * @throws GatewayError `REQUEST_PARAMS` when it is none of this log, or does not hold.
 */
export function planKeyStatement(dir: string, note: string, root?: NoteKey): { readonly statement: KeyStatement; apply(): void } {
  const { origin, signer, keys, history, roots } = readKeyring(dir)
  const statement = parseKeyStatement(parseNote(note)?.text ?? '')
  const known = root ? [...roots, root] : roots
  const first = firstLogKey(history) ?? keys[0]
  const derived = deriveLogKeys(history + note, { ...(first && { first }), roots: known })
  if (!statement || statement.origin !== origin || 'fault' in derived)
    throw new GatewayError(
      'REQUEST_PARAMS',
      `not a statement that holds for this log${'fault' in derived ? ` (${derived.fault})` : ''}`,
    )
  const newest = derived.keys.at(-1)
  if (!newest || newest.to !== undefined || !sameBytes(newest.publicKey, rawPublicKey(signer)))
    throw new GatewayError(
      'REQUEST_PARAMS',
      'the log would be left without a key in force; rotate it, and certify the new key, first',
    )
  return {
    statement,
    apply() {
      if (root) writeDurably(join(dir, ROOTS), known.map((one) => `${formatNoteKey(one)}\n`).join(''))
      writeDurably(join(dir, HISTORY), history + note)
    },
  }
}

/** A log is named after its first key. */
function nameKey(signer: KeyObject): NoteKey {
  const publicKey = rawPublicKey(signer)
  return { name: `sallyport/${createHash('sha256').update(publicKey).digest('hex').slice(0, 16)}`, publicKey }
}

function readRoots(dir: string): readonly NoteKey[] {
  const lines = readText(join(dir, ROOTS))
    .split('\n')
    .filter((line) => line !== '')
  return lines.map((line) => {
    const key = parseNoteKey(line)
    if (!key) throw new GatewayError('CONFIG_INVALID', `${ROOTS}: must hold one public key on each line`)
    return key
  })
}

function readText(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat) return ''
  if (!stat.isFile() || stat.size > KEY_HISTORY_BYTES_MAX)
    throw new GatewayError('CONFIG_INVALID', `${file}: not a history of keys`)
  return readFileSync(file, 'utf8')
}
