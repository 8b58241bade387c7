import { utf8 } from '../model/bytes.ts'
import { isSignedBy, noteKeyId, parseNote, type NoteFault, type NoteKey, type NoteSignature } from './note.ts'

/** Bytes of a `timestamped_signature`: 8 of time, 64 of Ed25519. */
const COSIGNATURE_BYTES = 72

/** A witness' statement: at this time, this was the largest consistent tree of the log it had seen. */
export interface Cosignature {
  /** Name of the witness' key. */
  readonly name: string
  /** POSIX time in seconds. */
  readonly timeS: number
}

/**
 * Cosigns the text of a checkpoint.
 * @param key The witness' key; its id in notes has the algorithm byte 0x04.
 * @param sign Ed25519 over the bytes given; the private key stays with the caller.
 * @see C2SP tlog-cosignature, "Ed25519 signed message"
 */
export async function cosign(
  text: string,
  key: NoteKey,
  { timeS, sign }: { readonly timeS: number; readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array> },
): Promise<NoteSignature> {
  if (!Number.isSafeInteger(timeS) || timeS < 1) throw new RangeError('a cosignature has a time')
  const signature = new Uint8Array(COSIGNATURE_BYTES)
  new DataView(signature.buffer).setBigUint64(0, BigInt(timeS))
  signature.set(await sign(message(text, timeS)), 8)
  return { name: key.name, keyId: noteKeyId(key, 'cosignature'), signature }
}

/**
 * The cosignatures of trusted witnesses under a note, one for each witness; those of others are ignored. A wrong signature under a
 * trusted name and key id spoils the note.
 * @returns Possibly nothing; what is wrong with the note otherwise. The log's own signature is not looked at.
 */
export function cosignaturesOf(
  note: string,
  witnesses: readonly NoteKey[],
): readonly Cosignature[] | { readonly fault: Exclude<NoteFault, 'unsigned_by_trusted'> } {
  const parsed = parseNote(note)
  if (!parsed) return { fault: 'malformed' }
  const found = new Map<string, Cosignature>()
  for (const { name, keyId, signature } of parsed.signatures) {
    const key = witnesses.find((one) => one.name === name && noteKeyId(one, 'cosignature') === keyId)
    if (!key) continue
    const timeS = timeOf(signature)
    if (timeS === undefined || !isSignedBy(key, message(parsed.text, timeS), signature.subarray(8)))
      return { fault: 'signature_wrong' }
    found.set(`${name}+${keyId}`, { name, timeS })
  }
  return [...found.values()]
}

function timeOf(signature: Uint8Array): number | undefined {
  if (signature.length !== COSIGNATURE_BYTES) return undefined
  const timeS = Number(new DataView(signature.buffer, signature.byteOffset).getBigUint64(0))
  return Number.isSafeInteger(timeS) && timeS > 0 ? timeS : undefined
}

function message(text: string, timeS: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${timeS}\n${text}`)
}
