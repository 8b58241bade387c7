import { z } from 'zod'
import { Sha256Hex } from '../model/names.ts'
import { ConfigState } from './config-at.ts'
import { LogQuery } from './log-query.ts'
import { Reconciliation } from './reconcile.ts'

/** Most entries one bundle discloses; a narrower window or query holds the rest. */
export const BUNDLE_ENTRIES_MAX = 10_000
/** Most hashes of a window, 32 bytes each. */
export const BUNDLE_LEAVES_MAX = 1_000_000
/** Most questions one bundle answers. */
export const BUNDLE_ITEMS_MAX = 50
/** Largest manifest read. */
export const MANIFEST_BYTES_MAX = 16 * 1_048_576

export const MANIFEST_FILE = 'manifest.json'
export const STATEMENT_FILE = 'statement.dsse.json'
export const LEAVES_FILE = 'window.leaves'
export const RANGE_FILE = 'window.proof'
export const KEYS_FILE = 'keys.txt'
export const KEY_HISTORY_FILE = 'keys.history'
export const COSIGNED_FILE = 'cosigned'
export const CONSISTENCY_FILE = 'cosigned.proof'
export const README_FILE = 'README.txt'

/** Where the bytes of an entry lie. */
export function entryFile(index: number): string {
  return `entries/${String(index).padStart(12, '0')}.json`
}
/** Where its C2SP tlog-proof lies. */
export function proofFile(index: number): string {
  return `proofs/${String(index).padStart(12, '0')}.proof`
}

const Count = z.int().min(0)
const Time = z.iso.datetime({ precision: 3 })
const Indexes = z.array(Count).max(BUNDLE_ENTRIES_MAX)
const Words = z.string().min(1).max(500)

/** What a bundle proves of the entries it does not disclose. */
export const COVERAGES = {
  selection: { means: 'nothing: the selected entries are authentic, and more of them could exist' },
  hashes: { means: 'how many there are and their exact bytes, by hash: none can be added, and each can be asked for later' },
  entries: { means: 'there are none: every entry of the window is disclosed, so what the query selects can be seen' },
} as const satisfies Record<string, { means: string }>
export type Coverage = keyof typeof COVERAGES

/** One question a bundle answers, and the entries that answer it. */
export const BundleItem = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]{1,64}$/),
  /** Ids of controls the answer is evidence for. */
  controls: z.array(z.string().regex(/^[a-z0-9][a-z0-9.-]{0,63}$/)).max(100),
  /** Kind of evidence, as the control catalogue calls it. */
  evidence: z.string().max(64).optional(),
  /** Asked of the window of the bundle; it has none of its own. */
  query: LogQuery.omit({ since: true, until: true, from: true, to: true }),
  /** Every match is listed; nothing was sampled. */
  sample: z.literal('full'),
  /** Indexes of the entries the query selects. */
  selected: Indexes,
  /** What stands against the answer, in words. */
  exceptions: z.array(Words).max(1_001),
})
export type BundleItem = z.infer<typeof BundleItem>

/** What a bundle holds and what it shows. Its bytes are what is signed. */
export const BundleManifest = z.strictObject({
  format: z.literal('sallyport.bundle/v1'),
  createdAt: Time,
  /** Version of the software that made it; the same version verifies it. */
  software: Words,
  log: z.strictObject({
    origin: Words,
    size: Count,
    root: Sha256Hex,
    /** Entries before this index were pruned; 0 when none were. */
    prunedTo: Count,
  }),
  window: z.strictObject({
    since: Time.optional(),
    until: Time.optional(),
    /** First index, and the one after the last. */
    from: Count,
    to: Count,
  }),
  coverage: z.enum(Object.keys(COVERAGES) as [Coverage, ...Coverage[]]),
  /** All entries of the window, counted by index, and what their reconciliation says. */
  population: Reconciliation,
  /** Interval of signs of life when the window begins. */
  aliveMs: Count,
  /** What was in force when the window began and when it ended. */
  state: z.strictObject({ before: ConfigState, after: ConfigState, beforeHash: Sha256Hex, afterHash: Sha256Hex }).optional(),
  items: z.array(BundleItem).min(1).max(BUNDLE_ITEMS_MAX),
  /** Decisions outside the window that entries in it complete. */
  context: Indexes,
  /** The entries next to the window, which show that its times are right. */
  boundary: z.array(Count).max(2),
  /** Why it was made. */
  purpose: Words,
  /** SHA-256 of every other file but the statement. */
  files: z.record(z.string().max(100), Sha256Hex),
})
export type BundleManifest = z.infer<typeof BundleManifest>
