import { GatewayError } from '../errors.ts'
import { fromBase64, sha256, toBase64, utf8 } from '../model/bytes.ts'
import type { Entry } from '../model/entry.ts'
import { CHECKPOINT_PATH, parseCheckpoint, verifyCheckpoint, type Checkpoint, type LogKey } from './checkpoint.ts'
import { firstKept } from './kept-range.ts'
import { readBundle, type ReadFile } from './log-files.ts'
import { parseNote } from './note.ts'
import { parseEntry } from './parse-entry.ts'
import { fromUtf8 } from './text.ts'
import { tileNodes } from './tile-nodes.ts'
import { partialWidth, TILE_WIDTH } from './tiles.ts'
import { inclusionProof } from './tree-proof.ts'
import { PROOF_HASHES_MAX, verifyInclusion } from './tree-verify.ts'
import { HASH_BYTES, leafHash, type Sha256 } from './tree.ts'

const FIRST_LINE = 'c2sp.org/tlog-proof@v1'
/** Largest proof file read. */
export const PROOF_BYTES_MAX = 300_000

/** Everything an outsider needs to see that one entry is in the log, besides the log's public key. */
export interface EntryProof {
  readonly entry: Uint8Array
  readonly index: number
  /** Inclusion proof, from the leaf's sibling up. */
  readonly hashes: readonly Uint8Array[]
  /** The signed checkpoint. */
  readonly checkpoint: string
}

/** The proof as a file. @see C2SP tlog-proof; the `extra` line holds the bytes of the entry, which the proof itself covers. */
export function formatProof(proof: EntryProof): string {
  const hashes = proof.hashes.map((hash) => `${toBase64(hash)}\n`).join('')
  return `${FIRST_LINE}\nextra ${toBase64(proof.entry)}\nindex ${proof.index}\n${hashes}\n${proof.checkpoint}`
}

/** `undefined` when malformed. Nothing in the result is verified yet. */
export function parseProof(text: string): EntryProof | undefined {
  const end = text.indexOf('\n\n')
  if (text.length > PROOF_BYTES_MAX || end < 0) return undefined
  const [first, extra = '', index = '', ...lines] = text.slice(0, end).split('\n')
  if (first !== FIRST_LINE || !extra.startsWith('extra ') || !/^index (?:0|[1-9][0-9]{0,15})$/.test(index)) return undefined
  const entry = fromBase64(extra.slice('extra '.length))
  const hashes = lines.map(fromBase64)
  if (!entry || lines.length > PROOF_HASHES_MAX || !hashes.every((hash) => hash?.length === HASH_BYTES)) return undefined
  return { entry, index: Number(index.slice('index '.length)), hashes: hashes as Uint8Array[], checkpoint: text.slice(end + 2) }
}

export type ProofResult =
  | { readonly ok: true; readonly entry: Entry; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly fault: string }

/** Checks a proof offline against the origin and keys the caller trusts. */
export function verifyProof(
  proof: EntryProof,
  trusted: { readonly origin: string; readonly keys: readonly LogKey[]; readonly sha?: Sha256 },
): ProofResult {
  const checkpoint = verifyCheckpoint(proof.checkpoint, trusted)
  if ('fault' in checkpoint) return { ok: false, fault: `checkpoint: ${checkpoint.fault}` }
  const sha = trusted.sha ?? sha256
  const claim = { leaf: leafHash(proof.entry, sha), index: proof.index, size: checkpoint.size, root: checkpoint.root }
  if (!verifyInclusion(claim, proof.hashes, sha)) return { ok: false, fault: 'the entry is not in the tree of the checkpoint' }
  const parsed = parseEntry(proof.entry)
  if ('fault' in parsed) return { ok: false, fault: `entry: ${parsed.fault}` }
  if (parsed.entry.index !== proof.index) return { ok: false, fault: 'entry: carries another index' }
  return { ok: true, entry: parsed.entry, checkpoint }
}

/**
 * Makes the proof of one entry from a log's files and its newest checkpoint. Trusts the files; `verifyProof` does not.
 * @throws GatewayError `NOT_FOUND` when no checkpoint covers the entry yet or it was pruned, `AUDIT_INVALID` when files are missing or malformed.
 */
export async function proveEntry(read: ReadFile, index: number, sha: Sha256 = sha256): Promise<EntryProof> {
  const note = fromUtf8((await read(CHECKPOINT_PATH)) ?? utf8(''))
  const text = note === undefined ? undefined : parseNote(note)?.text
  const checkpoint = text === undefined ? undefined : parseCheckpoint(text)
  if (!checkpoint || note === undefined) throw new GatewayError('AUDIT_INVALID', 'the log has no readable checkpoint')
  if (!Number.isSafeInteger(index) || index < 0 || index >= checkpoint.size)
    throw new GatewayError('NOT_FOUND', 'no checkpoint covers this entry yet')
  const n = Math.floor(index / TILE_WIDTH)
  const bundle = await readBundle(
    read,
    n,
    n === Math.floor(checkpoint.size / TILE_WIDTH) ? partialWidth('entries', checkpoint.size) : 0,
  )
  const entry = bundle?.entries[index % TILE_WIDTH]
  if (!entry && index < (await firstKept(read))) throw new GatewayError('NOT_FOUND', 'the entry was pruned')
  if (!entry) throw new GatewayError('AUDIT_INVALID', 'the entry is missing from its bundle')
  const hashes = await inclusionProof(index, checkpoint.size, tileNodes(read, checkpoint.size, sha))
  return { entry, index, hashes, checkpoint: note }
}
