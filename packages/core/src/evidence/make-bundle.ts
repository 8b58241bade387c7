import { GatewayError } from '../errors.ts'
import { sha256, toBase64, toHex, utf8 } from '../model/bytes.ts'
import { CHECKPOINT_PATH, verifyCheckpoint, type Checkpoint, type LogKey } from '../record/checkpoint.ts'
import { firstKept } from '../record/kept-range.ts'
import type { ReadFile } from '../record/log-files.ts'
import { formatNoteKey, type NoteKey } from '../record/note.ts'
import { formatProof } from '../record/proof.ts'
import { proveRange } from '../record/range-proof.ts'
import { readEntries, type StoredEntry } from '../record/read-entries.ts'
import { tileNodes } from '../record/tile-nodes.ts'
import { consistencyProof, inclusionProof, type Nodes } from '../record/tree-proof.ts'
import { HASH_BYTES, leafHash, type Sha256 } from '../record/tree.ts'
import {
  BUNDLE_ENTRIES_MAX,
  BUNDLE_LEAVES_MAX,
  BundleManifest,
  CONSISTENCY_FILE,
  COSIGNED_FILE,
  entryFile,
  KEY_HISTORY_FILE,
  KEYS_FILE,
  LEAVES_FILE,
  MANIFEST_FILE,
  proofFile,
  RANGE_FILE,
  README_FILE,
  STATEMENT_FILE,
  type BundleItem,
  type Coverage,
} from './bundle-manifest.ts'
import { bundleReadme } from './bundle-readme.ts'
import { boundaryOf } from './check-answers.ts'
import { provenBy } from './check-entries.ts'
import { ConfigHistory, configHash } from './config-at.ts'
import { seal } from './dsse.ts'
import { judgedBy, selects, type LogQuery } from './log-query.ts'
import { propertiesOf } from './properties.ts'
import { Reconciler } from './reconcile.ts'
import { DecisionFinder, readOne, windowOf, type IndexRange } from './search-log.ts'
import { makeStatement, STATEMENT_TYPE } from './statement.ts'
import { verifyBundle } from './verify-bundle.ts'

/** Most bytes of disclosed entries; bundles are made in memory. */
const BUNDLE_BYTES_MAX = 64 * 1_048_576
/** Most entries that all questions together select; a manifest of more would not be read. */
const SELECTED_MAX = 100_000
/** Nodes of the tree remembered between proofs. */
const NODES_MAX = 100_000

/** What a bundle is asked to show. */
export interface BundleWish {
  readonly items: readonly Pick<BundleItem, 'id' | 'controls' | 'evidence' | 'query'>[]
  readonly window: Pick<LogQuery, 'since' | 'until' | 'to' | 'from'>
  readonly coverage: Coverage
  readonly purpose: string
  /** Whether to say what was in force when the window began and ended; reads the log from its start. */
  readonly withState: boolean
}

/** The log, and what its owner brings along. */
export interface BundleSource {
  readonly files: ReadFile
  /** The newest signed checkpoint. */
  readonly checkpoint: string
  /** A checkpoint that witnesses cosigned, when it is another one. */
  readonly cosigned?: string
  /** The key that signs now. */
  readonly key: NoteKey
  /** All keys of the log, each for its sizes. */
  readonly keys: readonly LogKey[]
  /** Signed history of the keys, where there is one. */
  readonly keyHistory?: string
  /** Ed25519 by the log's key over the bytes given. */
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly nowMs: number
  /** Version of this software. */
  readonly software: string
  /** Interval of the signs of life. */
  readonly aliveMs: number
  readonly sha?: Sha256
}

/**
 * Makes the files of a bundle and verifies them as an outsider would.
 * @throws GatewayError `REQUEST_PARAMS` when it would be too large; `AUDIT_INVALID` when the log does not bear it out.
 */
export async function makeBundle(wish: BundleWish, source: BundleSource): Promise<ReadonlyMap<string, Uint8Array>> {
  const sha = source.sha ?? sha256
  const checkpoint = verifyCheckpoint(source.checkpoint, { origin: source.key.name, keys: source.keys })
  if ('fault' in checkpoint) throw new GatewayError('AUDIT_INVALID', 'the log has no checkpoint that its key signed')
  const range = await windowOf(source.files, wish.window, checkpoint.size)
  const prunedTo = await firstKept(source.files)
  const window = windowSaid(wish.window, range)
  const walk = await walkLog(wish, source, { ...window, prunedTo })
  const files = new Map<string, Uint8Array>()
  const nodes = remembered(tileNodes(source.files, checkpoint.size, sha))
  const manifest = manifestOf({ wish, source, window, walk, log: { ...checkpoint, prunedTo } })
  for (const [index, bytes] of walk.disclosed) files.set(entryFile(index), bytes)
  for (const index of [...provenBy(manifest)].sort((a, b) => a - b)) {
    const stored = walk.disclosed.get(index) ?? (await need(source.files, index)).bytes
    files.set(entryFile(index), stored)
    const hashes = await inclusionProof(index, checkpoint.size, nodes)
    files.set(proofFile(index), utf8(formatProof({ entry: stored, index, hashes, checkpoint: source.checkpoint })))
  }
  if (wish.coverage !== 'selection' && range.from < range.to) {
    files.set(LEAVES_FILE, joined(walk.leaves))
    files.set(RANGE_FILE, lines(await proveRange({ ...range, size: checkpoint.size }, nodes)))
  }
  files.set(CHECKPOINT_PATH, utf8(source.checkpoint))
  files.set(KEYS_FILE, utf8(source.keys.map((key) => `${formatNoteKey(key)}\n`).join('')))
  if (source.keyHistory !== undefined) files.set(KEY_HISTORY_FILE, utf8(source.keyHistory))
  await addCosigned(files, source, { checkpoint, nodes })
  files.set(README_FILE, utf8(bundleReadme(manifest)))
  return signed(files, manifest, source)
}

interface Walk {
  readonly selected: readonly number[][]
  readonly context: Set<number>
  readonly disclosed: Map<number, Uint8Array>
  readonly leaves: Uint8Array[]
  readonly reconciler: Reconciler
  readonly history: ConfigHistory
  before: ReturnType<ConfigHistory['state']>
}

/** Reads the window once, and what came before it only where the state at its begin is wanted. */
async function walkLog(
  { items, coverage, withState }: BundleWish,
  source: BundleSource,
  range: BundleManifest['window'] & { readonly prunedTo: number },
): Promise<Walk> {
  const { files, sha } = source
  const isBounded = coverage !== 'selection'
  if (isBounded && range.to - range.from > (coverage === 'entries' ? BUNDLE_ENTRIES_MAX : BUNDLE_LEAVES_MAX))
    throw tooLarge('the window holds too many entries for this coverage')
  const before =
    isBounded && range.since !== undefined && range.from > range.prunedTo ? await need(files, range.from - 1) : undefined
  const history = new ConfigHistory()
  const walk: Walk = {
    selected: items.map(() => []),
    context: new Set(),
    disclosed: new Map(),
    leaves: [],
    reconciler: new Reconciler({ from: range.from, aliveMs: source.aliveMs, ...(before && { before: before.entry }) }),
    history,
    before: history.state(),
  }
  const decisions = new DecisionFinder(files)
  let bytes = 0
  let count = 0
  for await (const stored of readEntries(files, withState ? 0 : range.from, range.to)) {
    if (stored.index === range.from) walk.before = history.state()
    history.add(stored.entry)
    if (stored.index < range.from) continue
    count++
    walk.reconciler.add(stored.entry)
    decisions.note(stored)
    if (isBounded) walk.leaves.push(leafHash(stored.bytes, sha))
    const isTaken = await take(stored, { items, walk, decisions, wholeFrom: coverage === 'entries' ? range.from : 0 })
    if (!isTaken && coverage !== 'entries') continue
    walk.disclosed.set(stored.index, stored.bytes)
    bytes += stored.bytes.length
    if (walk.disclosed.size > BUNDLE_ENTRIES_MAX || bytes > BUNDLE_BYTES_MAX)
      throw tooLarge(`more than ${BUNDLE_ENTRIES_MAX} entries or ${BUNDLE_BYTES_MAX} bytes`)
  }
  if (walk.selected.reduce((sum, { length }) => sum + length, 0) > SELECTED_MAX)
    throw tooLarge(`the questions select more than ${SELECTED_MAX} entries together`)
  if (range.from === range.to) walk.before = history.state()
  if (count !== range.to - range.from) throw new GatewayError('AUDIT_INVALID', 'entries of the window are missing')
  return walk
}

/** Notes which questions an entry answers, and the decision it is judged by; of one not taken only where everything `wholeFrom` on is disclosed. */
async function take(
  stored: StoredEntry,
  { items, walk, decisions, wholeFrom }: { items: BundleWish['items']; walk: Walk; decisions: DecisionFinder; wholeFrom: number },
): Promise<boolean> {
  let isTaken = false
  for (const [i, { query }] of items.entries()) {
    const named = judgedBy(query, stored.entry)
    const decision = await decisions.find(named)
    const isSelected = selects(query, stored.entry, decision?.entry)
    if (decision && (isSelected || decision.index < wholeFrom)) walk.context.add(decision.index)
    if (!isSelected) continue
    isTaken = true
    walk.selected[i]?.push(stored.index)
  }
  return isTaken
}

/** The window as a bundle says it: a time that an index narrows further bounds nothing, so it is left out. */
function windowSaid({ since, until, from, to }: BundleWish['window'], range: IndexRange): BundleManifest['window'] {
  return {
    ...(since === undefined || range.from === from ? {} : { since }),
    ...(until === undefined || range.to === to ? {} : { until }),
    ...range,
  }
}

function manifestOf(made: {
  readonly wish: BundleWish
  readonly source: BundleSource
  readonly window: BundleManifest['window']
  readonly walk: Walk
  readonly log: Checkpoint & { readonly prunedTo: number }
}): BundleManifest {
  const { wish, source, window, walk, log } = made
  const population = walk.reconciler.report()
  const after = walk.history.state()
  const state = { before: walk.before, after, beforeHash: configHash(walk.before), afterHash: configHash(after) }
  const exceptions = population.gaps.map(({ kind, from, to }) => `${kind} between entries ${from} and ${to}`)
  if (log.prunedTo > 0) exceptions.push(`entries before ${log.prunedTo} were pruned`)
  const items = wish.items.map((item, i) => ({
    ...item,
    sample: 'full' as const,
    selected: walk.selected[i] ?? [],
    exceptions,
  }))
  const chosen = new Set(items.flatMap(({ selected }) => selected))
  return {
    format: 'sallyport.bundle/v1',
    createdAt: new Date(source.nowMs).toISOString(),
    software: source.software,
    log: { ...log, root: toHex(log.root) },
    window,
    coverage: wish.coverage,
    population,
    aliveMs: source.aliveMs,
    ...(wish.withState ? { state } : {}),
    items,
    context: [...walk.context].filter((index) => !chosen.has(index)).sort((a, b) => a - b),
    boundary: wish.coverage === 'selection' ? [] : boundaryOf(window, log),
    purpose: wish.purpose,
    files: {},
  }
}

/** Lists every file, signs the list, and looks at the result as an outsider does. */
async function signed(
  files: Map<string, Uint8Array>,
  draft: BundleManifest,
  source: BundleSource,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const sha = source.sha ?? sha256
  const listed = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => [path, toHex(sha(bytes))] as const)
  const manifest = BundleManifest.parse({ ...draft, files: Object.fromEntries(listed) })
  const bytes = utf8(`${JSON.stringify(manifest, undefined, 2)}\n`)
  const statement = makeStatement({
    subject: [{ name: MANIFEST_FILE, digest: { sha256: toHex(sha(bytes)) } }],
    verifier: `urn:sallyport:verifier:${source.software}`,
    time: manifest.createdAt,
    properties: propertiesOf(manifest),
  })
  const payload = utf8(JSON.stringify(statement))
  const envelope = await seal({ payloadType: STATEMENT_TYPE, payload }, source.key, source.sign)
  files.set(MANIFEST_FILE, bytes)
  files.set(STATEMENT_FILE, utf8(`${JSON.stringify(envelope)}\n`))
  const report = verifyBundle(files, { keys: source.keys, sha })
  if (report.ok) return files
  throw new GatewayError('AUDIT_INVALID', `the log does not bear the bundle out: ${report.problem?.code}`)
}

/** The newest checkpoint that witnesses cosigned, and the proof that the bundle's contains it. */
async function addCosigned(
  files: Map<string, Uint8Array>,
  { cosigned, key, keys }: BundleSource,
  { checkpoint, nodes }: { readonly checkpoint: Checkpoint; readonly nodes: Nodes },
): Promise<void> {
  const old = cosigned === undefined ? undefined : verifyCheckpoint(cosigned, { origin: key.name, keys })
  if (cosigned === undefined || old === undefined || 'fault' in old || old.size > checkpoint.size) return
  files.set(COSIGNED_FILE, utf8(cosigned))
  files.set(CONSISTENCY_FILE, lines(await consistencyProof(old.size, checkpoint.size, nodes)))
}

/** Proofs of neighbouring entries share most of their nodes. */
function remembered({ read, ...nodes }: Nodes): Nodes {
  const known = new Map<string, Promise<Uint8Array>>()
  return {
    ...nodes,
    read(level, index) {
      const name = `${level}/${index}`
      const found = known.get(name) ?? read(level, index)
      if (known.size < NODES_MAX) known.set(name, found)
      return found
    },
  }
}

async function need(read: ReadFile, index: number): Promise<StoredEntry> {
  const stored = await readOne(read, index)
  if (!stored) throw new GatewayError('AUDIT_INVALID', 'an entry that the checkpoint covers is missing')
  return stored
}

function lines(hashes: readonly Uint8Array[]): Uint8Array {
  return utf8(hashes.map((hash) => `${toBase64(hash)}\n`).join(''))
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES)
  hashes.forEach((hash, i) => bytes.set(hash, i * HASH_BYTES))
  return bytes
}

function tooLarge(why: string): GatewayError {
  return new GatewayError('REQUEST_PARAMS', `the bundle would be too large: ${why}; narrow the window or the query`)
}
