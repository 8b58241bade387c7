import { GatewayError } from '../errors.ts'
import { sha256 } from '../model/bytes.ts'
import { CHECKPOINT_PATH, parseCheckpoint } from './checkpoint.ts'
import { firstKept, parsePruned } from './kept-range.ts'
import { readBundle, readHashes, type ReadFile } from './log-files.ts'
import { parseNote } from './note.ts'
import { parseEntry } from './parse-entry.ts'
import { formatProof, proveEntry } from './proof.ts'
import { readEntries, type StoredEntry } from './read-entries.ts'
import { fromUtf8 } from './text.ts'
import { encodeBundle, encodeHashes, TILE_WIDTH, tilePath } from './tiles.ts'
import type { Sha256 } from './tree.ts'

export interface ExportedFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/**
 * The files of a plain C2SP tile log up to the newest checkpoint, the checkpoint last: what an auditor takes away and any C2SP
 * software reads. Works while a gateway writes to the log. Of a pruned log: the entries that were kept and every hash tile.
 * @throws GatewayError `AUDIT_INVALID` when files are missing or malformed.
 */
export async function* exportLog(read: ReadFile): AsyncGenerator<ExportedFile> {
  const note = await read(CHECKPOINT_PATH)
  const size = parseCheckpoint(parseNote(fromUtf8(note ?? new Uint8Array()) ?? '')?.text ?? '')?.size
  if (!note || size === undefined) throw new GatewayError('AUDIT_INVALID', 'the log has no readable checkpoint')
  const kept = await firstKept(read)
  let allowed = 0
  for (const { n, width } of tilesOf(size)) {
    if (n * TILE_WIDTH < kept) continue
    const entries = (await readBundle(read, n, width))?.entries.slice(0, width)
    if (entries?.length !== width) throw new GatewayError('AUDIT_INVALID', 'entries that the checkpoint covers are missing')
    if (kept > 0) allowed = entries.reduce((most, entry) => Math.max(most, prunedIn(entry)), allowed)
    yield { path: tilePath({ level: 'entries', n, width }), bytes: encodeBundle(entries) }
  }
  if (kept > allowed) throw new GatewayError('AUDIT_INVALID', 'entries that the checkpoint covers are missing')
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    for (const { n, width } of tilesOf(count)) {
      const hashes = await readHashes(read, { level, n, width })
      if (!hashes) throw new GatewayError('AUDIT_INVALID', 'a hash tile of the log is missing or malformed')
      yield { path: tilePath({ level, n, width }), bytes: encodeHashes(hashes) }
    }
  }
  yield { path: CHECKPOINT_PATH, bytes: note }
}

/** Entries `from` (inclusive) to `to` (exclusive) that `select` takes, each with the text of its proof. All must be checkpointed. */
export async function* exportProofs(
  read: ReadFile,
  range: { readonly from: number; readonly to: number; readonly select?: (stored: StoredEntry) => boolean },
  sha: Sha256 = sha256,
): AsyncGenerator<StoredEntry & { readonly proof: string }> {
  for await (const stored of readEntries(read, range.from, range.to)) {
    if (range.select?.(stored) === false) continue
    yield { ...stored, proof: formatProof(await proveEntry(read, stored.index, sha)) }
  }
}

/** How far an entry says the log was pruned; 0 for every other entry. */
function prunedIn(bytes: Uint8Array): number {
  const parsed = parseEntry(bytes)
  return 'entry' in parsed ? (parsePruned(parsed.entry)?.to ?? 0) : 0
}

/** Numbers and widths of the tiles that hold `count` items. */
function* tilesOf(count: number): Generator<{ n: number; width: number }> {
  for (let n = 0; n * TILE_WIDTH < count; n++) yield { n, width: Math.min(TILE_WIDTH, count - n * TILE_WIDTH) }
}
