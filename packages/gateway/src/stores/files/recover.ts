import { join } from 'node:path'
import {
  CHECKPOINT_PATH,
  firstKept,
  fromUtf8,
  GatewayError,
  leafHash,
  openBundlePath,
  parseBundle,
  parseEntry,
  parseHashes,
  parsePruned,
  readBundle,
  readEntries,
  readHashes,
  rootAt,
  rootOf,
  sameBytes,
  TILE_WIDTH,
  TileBuilder,
  tileNodes,
  tilePath,
  toHex,
  verifyCheckpoint,
  type Checkpoint,
  type LogKey,
  type NoteKey,
  type ReadFile,
} from '@sallyport/core/record'
import { sha256Native } from '../../sha256-native.ts'
import type { LogFolder } from './log-folder.ts'
import { LogWriter, SETTLED_PATH } from './writer.ts'

/** Bundles below the checkpoint whose entries are hashed again at every start; `sallyport audit verify` looks at all. */
export const RECHECKED_BUNDLES = 64

export interface RecoverOptions {
  readonly dir: string
  readonly origin: string
  readonly key: NoteKey
  /** Every key of the log with its sizes, where there was more than one. */
  readonly keys?: readonly LogKey[]
  /** The newest checkpoint the caller remembers outside the folder. */
  readonly knownHead?: { readonly size: number; readonly rootHex: string }
}

export interface Recovered {
  readonly writer: LogWriter
  readonly size: number
  /** Time of the newest entry; 0 when there is none. */
  readonly lastMs: number
  /** The newest checkpoint; absent for a new log. */
  readonly head?: { readonly note: string; readonly size: number; readonly rootHex: string }
  /** Allowed acts whose outcome never came. */
  readonly unfinished: readonly { readonly index: number; readonly act: string }[]
}

/**
 * Takes a log over from its files. Cuts off an incomplete last record, which was never acknowledged, and completes what a crash
 * left half done. Anything else that does not fit is refused: a repaired log would hide what happened to it.
 * @throws GatewayError `AUDIT_INVALID`, saying what does not fit.
 */
export async function recover(options: RecoverOptions, folder: LogFolder): Promise<Recovered> {
  const { dir } = options
  const read: ReadFile = (path) => folder.read(join(dir, path))
  folder.makeFolder(dir)
  const note = folder.read(join(dir, CHECKPOINT_PATH))
  if (!note) return recoverNew(options, folder)
  const checkpoint = readCheckpoint(note, options)
  const { knownHead } = options
  if (knownHead && knownHead.size > checkpoint.size) throw invalid('the log was rolled back: a newer checkpoint is remembered')
  const tree = await restoreTree(read, checkpoint.size)
  const kept = await firstKept(read)
  await recheckBundles(read, tree.size, kept)
  const firstOpen = await appendFullBundles(read, tree)
  const writer = new LogWriter(dir, folder, tree)
  for (const entries of openBundles(dir, folder, firstOpen)) writer.adopt(entries)
  if (writer.size < checkpoint.size) throw invalid('entries that the checkpoint covers are missing')
  await compareRoots(read, writer, { checkpoint, knownHead })
  if (kept > tree.size - RECHECKED_BUNDLES * TILE_WIDTH) await requirePruned(read, kept)
  const found = await readTail(read, writer.size, settledIndex(folder, dir))
  return { writer, ...found, head: { note: fromUtf8(note) ?? '', size: checkpoint.size, rootHex: toHex(checkpoint.root) } }
}

/** A log without checkpoint must be new: the first one is written before the first entry. */
function recoverNew({ dir, knownHead }: RecoverOptions, folder: LogFolder): Recovered {
  const isEmpty = folder.list(join(dir, 'open')).length === 0 && folder.list(join(dir, 'tile', 'entries')).length === 0
  if (!isEmpty) throw invalid('the checkpoint is missing')
  if (knownHead && knownHead.size > 0) throw invalid('the log is gone')
  return { writer: new LogWriter(dir, folder, new TileBuilder(sha256Native)), size: 0, lastMs: 0, unfinished: [] }
}

function readCheckpoint(note: Uint8Array, { origin, key, keys = [key] }: RecoverOptions): Checkpoint {
  const text = fromUtf8(note)
  const checkpoint = text === undefined ? { fault: 'malformed' } : verifyCheckpoint(text, { origin, keys })
  if ('fault' in checkpoint) throw invalid(`the checkpoint is not of this log (${checkpoint.fault})`)
  return checkpoint
}

/** The tree over all full bundles of the checkpoint, from its hash tiles. */
async function restoreTree(read: ReadFile, checkpointSize: number): Promise<TileBuilder> {
  const size = checkpointSize - (checkpointSize % TILE_WIDTH)
  const levels: Uint8Array[][] = [[]]
  for (let level = 1; TILE_WIDTH ** level <= size; level++) {
    const count = Math.floor(size / TILE_WIDTH ** level)
    const first = count - (count % TILE_WIDTH)
    const hashes: Uint8Array[] = []
    for (let n = first; n < count; n++) {
      const tile = await readHashes(read, { level: level - 1, n, width: TILE_WIDTH })
      if (!tile) throw invalid('a hash tile is missing or malformed')
      hashes.push(rootOf(tile, sha256Native))
    }
    levels.push(hashes)
  }
  return new TileBuilder(sha256Native, { size, levels })
}

async function recheckBundles(read: ReadFile, size: number, kept: number): Promise<void> {
  const end = size / TILE_WIDTH
  for (let n = Math.max(kept / TILE_WIDTH, end - RECHECKED_BUNDLES); n < end; n++) {
    const bundle = await readBundle(read, n)
    const hashes = await readHashes(read, { level: 0, n, width: TILE_WIDTH })
    const isWhole = bundle?.entries.length === TILE_WIDTH && bundle.wholeBytes === bundle.bytes.length
    const isSame =
      isWhole && hashes && bundle.entries.every((entry, i) => sameBytes(leafHash(entry, sha256Native), hashes[i] ?? entry))
    if (!isSame) throw invalid(`entries from ${n * TILE_WIDTH} on are not those the log committed to`)
  }
}

/** Entries may only be gone from the front, and only if an entry that is still there says so. */
async function requirePruned(read: ReadFile, kept: number): Promise<void> {
  if (kept === 0) return
  for await (const { entry } of readEntries(read, kept)) if ((parsePruned(entry)?.to ?? 0) >= kept) return
  throw invalid('the first entries are missing and no entry says that they were pruned')
}

/** Bundles closed after the checkpoint; returns the number of the first open one. */
async function appendFullBundles(read: ReadFile, tree: TileBuilder): Promise<number> {
  for (let n = tree.size / TILE_WIDTH; ; n++) {
    const bytes = await read(tilePath({ level: 'entries', n, width: TILE_WIDTH }))
    if (!bytes) return n
    const { entries, wholeBytes } = parseBundle(bytes)
    if (entries.length !== TILE_WIDTH || wholeBytes !== bytes.length) throw invalid('a full bundle is not whole')
    requireSequence(entries, tree.size)
    const tiles = entries.flatMap((entry) => tree.append(leafHash(entry, sha256Native)))
    for (const tile of tiles) {
      const stored = await read(tilePath(tile))
      // Written before its bundle is moved, so it is there, and it is right.
      if (!stored || !parseHashes(stored, TILE_WIDTH) || !sameBytes(stored, tile.bytes))
        throw invalid('a hash tile does not belong to its entries')
    }
  }
}

/** Entries in `open/`, bundle by bundle, after cutting off an incomplete last record. */
function openBundles(dir: string, folder: LogFolder, first: number): Uint8Array[][] {
  const names = folder.list(join(dir, 'open'))
  const bundles: Uint8Array[][] = []
  for (let n = first; n < first + names.length; n++) {
    const path = join(dir, openBundlePath(n))
    const bytes = folder.read(path)
    if (!bytes) throw invalid('an open bundle is missing or out of sequence')
    const { entries, wholeBytes } = parseBundle(bytes)
    const isLast = n === first + names.length - 1
    if (wholeBytes < bytes.length) {
      if (!isLast || entries.length === TILE_WIDTH || !isTorn(bytes.subarray(wholeBytes)))
        throw invalid('an open bundle is damaged')
      cutOff(path, wholeBytes, folder)
    } else if (!isLast && entries.length < TILE_WIDTH) throw invalid('an open bundle is too short')
    requireSequence(entries, n * TILE_WIDTH)
    bundles.push([...entries])
  }
  return bundles
}

/** Whether bytes are the beginning of one record, or space a file system allocated and never filled. */
function isTorn(bytes: Uint8Array): boolean {
  const length = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
  return bytes.length < 2 || (length > 0 && bytes.length < 2 + length) || bytes.every((byte) => byte === 0)
}

function cutOff(path: string, wholeBytes: number, folder: LogFolder): void {
  const file = folder.open(path, 'append')
  try {
    folder.truncate(file, wholeBytes)
    folder.sync(file)
  } finally {
    folder.close(file)
  }
}

function requireSequence(entries: readonly Uint8Array[], first: number): void {
  for (const [i, bytes] of entries.entries()) {
    const parsed = parseEntry(bytes)
    if ('fault' in parsed) throw invalid(`entry ${first + i} is damaged: ${parsed.fault}`)
    if (parsed.entry.index !== first + i) throw invalid(`entry ${first + i} carries another index`)
  }
}

/** The log must still contain the tree of its checkpoint and the one the caller remembers. */
async function compareRoots(
  read: ReadFile,
  writer: LogWriter,
  heads: { checkpoint: Checkpoint; knownHead: RecoverOptions['knownHead'] },
): Promise<void> {
  const { checkpoint, knownHead: known } = heads
  // Partial tiles come from the entries: those on disk are of the checkpoint and prove nothing.
  const made = new Map(writer.partials().map((tile) => [tilePath(tile), tile.bytes]))
  const nodes = tileNodes((path) => made.get(path) ?? read(path), writer.size, sha256Native)
  if (!sameBytes(await rootAt(checkpoint.size, nodes), checkpoint.root)) {
    throw invalid('the entries do not have the root of the checkpoint')
  }
  if (known && toHex(await rootAt(known.size, nodes)) !== known.rootHex) {
    throw invalid('the log was rewritten: a remembered checkpoint has another root')
  }
}

function settledIndex(folder: LogFolder, dir: string): number {
  const text = fromUtf8(folder.read(join(dir, SETTLED_PATH)) ?? new Uint8Array())?.trim() ?? ''
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : 0
}

/** Time of the newest entry, and the allowed acts without outcome. */
async function readTail(read: ReadFile, size: number, settled: number): Promise<Pick<Recovered, 'size' | 'lastMs' | 'unfinished'>> {
  const open = new Map<number, string>()
  let lastMs = 0
  for await (const { entry } of readEntries(read, Math.min(settled, Math.max(0, size - 1)), size)) {
    if (entry.type === 'decision' && entry.enforced === 'allow') open.set(entry.index, entry.act)
    if (entry.type === 'outcome' || entry.type === 'unknown') open.delete(entry.decision)
    lastMs = Date.parse(entry.time)
  }
  return { size, lastMs, unfinished: [...open].map(([index, act]) => ({ index, act })) }
}

function invalid(message: string): GatewayError {
  return new GatewayError('AUDIT_INVALID', message)
}
