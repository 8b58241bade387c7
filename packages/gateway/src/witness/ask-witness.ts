import { hash } from 'node:crypto'
import {
  consistencyProof,
  cosignaturesOf,
  formatAddCheckpoint,
  formatNote,
  noteKeyId,
  parseNote,
  parseSignatures,
  tileNodes,
  type NoteKey,
  type ReadFile,
} from '@sallyport/core'

/** Largest answer read: a few signature lines. */
const ANSWER_BYTES_MAX = 65_536

/** One `POST add-checkpoint`. Throws when the witness cannot be reached, is too slow or answers too much. */
export type PostCheckpoint = (body: string, bytesMax: number) => Promise<{ readonly status: number; readonly text: string }>

export interface Asked {
  /** Key of the witness. */
  readonly key: NoteKey
  readonly post: PostCheckpoint
  readonly files: ReadFile
  /** The newest signed checkpoint, as a note, and its size. */
  readonly head: { readonly note: string; readonly size: number }
  /** Size the witness cosigned last, as far as is known. */
  readonly lastSize: number
  /** Durable entries of the log now. */
  readonly size: () => Promise<number>
}

/**
 * `cosigned`: the checkpoint with the log's signature and the witness'. `behind`: the witness knows a newer checkpoint of this log;
 * ask again with that. `contradicted`: it cosigned something this log does not contain.
 */
export type WitnessWord =
  | { readonly state: 'cosigned'; readonly note: string }
  | { readonly state: 'behind' }
  | { readonly state: 'contradicted'; readonly reason: 'rolled_back' | 'forked'; readonly witnessSize: number }
  | { readonly state: 'failed'; readonly problem: string }

const sha = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')

/**
 * Asks a witness to cosign the newest checkpoint, with the proof that it contains what the witness saw last. A witness that saw
 * another size says so, and is asked once more from there.
 * @see C2SP tlog-witness
 */
export async function askWitness(asked: Asked): Promise<WitnessWord> {
  const { head, files, post, key } = asked
  let oldSize = asked.lastSize <= head.size ? asked.lastSize : 0
  for (let attempt = 0; attempt < 2; attempt++) {
    const proof = await consistencyProof(oldSize, head.size, tileNodes(files, head.size, sha))
    const answer = await post(formatAddCheckpoint({ oldSize, proof, note: head.note }), ANSWER_BYTES_MAX)
    switch (answer.status) {
      case 200:
        return readCosignature(head.note, answer.text, key)
      case 409: {
        if (!/^(?:0|[1-9][0-9]{0,14})\n?$/.test(answer.text)) return { state: 'failed', problem: 'a conflict without a size' }
        const witnessSize = Number(answer.text)
        if (witnessSize > (await asked.size())) return { state: 'contradicted', reason: 'rolled_back', witnessSize }
        if (witnessSize > head.size) return { state: 'behind' }
        oldSize = witnessSize
        break
      }
      case 422:
        return { state: 'contradicted', reason: 'forked', witnessSize: oldSize }
      default:
        return { state: 'failed', problem: `status ${answer.status}` }
    }
  }
  return { state: 'behind' }
}

function readCosignature(note: string, answer: string, key: NoteKey): WitnessWord {
  const parsed = parseNote(note)
  const lines = parseSignatures(answer)
  if (!parsed || !lines) return { state: 'failed', problem: 'the answer is not signature lines' }
  // Only the line of this witness is kept: others in the answer are nobody's word here.
  const own = lines.filter(({ name, keyId }) => name === key.name && keyId === noteKeyId(key, 'cosignature'))
  const cosigned = formatNote({ text: parsed.text, signatures: [...parsed.signatures, ...own] })
  const found = cosignaturesOf(cosigned, [key])
  if ('fault' in found || found.length !== 1) return { state: 'failed', problem: 'the cosignature does not verify' }
  return { state: 'cosigned', note: cosigned }
}
