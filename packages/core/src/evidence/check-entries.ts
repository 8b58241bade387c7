import type { Entry } from '../model/entry.ts'
import { CHECKPOINT_PATH } from '../record/checkpoint.ts'
import { parseEntry } from '../record/parse-entry.ts'
import { parseProof } from '../record/proof.ts'
import { rangeRoot } from '../record/range-proof.ts'
import { TILE_WIDTH } from '../record/tiles.ts'
import { verifyInclusion } from '../record/tree-verify.ts'
import { HASH_BYTES, leafHash, sameBytes } from '../record/tree.ts'
import {
  BUNDLE_ENTRIES_MAX,
  BUNDLE_LEAVES_MAX,
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
  type BundleManifest,
} from './bundle-manifest.ts'
import type { BundleProblem } from './bundle-problems.ts'
import { hashLines, problem, text, type OpenBundle } from './open-bundle.ts'

/** Disclosed entries by index. */
export type Disclosed = ReadonlyMap<number, Entry>

/** Checks that every disclosed entry is in the log, and that the hashes of the window are all of it. */
export function checkEntries(bundle: OpenBundle): { readonly entries: Disclosed } | { readonly problem: BundleProblem } {
  const { files, manifest, sha } = bundle
  if (!isBounded(manifest)) return problem('window_wrong', MANIFEST_FILE)
  const { log, window } = manifest
  if (log.prunedTo > window.from || log.prunedTo % TILE_WIDTH !== 0)
    return problem('manifest_invalid', MANIFEST_FILE, 'no log is pruned so far')
  const entries = new Map<number, Entry>()
  const leaves = new Map<number, Uint8Array>()
  for (const index of [...disclosedBy(manifest)].sort((a, b) => a - b)) {
    const path = entryFile(index)
    const bytes = files.get(path)
    if (!bytes) return problem('file_missing', path)
    const parsed = parseEntry(bytes)
    if ('fault' in parsed) return problem('entry_invalid', index, parsed.fault)
    if (parsed.entry.index !== index) return problem('entry_invalid', index, 'carries another index')
    entries.set(index, parsed.entry)
    leaves.set(index, leafHash(bytes, sha))
  }
  const bad = checkProofs(bundle, leaves) ?? checkRange(bundle, leaves)
  return bad ?? { entries }
}

/** A window in the log that is no larger than bundles are: everything below counts through it. */
function isBounded({ window: { from, to }, log, coverage }: BundleManifest): boolean {
  const countMax = { selection: Infinity, hashes: BUNDLE_LEAVES_MAX, entries: BUNDLE_ENTRIES_MAX }[coverage]
  return from <= to && to <= log.size && to - from <= countMax
}

/** Every entry whose bytes a bundle must hold. */
export function disclosedBy({ items, context, boundary, coverage, window }: BundleManifest): Set<number> {
  const indexes = provenBy({ items, context, boundary })
  if (coverage === 'entries') for (let index = window.from; index < window.to; index++) indexes.add(index)
  return indexes
}

/** Entries that have a proof file of their own: all but those that only complete a window. */
export function provenBy({ items, context, boundary }: Pick<BundleManifest, 'items' | 'context' | 'boundary'>): Set<number> {
  return new Set([...items.flatMap(({ selected }) => selected), ...context, ...boundary])
}

function checkProofs(
  { files, manifest, note, checkpoint, sha }: OpenBundle,
  leaves: ReadonlyMap<number, Uint8Array>,
): { readonly problem: BundleProblem } | undefined {
  for (const index of provenBy(manifest)) {
    const proof = parseProof(text(files, proofFile(index)) ?? '')
    const leaf = leaves.get(index)
    // The checkpoint was verified once; the same text in every proof needs no second look.
    if (!proof || !leaf || proof.index !== index || proof.checkpoint !== note || !sameBytes(leafHash(proof.entry, sha), leaf))
      return problem('proof_invalid', index)
    if (!verifyInclusion({ leaf, index, size: checkpoint.size, root: checkpoint.root }, proof.hashes, sha))
      return problem('proof_invalid', index)
  }
  return undefined
}

/** Files that every bundle may have. */
const COMMON_FILES = [CHECKPOINT_PATH, KEYS_FILE, KEY_HISTORY_FILE, COSIGNED_FILE, CONSISTENCY_FILE, README_FILE]

/** Nothing lies in a bundle that was not looked at: who opens it may take any file in it for evidence. */
export function checkNeeded(manifest: BundleManifest): { readonly problem: BundleProblem } | undefined {
  const needed = new Set([
    ...COMMON_FILES,
    ...(manifest.coverage === 'selection' ? [] : [LEAVES_FILE, RANGE_FILE]),
    ...[...disclosedBy(manifest)].map(entryFile),
    ...[...provenBy(manifest)].map(proofFile),
  ])
  const stray = Object.keys(manifest.files).find((path) => !needed.has(path))
  return stray === undefined ? undefined : problem('file_unlisted', stray, 'nothing in the bundle calls for it')
}

/** With the hashes of a whole window, nothing in it can be left out, added or moved. */
function checkRange(
  { files, manifest, checkpoint, sha }: OpenBundle,
  disclosed: ReadonlyMap<number, Uint8Array>,
): { readonly problem: BundleProblem } | undefined {
  const { from, to } = manifest.window
  if (manifest.coverage === 'selection' || from === to) return undefined
  const bytes = files.get(LEAVES_FILE) ?? new Uint8Array()
  const proof = hashLines(text(files, RANGE_FILE) ?? '')
  if (bytes.length !== (to - from) * HASH_BYTES || !proof) return problem('range_invalid', LEAVES_FILE)
  const leaves = Array.from({ length: to - from }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
  const root = rangeRoot({ from, to, size: checkpoint.size }, leaves, { proof, sha })
  if (!root || !sameBytes(root, checkpoint.root)) return problem('range_invalid', RANGE_FILE)
  for (const [index, leaf] of disclosed) {
    const own = leaves[index - from]
    if (index >= from && index < to && !(own && sameBytes(own, leaf))) return problem('range_invalid', index)
  }
  return undefined
}
