import { ed25519 } from '@noble/curves/ed25519.js'
import { fromBase64, fromHex, sha256, toBase64, toHex, utf8 } from '../model/bytes.ts'

/** Largest signed note read. */
export const NOTE_BYTES_MAX = 100_000
/** Most signature lines read. */
export const NOTE_SIGNATURES_MAX = 64

/** An Ed25519 key that signs notes: its name and its 32 bytes. */
export interface NoteKey {
  readonly name: string
  readonly publicKey: Uint8Array
}

export interface NoteSignature {
  readonly name: string
  /** Eight hex digits. */
  readonly keyId: string
  readonly signature: Uint8Array
}

export interface Note {
  /** Ends with a newline. */
  readonly text: string
  readonly signatures: readonly NoteSignature[]
}

/** `unsigned_by_trusted`: no line names a trusted key. `signature_wrong`: one does, and its signature is not valid. */
export type NoteFault = 'malformed' | 'unsigned_by_trusted' | 'signature_wrong'

/** Signature types of C2SP signed-note: a signature over the text alone, and one with the time of a witness. */
export const NOTE_ALGORITHMS = { ed25519: 0x01, cosignature: 0x04 } as const
export type NoteAlgorithm = keyof typeof NOTE_ALGORITHMS

/** First four bytes of SHA-256(name, newline, algorithm, key), hex. @see C2SP signed-note */
export function noteKeyId(key: NoteKey, algorithm: NoteAlgorithm = 'ed25519'): string {
  const name = utf8(key.name)
  const bytes = new Uint8Array(name.length + 2 + key.publicKey.length)
  bytes.set(name)
  bytes[name.length] = 0x0a
  bytes[name.length + 1] = NOTE_ALGORITHMS[algorithm]
  bytes.set(key.publicKey, name.length + 2)
  return toHex(sha256(bytes).subarray(0, 4))
}

/** Reads a note without trusting it; `undefined` when malformed. */
export function parseNote(note: string): Note | undefined {
  // oxlint-disable-next-line no-control-regex -- the format forbids them
  if (note.length > NOTE_BYTES_MAX || !note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f]/.test(note)) return undefined
  const separator = note.lastIndexOf('\n\n')
  if (separator < 1 || !note.endsWith('\n')) return undefined
  const signatures = parseSignatures(note.slice(separator + 2))
  return signatures && { text: note.slice(0, separator + 1), signatures }
}

/** Reads signature lines, each ended by a newline, as a witness answers them; `undefined` when malformed. */
export function parseSignatures(text: string): readonly NoteSignature[] | undefined {
  if (text.length > NOTE_BYTES_MAX || !text.endsWith('\n')) return undefined
  const lines = text.slice(0, -1).split('\n')
  if (lines.length > NOTE_SIGNATURES_MAX) return undefined
  const signatures: NoteSignature[] = []
  for (const line of lines) {
    const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/u.exec(line)
    const bytes = match?.[2] === undefined ? undefined : fromBase64(match[2])
    if (!bytes || bytes.length < 5 || match?.[1] === undefined) return undefined
    signatures.push({ name: match[1], keyId: toHex(bytes.subarray(0, 4)), signature: bytes.slice(4) })
  }
  return signatures
}

/** Writes a note; a signature that is named twice stands in it once. */
export function formatNote({ text, signatures }: Note): string {
  const lines = signatures.map(({ name, keyId, signature }) => {
    const bytes = new Uint8Array(4 + signature.length)
    bytes.set(fromHex(keyId))
    bytes.set(signature, 4)
    return `\u2014 ${name} ${toBase64(bytes)}\n`
  })
  return `${text}\n${[...new Set(lines)].join('')}`
}

/** One note with the signatures of several over the same text, in their order; `undefined` when texts differ or one is malformed. */
export function mergeNotes(notes: readonly string[]): string | undefined {
  const parsed = notes.map(parseNote)
  const [first] = parsed
  if (!first || !parsed.every((note) => note?.text === first.text)) return undefined
  return formatNote({ text: first.text, signatures: parsed.flatMap((note) => note?.signatures ?? []) })
}

/** Text of a note that at least one trusted key signed, and no trusted key signed wrongly; else what is wrong with it. */
export function verifyNote(note: string, keys: readonly NoteKey[]): { readonly text: string } | { readonly fault: NoteFault } {
  const parsed = parseNote(note)
  if (!parsed) return { fault: 'malformed' }
  let trusted = 0
  for (const { name, keyId, signature } of parsed.signatures) {
    const key = keys.find((candidate) => candidate.name === name && noteKeyId(candidate) === keyId)
    if (!key) continue
    if (!isSignedBy(key, utf8(parsed.text), signature)) return { fault: 'signature_wrong' }
    trusted++
  }
  return trusted > 0 ? { text: parsed.text } : { fault: 'unsigned_by_trusted' }
}

/**
 * Signs a text that ends with a newline.
 * @param sign Ed25519 over the bytes of the text; the private key stays with the caller.
 */
export async function signNote(
  text: string,
  key: NoteKey,
  sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<string> {
  return formatNote({ text, signatures: [{ name: key.name, keyId: noteKeyId(key), signature: await sign(utf8(text)) }] })
}

/** A verifier key as text: `name+keyid+base64(algorithm, key)`, as other C2SP software takes it. */
export function formatNoteKey(key: NoteKey, algorithm: NoteAlgorithm = 'ed25519'): string {
  return `${key.name}+${noteKeyId(key, algorithm)}+${toBase64(Uint8Array.of(NOTE_ALGORITHMS[algorithm], ...key.publicKey))}`
}

/** `undefined` when malformed, of another algorithm, or when the key id does not fit. */
export function parseNoteKey(text: string, algorithm: NoteAlgorithm = 'ed25519'): NoteKey | undefined {
  const match = /^([^\s+]{1,500})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]{1,100})$/.exec(text)
  const bytes = match?.[3] === undefined ? undefined : fromBase64(match[3])
  if (!bytes || bytes.length !== 33 || bytes[0] !== NOTE_ALGORITHMS[algorithm] || match?.[1] === undefined) return undefined
  const key = { name: match[1], publicKey: bytes.slice(1) }
  return noteKeyId(key, algorithm) === match[2] ? key : undefined
}

/** Whether an Ed25519 signature is the key's over exactly these bytes; never throws. */
export function isSignedBy(key: NoteKey, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    // Strict RFC 8032 rules, so that every verifier agrees on which signatures are valid.
    return signature.length === 64 && ed25519.verify(signature, bytes, key.publicKey, { zip215: false })
  } catch {
    return false
  }
}
