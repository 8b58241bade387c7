import { sha256 } from '../model/bytes.ts'
import type { AddCheckpoint } from './add-checkpoint.ts'
import type { Checkpoint } from './checkpoint.ts'
import { verifyNote, type NoteKey } from './note.ts'
import { verifyConsistency, type TreeHead } from './tree-verify.ts'
import { sameBytes, type Sha256 } from './tree.ts'

/** Why a witness refuses, with the HTTP status of C2SP tlog-witness. */
export const WITNESS_REFUSALS = {
  malformed: { http: 400, means: 'the request is not an old size, a proof and a checkpoint' },
  sizes_reversed: { http: 400, means: 'the old size is larger than the checkpoint’s' },
  unsigned: { http: 403, means: 'no key trusted for this log signed the checkpoint' },
  signature_wrong: { http: 403, means: 'a signature under a trusted key is wrong' },
  origin_unknown: { http: 404, means: 'the witness does not know this log' },
  rolled_back: { http: 409, means: 'the witness cosigned a larger tree of this log' },
  stale_size: { http: 409, means: 'the old size is not the one the witness cosigned last' },
  fork: { http: 422, means: 'the witness cosigned another tree of the same size' },
  proof_invalid: { http: 422, means: 'the proof does not show that the new tree contains the old one' },
  root_invalid: { http: 422, means: 'an empty tree has one root only' },
} as const satisfies Record<string, { http: number; means: string }>
export type WitnessRefusal = keyof typeof WITNESS_REFUSALS

export type WitnessVerdict =
  | { readonly ok: true; readonly head: TreeHead }
  | { readonly ok: false; readonly reason: WitnessRefusal; /** For 409: the size cosigned last. */ readonly size?: number }

/** What a witness knows of the log a request is about. */
export interface WitnessKnowledge {
  /** Keys trusted for the origin; none when the log is unknown. */
  readonly keys: readonly NoteKey[]
  /** The newest tree it cosigned. */
  readonly latest?: TreeHead
  readonly sha?: Sha256
}

/**
 * What a witness decides: pure, so that it can be tested whole. On `ok` the caller must store `head` durably before it answers,
 * with nothing in between that could store another one.
 * @see C2SP tlog-witness, "add-checkpoint"
 */
export function judgeCheckpoint(
  { oldSize, proof, note, checkpoint }: AddCheckpoint & { readonly checkpoint: Checkpoint },
  { keys, latest, sha = sha256 }: WitnessKnowledge,
): WitnessVerdict {
  const no = (reason: WitnessRefusal): WitnessVerdict => ({ ok: false, reason })
  if (keys.length === 0) return no('origin_unknown')
  const verified = verifyNote(note, keys)
  if ('fault' in verified) return no(verified.fault === 'unsigned_by_trusted' ? 'unsigned' : 'signature_wrong')
  const { size, root } = checkpoint
  if (oldSize > size) return no('sizes_reversed')
  const seen = latest ?? { size: 0, root: sha(new Uint8Array()) }
  if (oldSize !== seen.size) return { ok: false, reason: size < seen.size ? 'rolled_back' : 'stale_size', size: seen.size }
  if (size === 0 && !sameBytes(root, sha(new Uint8Array()))) return no('root_invalid')
  if (size === seen.size && !sameBytes(root, seen.root)) return no('fork')
  return verifyConsistency({ old: seen, next: checkpoint }, proof, sha) ? { ok: true, head: { size, root } } : no('proof_invalid')
}
