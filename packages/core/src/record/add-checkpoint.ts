import { fromBase64, toBase64 } from '../model/bytes.ts'
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { NOTE_BYTES_MAX, parseNote } from './note.ts'
import { HASH_BYTES } from './tree.ts'

/** Most hashes in a request. @see C2SP tlog-witness, "add-checkpoint" */
export const WITNESS_PROOF_HASHES_MAX = 63
/** Largest request body: the proof, and a note with several signatures. */
export const ADD_CHECKPOINT_BYTES_MAX = NOTE_BYTES_MAX + 4_096

/** A log asks a witness to cosign: what the witness saw last, why the new tree contains it, the new checkpoint. */
export interface AddCheckpoint {
  readonly oldSize: number
  readonly proof: readonly Uint8Array[]
  /** The signed note. */
  readonly note: string
}

/** The body of `POST <prefix>/add-checkpoint`. @see C2SP tlog-witness */
export function formatAddCheckpoint({ oldSize, proof, note }: AddCheckpoint): string {
  return `old ${oldSize}\n${proof.map((hash) => `${toBase64(hash)}\n`).join('')}\n${note}`
}

/** Reads a body without trusting it; `undefined` when malformed. */
export function parseAddCheckpoint(body: string): (AddCheckpoint & { readonly checkpoint: Checkpoint }) | undefined {
  const end = body.indexOf('\n\n')
  if (body.length > ADD_CHECKPOINT_BYTES_MAX || end < 0) return undefined
  const [first = '', ...lines] = body.slice(0, end).split('\n')
  const proof = lines.map(fromBase64)
  const note = body.slice(end + 2)
  const text = parseNote(note)?.text
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
  if (!/^old (?:0|[1-9][0-9]{0,15})$/.test(first) || lines.length > WITNESS_PROOF_HASHES_MAX || !checkpoint) return undefined
  const oldSize = Number(first.slice('old '.length))
  if (!Number.isSafeInteger(oldSize) || !proof.every((hash) => hash?.length === HASH_BYTES)) return undefined
  return { oldSize, proof: proof as Uint8Array[], note, checkpoint }
}
