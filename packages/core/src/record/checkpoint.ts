import { fromBase64, toBase64 } from '../model/bytes.ts'
import { parseNote, signNote, verifyNote, type NoteFault, type NoteKey } from './note.ts'
import type { TreeHead } from './tree-verify.ts'
import { HASH_BYTES } from './tree.ts'

/** Path of the newest checkpoint below the log's folder. */
export const CHECKPOINT_PATH = 'checkpoint'

/** What a checkpoint states: this log, with this many entries, has this root. @see C2SP tlog-checkpoint */
export interface Checkpoint extends TreeHead {
  readonly origin: string
}

export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`
}

/** Reads the text of a checkpoint note; `undefined` when malformed. Extension lines are accepted and ignored. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const lines = text.split('\n')
  const [origin = '', sizeText = '', rootText = ''] = lines
  if (lines.length < 4 || lines.pop() !== '' || lines.some((line) => line === '')) return undefined
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(sizeText)) return undefined
  const size = Number(sizeText)
  const root = fromBase64(rootText)
  return Number.isSafeInteger(size) && root?.length === HASH_BYTES ? { origin, size, root } : undefined
}

/** A checkpoint as a signed note. The key's name should be the origin. */
export function signCheckpoint(
  checkpoint: Checkpoint,
  key: NoteKey,
  sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>,
): Promise<string> {
  return signNote(formatCheckpoint(checkpoint), key, sign)
}

/** A key of a log, and the sizes its checkpoints may have: all of them unless the key was rotated or revoked. */
export interface LogKey extends NoteKey {
  /** Smallest size. */
  readonly from?: number
  /** Largest size. */
  readonly to?: number
}

/**
 * The checkpoint a trusted key signed for this origin; else what is wrong. `key_out_of_range`: a key of this log signed it, which
 * was not the log's key at that size.
 */
export function verifyCheckpoint(
  note: string,
  trusted: { readonly origin: string; readonly keys: readonly LogKey[] },
): Checkpoint | { readonly fault: NoteFault | 'origin_foreign' | 'key_out_of_range' } {
  const unverified = parseNote(note)
  const checkpoint = unverified && parseCheckpoint(unverified.text)
  if (!checkpoint) return { fault: 'malformed' }
  const keys = trusted.keys.filter(({ from = 0, to = Infinity }) => checkpoint.size >= from && checkpoint.size <= to)
  const verified = verifyNote(note, keys)
  if ('fault' in verified) {
    const isLate = verified.fault === 'unsigned_by_trusted' && 'text' in verifyNote(note, trusted.keys)
    return isLate ? { fault: 'key_out_of_range' } : verified
  }
  return checkpoint.origin === trusted.origin ? checkpoint : { fault: 'origin_foreign' }
}
