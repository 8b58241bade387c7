import {
  configAt,
  makeBundle,
  mergeNotes,
  parseCheckpoint,
  parseNote,
  readEntries,
  readOne,
  Reconciler,
  searchLog,
  windowOf,
  type BundleWish,
  type ConfigState,
  type Entry,
  type IndexRange,
  type LogQuery,
  type Reconciliation,
} from '@sallyport/core'
import { checkpointNow } from './checkpoint-now.ts'
import type { CompletenessConfig } from './config-completeness.ts'
import type { Keyring } from './log-keyring.ts'
import type { LogStore } from './log-store.ts'
import { sha256Native } from './sha256-native.ts'
import type { CosignedRecord } from './state-records.ts'
import { writeZip } from './zip.ts'

/** Longest that a first page is looked for: whoever waits for it is told how far the look came. */
const FIRST_PAGE_MS_MAX = 250
/** Entries that are looked at in any case. */
const LOOKED_AT_MIN = 256
/** Most bytes of entries in one answer; the rest is asked for from where it ends. */
const ANSWER_BYTES_MAX = 32 * 1_048_576

/** What of the matches is wanted. */
export interface SearchWish {
  readonly limit: number
  /** Ends with the page, or after a moment, instead of counting all matches: a long log is not read to its end for a page. */
  readonly isFirstPage?: boolean
}

export interface SearchAnswer {
  /** Entries that were looked at. */
  readonly range: IndexRange
  /** Matches among them, by type of entry. */
  readonly counts: Readonly<Record<Entry['type'], number>>
  readonly entries: readonly Entry[]
  /** Index to go on from, when there may be more. */
  readonly next?: number
}

/** What auditors ask of the log, besides reading and verifying it. */
export interface LogEvidence {
  /** The first `limit` matches are given, oldest first. */
  search(query: LogQuery, wish: SearchWish): Promise<SearchAnswer>
  /** A bundle as a ZIP archive. @throws GatewayError `REQUEST_PARAMS` when it would be too large, `AUDIT_INVALID` */
  bundle(wish: BundleWish): Promise<Uint8Array>
  /** Whether what was decided and what became of it agree. */
  completeness(window: BundleWish['window']): Promise<{ readonly range: IndexRange; readonly report: Reconciliation }>
  /** What was in force at a time, RFC 3339 UTC with milliseconds. */
  configAt(time: string): Promise<{ readonly state: ConfigState; readonly hash: string }>
}

export interface EvidenceDeps {
  readonly log: Pick<LogStore, 'checkpoint' | 'files' | 'head' | 'key' | 'size'>
  readonly keyring: Pick<Keyring, 'keys' | 'history'>
  /** Ed25519 by the key that signs checkpoints. */
  readonly sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>
  readonly cosigned: () => readonly Pick<CosignedRecord, 'note'>[]
  readonly completeness: Pick<CompletenessConfig, 'aliveMs'>
  readonly software: string
  readonly nowMs: () => number
}

export function openEvidence({ log, keyring, sign, cosigned, completeness, software, nowMs }: EvidenceDeps): LogEvidence {
  const { files, key } = log
  const { aliveMs } = completeness
  return {
    async search(query, { limit, isFirstPage = false }) {
      const range = await windowOf(files, query, await log.size())
      const counts = { decision: 0, outcome: 0, unknown: 0, refusal: 0, admin: 0, evaluation: 0 }
      const entries: Entry[] = []
      const endMs = isFirstPage ? nowMs() + FIRST_PAGE_MS_MAX : Infinity
      let bytes = 0
      let next: number | undefined
      let to = range.to
      const isOver = (index: number): boolean => {
        // However slow the store is, whoever goes on from `next` gets on.
        const isSlow = index >= range.from + LOOKED_AT_MIN && nowMs() > endMs
        const over = isFirstPage && (next !== undefined || isSlow)
        if (over) to = index
        return over
      }
      for await (const found of searchLog(files, { ...query, ...range }, { holds, isOver })) {
        bytes += found.bytes.length
        const fits = next === undefined && entries.length < limit && (bytes <= ANSWER_BYTES_MAX || entries.length === 0)
        if (fits) entries.push(found.entry)
        else next ??= found.index
        if (fits || !isFirstPage) counts[found.entry.type]++
        if (isFirstPage && entries.length === limit) next ??= found.index + 1
      }
      if (to < range.to) next ??= to
      if (next !== undefined && next >= range.to) next = undefined
      return { range: { from: range.from, to }, counts, entries, ...(next === undefined ? {} : { next }) }
    },

    async bundle(wish) {
      const note = await checkpointNow(log)
      const witnessed = newestOf(cosigned())
      const merged = witnessed === undefined ? undefined : mergeNotes([note, witnessed])
      const bundle = await makeBundle(wish, {
        files,
        checkpoint: merged ?? note,
        ...(merged === undefined && witnessed !== undefined ? { cosigned: witnessed } : {}),
        key,
        keys: keyring.keys,
        ...(keyring.history === '' ? {} : { keyHistory: keyring.history }),
        sign,
        nowMs: nowMs(),
        software,
        aliveMs,
        sha: sha256Native,
      })
      return writeZip(bundle)
    },

    async completeness(window) {
      const range = await windowOf(files, window, await log.size())
      const before = range.from === 0 ? undefined : await readOne(files, range.from - 1)
      const reconciler = new Reconciler({
        from: range.from,
        ...(before && { before: before.entry }),
        ...(range.from > 0 && { aliveMs }),
      })
      for await (const { entry } of readEntries(files, range.from, range.to)) reconciler.add(entry)
      return { range, report: reconciler.report() }
    },

    configAt: (time) => configAt(readEntries(files), time),
  }
}

function holds(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(text)
}

/** The cosignatures of the newest checkpoint that most witnesses agree on, in one note. */
function newestOf(records: readonly Pick<CosignedRecord, 'note'>[]): string | undefined {
  const groups = new Map<string, string[]>()
  for (const { note } of records) {
    const text = note === undefined ? undefined : parseNote(note)?.text
    if (note !== undefined && text !== undefined) groups.set(text, [...(groups.get(text) ?? []), note])
  }
  const sizeOf = (text: string): number => parseCheckpoint(text)?.size ?? 0
  const [best] = [...groups].toSorted(([a, one], [b, other]) => other.length - one.length || sizeOf(b) - sizeOf(a))
  return best && mergeNotes(best[1])
}
