import { sha256, toHex } from '../model/bytes.ts'
import type { Entry } from '../model/entry.ts'
import { ActLedger, OPEN_ACTS_SHOWN_MAX } from './act-ledger.ts'
import { CHECKPOINT_PATH, verifyCheckpoint, type Checkpoint, type LogKey } from './checkpoint.ts'
import { classify } from './classify.ts'
import { firstKept, prunedRootHolds } from './kept-range.ts'
import type { ReadFile } from './log-files.ts'
import { passOver, type Pass } from './log-pass.ts'
import type { LogProblem } from './log-problems.ts'
import { BY_HASH, BY_INDEX } from './log-scan.ts'
import { fromUtf8 } from './text.ts'
import { sameBytes, type Sha256 } from './tree.ts'

export interface VerifyOptions {
  readonly origin: string
  /** Keys trusted to sign checkpoints, each for its sizes; `deriveLogKeys` makes them from a log's key history. */
  readonly keys: readonly LogKey[]
  /** Signed checkpoints kept outside the operator's reach. Without any, a log that was cut back and re-signed looks whole. */
  readonly known?: readonly string[]
  readonly sha?: Sha256
}

export interface LogReport {
  readonly ok: boolean
  readonly origin: string
  /** Entries from the start, those that retention removed included. */
  readonly size: number
  /** Entries before this index were removed under a recorded retention policy; their hashes are still here. 0 when none were. */
  readonly prunedTo: number
  /** Entries that the log's checkpoint covers. */
  readonly checkpointed: number
  /** Entries on disk that no checkpoint covers yet: durable, not tamper-evident. */
  readonly durable: number
  /** Root over all `size` entries, hex. */
  readonly root: string
  /** The newest record is incomplete; it was never acknowledged. */
  readonly torn: boolean
  readonly counts: Readonly<Record<Entry['type'], number>>
  /** Allowed acts without outcome, at most `OPEN_ACTS_SHOWN_MAX` of them listed. */
  readonly open: { readonly count: number; readonly acts: readonly { readonly index: number; readonly act: string }[] }
  /** Most telling first; empty when the log verifies. */
  readonly problems: readonly LogProblem[]
}

/**
 * Verifies a whole log from its files, a copy of its public key and checkpoints held elsewhere. Uses nothing else: no clock, no
 * network, no gateway code. Needs memory for one bundle and the acts still open.
 */
export async function verifyLog(read: ReadFile, options: VerifyOptions): Promise<LogReport> {
  const sha = options.sha ?? sha256
  const head = await readHead(read, options)
  const known = readKnown(options)
  const authority = head.checkpoint ?? known.checkpoints.at(-1)
  const sizes = new Set([authority, ...known.checkpoints].flatMap((checkpoint) => (checkpoint ? [checkpoint.size] : [])))
  const { pass, acts, kept } = await walk(read, { size: authority?.size ?? 0, sizes, sha })
  const grounds = { authority, own: head.checkpoint, known: known.checkpoints, sha, kept }
  const bad = await judgeEntries(read, pass, grounds)
  const rest = bad.length > 0 ? [] : [pass.tile, pass.act].filter((problem) => problem !== undefined)
  const checkpointed = head.checkpoint?.size ?? 0
  const problems = [...head.problems, ...known.problems, ...bad, ...rest, ...judgeKnown(pass, grounds, bad.length === 0)]
  const open = acts.open()
  return {
    ok: problems.length === 0,
    origin: options.origin,
    size: pass.count,
    prunedTo: kept,
    checkpointed,
    durable: Math.max(0, pass.count - checkpointed),
    root: toHex(pass.root),
    torn: pass.torn,
    counts: acts.counts,
    open: { count: open.length, acts: open.slice(0, OPEN_ACTS_SHOWN_MAX) },
    problems,
  }
}

interface Walk {
  readonly pass: Pass
  readonly acts: ActLedger
  /** Index of the first entry that was not pruned. */
  readonly kept: number
}

/**
 * Walks the log. Where its first entries are gone it is walked as a pruned one, and once more if no entry in the kept part, which
 * the checkpoint covers, says that they may be.
 */
async function walk(read: ReadFile, tree: { size: number; sizes: ReadonlySet<number>; sha: Sha256 }): Promise<Walk> {
  const from = async (kept: number): Promise<Walk> => {
    const acts = new ActLedger(kept)
    return { pass: await passOver({ ...tree, read, kept, acts }), acts, kept }
  }
  const first = await from(await firstKept(read))
  const { pruned } = first.pass
  if (first.kept === 0) return first
  const allowed = pruned && (await prunedRootHolds(read, pruned, tree)) ? pruned.to : 0
  return first.kept <= allowed ? first : from(allowed)
}

async function readHead(read: ReadFile, options: VerifyOptions): Promise<{ checkpoint?: Checkpoint; problems: LogProblem[] }> {
  const problem = (reason: LogProblem['reason'], detail?: string): { problems: LogProblem[] } => ({
    problems: [{ reason, index: 0, exact: false, ...(detail === undefined ? {} : { detail }) }],
  })
  const bytes = await read(CHECKPOINT_PATH)
  if (!bytes) return problem('checkpoint_missing')
  const note = fromUtf8(bytes)
  if (note === undefined) return problem('checkpoint_invalid', 'malformed')
  const checkpoint = verifyCheckpoint(note, options)
  if (!('fault' in checkpoint)) return { checkpoint, problems: [] }
  return checkpoint.fault === 'unsigned_by_trusted' ? problem('foreign_key') : problem('checkpoint_invalid', checkpoint.fault)
}

/** The checkpoints held elsewhere, smallest first. */
function readKnown(options: VerifyOptions): { checkpoints: Checkpoint[]; problems: LogProblem[] } {
  const checkpoints: Checkpoint[] = []
  const problems: LogProblem[] = []
  for (const note of options.known ?? []) {
    const checkpoint = verifyCheckpoint(note, options)
    if ('fault' in checkpoint)
      problems.push({ reason: 'checkpoint_invalid', index: 0, exact: false, detail: `held elsewhere: ${checkpoint.fault}` })
    else checkpoints.push(checkpoint)
  }
  return { checkpoints: checkpoints.toSorted((a, b) => a.size - b.size), problems }
}

interface Grounds {
  /** The log's own checkpoint, else the newest one held elsewhere. */
  readonly authority: Checkpoint | undefined
  readonly own: Checkpoint | undefined
  readonly known: readonly Checkpoint[]
  readonly sha: Sha256
  readonly kept: number
}

/** Decides what the findings of the walk mean, by what can be trusted: the entries, else the tiles, else neither. */
async function judgeEntries(read: ReadFile, pass: Pass, grounds: Grounds): Promise<LogProblem[]> {
  const { authority, sha, kept } = grounds
  const size = authority?.size ?? 0
  const holds = (roots: Pass['entryRoots']): boolean => {
    const root = roots.get(size)
    return !authority || (root !== undefined && sameBytes(root, authority.root))
  }
  if (holds(pass.entryRoots)) return judgeSound(read, pass, grounds)
  const { truncated, mismatch, misplaced, invalid } = pass
  const isCutAt = (index: number): boolean => truncated === index
  if (holds(pass.tileRoots) && mismatch) {
    if (isCutAt(mismatch.index)) return [{ reason: 'file_truncated', index: mismatch.index, exact: true }]
    return [await classify(read, { place: mismatch, size, kept, identity: BY_HASH }, sha)]
  }
  if (misplaced && (invalid?.index ?? Infinity) >= misplaced.index) {
    if (isCutAt(misplaced.index)) return [{ reason: 'file_truncated', index: misplaced.index, exact: true }]
    return [await classify(read, { place: misplaced, size, kept, identity: BY_INDEX }, sha)]
  }
  if (invalid) return [{ reason: 'entry_changed', index: invalid.index, exact: true, detail: invalid.fault }]
  if (mismatch) return [{ reason: 'entry_changed', index: mismatch.index, exact: false }]
  return [{ reason: 'entry_changed', index: lastVouched(grounds.known, pass), exact: false }]
}

/** The entries up to the checkpoint are right; what is left is the tiles and what came after. */
async function judgeSound(read: ReadFile, pass: Pass, { authority, sha, kept }: Grounds): Promise<LogProblem[]> {
  const size = authority?.size ?? 0
  const { mismatch, misplaced, invalid, truncated } = pass
  if (mismatch && mismatch.index < size) return [{ reason: 'tile_mismatch', index: mismatch.index, exact: true }]
  if (truncated !== undefined) return [{ reason: 'file_truncated', index: truncated, exact: true }]
  if (invalid && (misplaced?.index ?? Infinity) > invalid.index)
    return [{ reason: 'entry_invalid', index: invalid.index, exact: true, detail: invalid.fault }]
  if (misplaced && misplaced.index < size)
    return [{ reason: 'entry_invalid', index: misplaced.index, exact: true, detail: 'carries another index' }]
  if (misplaced) return [await classify(read, { place: misplaced, size, kept, identity: BY_INDEX }, sha)]
  return mismatch ? [{ reason: 'entry_changed', index: mismatch.index, exact: true }] : []
}

/** Holds the log against the checkpoints held elsewhere. */
function judgeKnown(pass: Pass, { known, own }: Grounds, isSound: boolean): LogProblem[] {
  for (const checkpoint of known) {
    if (own && checkpoint.size > own.size)
      return [
        {
          reason: 'rolled_back',
          index: own.size,
          exact: true,
          detail: `a checkpoint of size ${checkpoint.size} is held elsewhere`,
        },
      ]
    const root = pass.entryRoots.get(checkpoint.size)
    if (isSound && !(root && sameBytes(root, checkpoint.root))) {
      return [
        {
          reason: 'rolled_back',
          index: lastVouched(known, pass),
          exact: false,
          detail: `a checkpoint of size ${checkpoint.size} held elsewhere has another root`,
        },
      ]
    }
  }
  return []
}

/** Size of the largest checkpoint held elsewhere that the entries still agree with. */
function lastVouched(known: readonly Checkpoint[], pass: Pass): number {
  const agreeing = known.filter(({ size, root }) => {
    const own = pass.entryRoots.get(size)
    return own !== undefined && sameBytes(own, root)
  })
  return agreeing.at(-1)?.size ?? 0
}
