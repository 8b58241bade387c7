import {
  cosignaturesOf,
  deriveLogKeys,
  GatewayError,
  KEY_HISTORY_BYTES_MAX,
  LogSizes,
  NOTE_BYTES_MAX,
  parseNoteKey,
  parseProof,
  PROOF_BYTES_MAX,
  verifyCheckpoint,
  verifyLog,
  verifyProof,
  witnessedSize,
  type LogKey,
  type NoteKey,
} from '@sallyport/core'
import { logReader, problemOf } from '@sallyport/gateway'
import { z } from 'zod'
import { sizesLine } from '../../describe-entry.ts'
import { shown } from '../../shown.ts'
import { filesOf, readStamps } from './held-elsewhere.ts'
import { readText, statOf } from './read-text.ts'

export const Verified = z.strictObject({
  ok: z.boolean(),
  size: z.int().optional(),
  sizes: LogSizes.optional(),
  rootHash: z.string().optional(),
  entry: z.int().optional().meta({ description: 'Index of the entry, when a proof was verified.' }),
  problem: z.string().optional(),
})
export type Verified = z.infer<typeof Verified>

export interface VerifyFlags {
  readonly log?: string
  readonly proof?: string
  /** File with a public key of the log. */
  readonly key?: string
  /** File with the history of the log's keys. */
  readonly keys?: string
  /** Public key of the offline root. */
  readonly root?: string
  /** Files with checkpoints held elsewhere, or folders of them. */
  readonly known?: readonly string[]
  /** Folder of time stamps, each beside its checkpoint. */
  readonly stamps?: string
  /** File with the roots (PEM) that time stamps must chain to. */
  readonly stampRoots?: string
  /** Public keys of witnesses; each known checkpoint must bear the cosignature of one. */
  readonly witness?: readonly string[]
  /** How many of these witnesses an entry needs; all unless set. */
  readonly atLeast?: number
}

/** Options that say what files are held against, whichever those are. */
const GROUNDS = ['key', 'keys', 'root', 'known', 'stamps', 'stampRoots', 'witness', 'atLeast'] as const

/** Whether files are to be verified. @throws GatewayError `REQUEST_PARAMS` when it is said against what, and not which */
export function isOffline(flags: VerifyFlags): boolean {
  if (flags.proof !== undefined || flags.log !== undefined) return true
  if (GROUNDS.some((name) => flags[name] !== undefined))
    throw new GatewayError(
      'REQUEST_PARAMS',
      'name what to verify with --log or --proof; the gateway verifies its own log by itself',
    )
  return false
}

/** Verifies files alone: no gateway, no home folder, no network. @throws GatewayError `REQUEST_PARAMS` when they cannot be used */
export async function verifyOffline(flags: VerifyFlags): Promise<Verified> {
  if (flags.log !== undefined && flags.proof !== undefined)
    throw new GatewayError('REQUEST_PARAMS', 'verify either --log or --proof')
  const trusted = readTrust(flags)
  if ('problem' in trusted) return { ok: false, problem: trusted.problem }
  const policy = readPolicy(flags)
  if (flags.log === undefined) return verifyProofFile(flags, trusted, policy)
  const held = (flags.known ?? []).flatMap(filesOf).map((file) => readText(file, NOTE_BYTES_MAX))
  const stamped = await readStamps(flags)
  if ('problem' in stamped) return { ok: false, problem: stamped.problem }
  const known = [...held, ...stamped.notes]
  const witnessed = readWitnessed(held, policy, trusted)
  if (typeof witnessed === 'string') return { ok: false, problem: witnessed }
  const report = await verifyLog(logReader(requireFolder(flags.log)), { ...trusted, known })
  const sizes = { durable: report.size, checkpointed: report.checkpointed, ...(witnessed !== undefined && { witnessed }) }
  return { ok: report.ok, size: report.size, sizes, rootHash: report.root, ...problemOf(report) }
}

interface Trusted {
  readonly origin: string
  readonly keys: readonly LogKey[]
}

/** The keys the log had, from what the caller trusts: one of them, or the root that certified the first. */
export function readTrust({ key: file, keys: history, root }: VerifyFlags): Trusted | { readonly problem: string } {
  if (root !== undefined && history === undefined)
    throw new GatewayError('REQUEST_PARAMS', '--root: it vouches for the keys of a history; name that with --keys')
  const key = file === undefined ? undefined : requireKey(readText(file, 10_000), file)
  if (history !== undefined) {
    const roots = root === undefined ? [] : [requireKey(root, '--root')]
    const derived = deriveLogKeys(readText(history, KEY_HISTORY_BYTES_MAX), { ...(key && { first: key }), roots })
    if (!('fault' in derived)) return derived
    return { problem: `the history of keys does not hold: ${derived.fault} at statement ${derived.statement}` }
  }
  if (key === undefined)
    throw new GatewayError('REQUEST_PARAMS', '--key: name the file with the log’s public key, or give --keys with --root')
  return { origin: key.name, keys: [key] }
}

/** Witnesses that the caller trusts, and how many of them must have cosigned. */
interface Policy {
  readonly witnesses: readonly NoteKey[]
  readonly atLeast: number
}

/** @throws GatewayError `REQUEST_PARAMS` when a count is given and nobody to count */
export function readPolicy(flags: Pick<VerifyFlags, 'witness' | 'atLeast'>): Policy {
  const witnesses = (flags.witness ?? []).map((text) => requireKey(text, '--witness', 'cosignature'))
  if (flags.atLeast !== undefined && witnesses.length === 0)
    throw new GatewayError('REQUEST_PARAMS', '--at-least: name the witnesses with --witness')
  return { witnesses, atLeast: flags.atLeast ?? witnesses.length }
}

const POLICY_UNMET = 'fewer of the named witnesses cosigned than asked for'

/** Entries that enough witnesses cosigned, or what is wrong; `undefined` when no witness is named. */
function readWitnessed(known: readonly string[], policy: Policy, trusted: Trusted): number | string | undefined {
  const { witnesses, atLeast } = policy
  if (witnesses.length === 0) return undefined
  const newest = new Map<string, number>()
  for (const note of known) {
    const found = cosignaturesOf(note, witnesses)
    const checkpoint = verifyCheckpoint(note, trusted)
    if ('fault' in found) return `a checkpoint held elsewhere is not usable: ${found.fault}`
    if (found.length === 0) return 'a checkpoint held elsewhere bears no cosignature of a named witness'
    if ('fault' in checkpoint) continue
    for (const { name } of found) newest.set(name, Math.max(newest.get(name) ?? 0, checkpoint.size))
  }
  return witnessedSize([...newest.values()], atLeast) || POLICY_UNMET
}

function verifyProofFile({ proof: file = '', known, stamps }: VerifyFlags, trusted: Trusted, policy: Policy): Verified {
  if (known !== undefined || stamps !== undefined)
    throw new GatewayError('REQUEST_PARAMS', '--known, --stamps: these are held against a log, not against a proof')
  const proof = parseProof(readText(file, PROOF_BYTES_MAX))
  if (proof === undefined) return { ok: false, problem: 'not a proof' }
  const result = verifyProof(proof, trusted)
  const cosigned = cosignaturesOf(proof.checkpoint, policy.witnesses)
  if (result.ok && 'fault' in cosigned) return { ok: false, entry: proof.index, problem: `cosignature: ${cosigned.fault}` }
  if (result.ok && 'length' in cosigned && cosigned.length < policy.atLeast)
    return { ok: false, entry: proof.index, problem: POLICY_UNMET }
  return result.ok
    ? { ok: true, entry: result.entry.index, size: result.checkpoint.size }
    : { ok: false, entry: proof.index, problem: result.fault }
}

export function requireKey(text: string, where: string, algorithm: 'ed25519' | 'cosignature' = 'ed25519'): NoteKey {
  const key = parseNoteKey(text.trim(), algorithm)
  if (key === undefined) throw new GatewayError('REQUEST_PARAMS', `${where}: not a public key of that kind`)
  return key
}

function requireFolder(path: string): string {
  if (statOf(path)?.isDirectory() !== true) throw new GatewayError('REQUEST_PARAMS', `${path}: not a folder`)
  return path
}

/** The verdict in words. */
export function verdict(result: Verified): string {
  if (!result.ok) return `DOES NOT VERIFY: ${shown(result.problem ?? 'unknown')}`
  if (result.entry !== undefined) return `ok  entry ${result.entry} is in the log of ${result.size} entries`
  const held = result.sizes === undefined ? '' : `\n    ${sizesLine(result.sizes)}`
  return `ok  ${result.size} entries  root ${result.rootHash}${held}`
}
