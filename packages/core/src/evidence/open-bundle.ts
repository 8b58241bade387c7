import { fromBase64, sha256, toHex } from '../model/bytes.ts'
import { jcs } from '../model/jcs.ts'
import { parseJson } from '../normalise/parse-json.ts'
import { CHECKPOINT_PATH, verifyCheckpoint, type Checkpoint, type LogKey } from '../record/checkpoint.ts'
import { cosignaturesOf } from '../record/cosignature.ts'
import { deriveLogKeys } from '../record/key-history.ts'
import { parseNoteKey, type NoteKey } from '../record/note.ts'
import { PROOF_BYTES_MAX } from '../record/proof.ts'
import { fromUtf8 } from '../record/text.ts'
import { verifyConsistency } from '../record/tree-verify.ts'
import { HASH_BYTES, type Sha256 } from '../record/tree.ts'
import {
  BundleManifest,
  CONSISTENCY_FILE,
  COSIGNED_FILE,
  KEY_HISTORY_FILE,
  KEYS_FILE,
  MANIFEST_BYTES_MAX,
  MANIFEST_FILE,
  STATEMENT_FILE,
} from './bundle-manifest.ts'
import type { BundleProblem, BundleProblemCode } from './bundle-problems.ts'
import { Envelope, openEnvelope } from './dsse.ts'
import { propertiesOf } from './properties.ts'
import { Statement, STATEMENT_TYPE } from './statement.ts'

/** Files of a bundle, by path. */
export type BundleFiles = ReadonlyMap<string, Uint8Array>

/** What the one who verifies brings along, from somewhere else than the bundle. */
export interface BundleTrust {
  /** Keys of the log, each for its sizes. */
  readonly keys?: readonly LogKey[]
  /** Offline roots that certify the log's keys in the history the bundle holds; instead of `keys`. */
  readonly roots?: readonly NoteKey[]
  readonly witnesses?: readonly NoteKey[]
  /** Of the witnesses, so many must have cosigned. */
  readonly atLeast?: number
  readonly sha?: Sha256
}

/** A bundle whose files are the ones that a key signed for, under a checkpoint of that key. */
export interface OpenBundle {
  readonly files: BundleFiles
  readonly manifest: BundleManifest
  readonly checkpoint: Checkpoint
  /** The signed checkpoint as text. */
  readonly note: string
  /** Trusted witnesses that cosigned, and how many entries of the log that covers. */
  readonly cosigned: { readonly names: readonly string[]; readonly size: number }
  readonly sha: Sha256
}

/** Largest statement read. */
const STATEMENT_BYTES_MAX = 65_536
const KEYS_MAX = 64

export function problem(code: BundleProblemCode, at?: string | number, detail?: string): { problem: BundleProblem } {
  return { problem: { code, ...(at === undefined ? {} : { at }), ...(detail === undefined ? {} : { detail }) } }
}

/** Checks signature, files and checkpoint. */
export function openBundle(files: BundleFiles, trust: BundleTrust): OpenBundle | { readonly problem: BundleProblem } {
  const sha = trust.sha ?? sha256
  const keys = trustedKeys(files, trust)
  if ('problem' in keys) return keys
  const signed = readStatement(files, keys)
  if ('problem' in signed) return signed
  const manifest = readManifest(files, signed.statement, sha)
  if ('problem' in manifest) return manifest
  // A key that was rotated out or revoked may not sign for a log that outgrew it.
  const { size } = manifest.log
  const current = keys.filter(({ from = 0, to = Infinity }) => size >= from && size <= to)
  if ('problem' in readStatement(files, current)) return problem('statement_unsigned', STATEMENT_FILE, 'key_out_of_range')
  const listed = checkFiles(files, manifest, sha)
  if (listed) return listed
  const note = text(files, CHECKPOINT_PATH)
  const { origin } = manifest.log
  // Every key of a log bears its origin as its name, so the key of one log says nothing about another.
  const own = keys.filter(({ name }) => name === origin)
  const checkpoint = note === undefined ? undefined : verifyCheckpoint(note, { origin, keys: own })
  if (note === undefined || checkpoint === undefined || 'fault' in checkpoint)
    return problem('checkpoint_invalid', CHECKPOINT_PATH, checkpoint && 'fault' in checkpoint ? checkpoint.fault : undefined)
  if (checkpoint.size !== manifest.log.size || toHex(checkpoint.root) !== manifest.log.root)
    return problem('manifest_invalid', MANIFEST_FILE, 'another checkpoint')
  const opened = { files, manifest, checkpoint, note, sha, cosigned: { names: [], size: 0 } }
  const cosigned = checkCosigned(opened, trust, own)
  return 'problem' in cosigned ? cosigned : { ...opened, cosigned }
}

function trustedKeys(files: BundleFiles, { keys, roots }: BundleTrust): readonly LogKey[] | { readonly problem: BundleProblem } {
  if (keys !== undefined || roots === undefined) return keys ?? keysIn(files)
  const derived = deriveLogKeys(text(files, KEY_HISTORY_FILE) ?? '', { roots })
  return 'fault' in derived ? problem('keys_invalid', KEY_HISTORY_FILE, derived.fault) : derived.keys
}

/** The bundle's own keys: they show that it fits together, not whose it is. */
function keysIn(files: BundleFiles): LogKey[] {
  const lines = (text(files, KEYS_FILE) ?? '').split('\n').slice(0, KEYS_MAX)
  return lines.map((line) => parseNoteKey(line)).filter((key) => key !== undefined)
}

function readStatement(
  files: BundleFiles,
  keys: readonly LogKey[],
): { readonly statement: Statement } | { readonly problem: BundleProblem } {
  if (!files.has(STATEMENT_FILE)) return problem('file_missing', STATEMENT_FILE)
  const envelope = Envelope.safeParse(json(files, STATEMENT_FILE, STATEMENT_BYTES_MAX))
  if (!envelope.success || envelope.data.payloadType !== STATEMENT_TYPE) return problem('statement_invalid', STATEMENT_FILE)
  const opened = openEnvelope(envelope.data, keys)
  if ('fault' in opened) {
    const codes = {
      malformed: 'statement_invalid',
      unsigned_by_trusted: 'statement_unsigned',
      signature_wrong: 'signature_wrong',
    } as const
    return problem(codes[opened.fault], STATEMENT_FILE)
  }
  const statement = Statement.safeParse(parsed(fromUtf8(opened.payload)))
  return statement.success ? { statement: statement.data } : problem('statement_invalid', STATEMENT_FILE)
}

function readManifest(
  files: BundleFiles,
  { subject, predicate }: Statement,
  sha: Sha256,
): BundleManifest | { readonly problem: BundleProblem } {
  const bytes = files.get(MANIFEST_FILE)
  if (!bytes) return problem('file_missing', MANIFEST_FILE)
  const [only, ...others] = subject
  if (others.length > 0 || only?.name !== MANIFEST_FILE || only.digest.sha256 !== toHex(sha(bytes)))
    return problem('manifest_changed', MANIFEST_FILE)
  const manifest = BundleManifest.safeParse(json(files, MANIFEST_FILE, MANIFEST_BYTES_MAX))
  if (!manifest.success) return problem('manifest_invalid', MANIFEST_FILE)
  const claimed = propertiesOf(manifest.data)
  const { properties, timeCreated } = predicate
  return timeCreated === manifest.data.createdAt && jcs(properties) === jcs(claimed)
    ? manifest.data
    : problem('statement_invalid', STATEMENT_FILE, 'says something else than the manifest')
}

/** Exactly the files listed, each with its hash. */
function checkFiles(files: BundleFiles, manifest: BundleManifest, sha: Sha256): { readonly problem: BundleProblem } | undefined {
  const unlisted = [...files.keys()].find(
    (path) => path !== MANIFEST_FILE && path !== STATEMENT_FILE && !Object.hasOwn(manifest.files, path),
  )
  if (unlisted !== undefined) return problem('file_unlisted', unlisted)
  for (const [path, hash] of Object.entries(manifest.files)) {
    const bytes = files.get(path)
    if (!bytes) return problem('file_missing', path)
    if (toHex(sha(bytes)) !== hash) return problem('file_changed', path)
  }
  return undefined
}

/** Who cosigned the checkpoint, or an earlier one that it contains. */
function checkCosigned(
  { files, manifest, checkpoint, note, sha }: OpenBundle,
  { witnesses = [], atLeast = 0 }: BundleTrust,
  keys: readonly LogKey[],
): OpenBundle['cosigned'] | { readonly problem: BundleProblem } {
  const earlier = text(files, COSIGNED_FILE)
  const old = earlier === undefined ? checkpoint : verifyCheckpoint(earlier, { origin: manifest.log.origin, keys })
  if ('fault' in old) return problem('cosigned_invalid', COSIGNED_FILE, old.fault)
  if (earlier !== undefined) {
    const proof = hashLines(text(files, CONSISTENCY_FILE) ?? '')
    if (!proof || !verifyConsistency({ old, next: checkpoint }, proof, sha)) return problem('cosigned_invalid', CONSISTENCY_FILE)
  }
  const found = cosignaturesOf(earlier ?? note, witnesses)
  if ('fault' in found) return problem('cosignature_wrong', earlier === undefined ? CHECKPOINT_PATH : COSIGNED_FILE)
  if (found.length < atLeast) return problem('policy_unmet', undefined, `${found.length} of ${atLeast}`)
  return { names: found.map(({ name }) => name), size: found.length === 0 ? 0 : old.size }
}

/** Hashes one a line, base64, each line ended; `undefined` when malformed. */
export function hashLines(lines: string): Uint8Array[] | undefined {
  if (lines === '') return []
  if (!lines.endsWith('\n')) return undefined
  const hashes = lines.slice(0, -1).split('\n').map(fromBase64)
  return hashes.every((hash) => hash?.length === HASH_BYTES) ? (hashes as Uint8Array[]) : undefined
}

/** The text of a file; `undefined` when it is missing, no text, or larger than such a file is. */
export function text(files: BundleFiles, path: string, bytesMax: number = PROOF_BYTES_MAX): string | undefined {
  const bytes = files.get(path)
  return bytes && bytes.length <= bytesMax ? fromUtf8(bytes) : undefined
}

function json(files: BundleFiles, path: string, bytesMax: number): unknown {
  return parsed(text(files, path, bytesMax))
}

function parsed(value: string | undefined): unknown {
  try {
    return value === undefined ? undefined : parseJson(value)
  } catch {
    return undefined
  }
}
