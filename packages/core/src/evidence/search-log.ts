import type { Entry } from '../model/entry.ts'
import { firstKept } from '../record/kept-range.ts'
import type { ReadFile } from '../record/log-files.ts'
import { decodeEntry, readEntries, readLeaves, type StoredEntry } from '../record/read-entries.ts'
import { judgedBy, mustHold, selects, type LogQuery } from './log-query.ts'

/** Most allowed acts remembered while a log is read; the decision of an older one is read again. */
const OPEN_ACTS_MAX = 10_000

/** Indexes `from` (inclusive) to `to` (exclusive). */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** An entry a query takes; for one that is judged by its decision, that decision. */
export interface FoundEntry extends StoredEntry {
  readonly decision?: StoredEntry
}

/**
 * The indexes that a query's window spans in a log of `size` entries, as far as they were not pruned. Times never decrease within
 * a log, so few entries are read, however long it is.
 * @throws GatewayError `AUDIT_INVALID` when an entry is not readable.
 */
export async function windowOf(read: ReadFile, query: LogQuery, size: number): Promise<IndexRange> {
  const first = query.since === undefined ? 0 : await firstNotBefore(read, query.since, size)
  const end = query.until === undefined ? size : await firstNotBefore(read, query.until, size)
  const from = Math.min(size, Math.max(first, query.from ?? 0, await firstKept(read)))
  return { from, to: Math.max(from, Math.min(end, query.to ?? size)) }
}

/** How a log is looked through. */
export interface LookThrough {
  /** Whether the UTF-8 of a text is among bytes; a native search is many times as fast as reading every entry. */
  readonly holds?: (bytes: Uint8Array, text: string) => boolean
  /** Asked before each entry whether to stop there. */
  readonly isOver?: (index: number) => boolean
}

/**
 * Entries of a range that a query takes, oldest first, with one bundle in memory. Reads; does not verify.
 * @throws GatewayError `AUDIT_INVALID` when an entry is not readable.
 */
export async function* searchLog(
  read: ReadFile,
  query: LogQuery & IndexRange,
  { holds, isOver }: LookThrough = {},
): AsyncGenerator<FoundEntry> {
  const decisions = new DecisionFinder(read)
  const needles = holds && mustHold(query)
  for await (const { index, bytes } of readLeaves(read, query.from, query.to)) {
    if (isOver?.(index) === true) return
    if (needles && !needles.every((one) => one.some((text) => holds(bytes, text)))) continue
    const stored = { index, bytes, entry: decodeEntry(bytes) }
    decisions.note(stored)
    const decision = await decisions.find(judgedBy(query, stored.entry))
    if (selects(query, stored.entry, decision?.entry)) yield decision === undefined ? stored : { ...stored, decision }
  }
}

/** Finds the decisions that later entries name while a log is read in order: remembered ones at once, older ones by reading. */
export class DecisionFinder {
  readonly #read: ReadFile
  readonly #open = new Map<number, StoredEntry>()
  #done: number | undefined

  constructor(read: ReadFile) {
    this.#read = read
  }

  /** Takes every entry before the decisions it names are asked for. */
  note(stored: StoredEntry): void {
    if (this.#done !== undefined) this.#open.delete(this.#done)
    const { entry } = stored
    this.#done = entry.type === 'outcome' || entry.type === 'unknown' ? entry.decision : undefined
    if (entry.type !== 'decision' || entry.enforced !== 'allow') return
    this.#open.set(stored.index, stored)
    const [oldest] = this.#open.keys()
    if (this.#open.size > OPEN_ACTS_MAX && oldest !== undefined) this.#open.delete(oldest)
  }

  async find(index: number | undefined): Promise<StoredEntry | undefined> {
    return index === undefined ? undefined : (this.#open.get(index) ?? readOne(this.#read, index))
  }
}

/** Entry `index` with its bytes; `undefined` when the log has none. */
export async function readOne(read: ReadFile, index: number): Promise<StoredEntry | undefined> {
  for await (const stored of readEntries(read, index, index + 1)) return stored
  return undefined
}

/** Index of the first of `size` entries that is not before `time`; `size` when all are. */
async function firstNotBefore(read: ReadFile, time: Entry['time'], size: number): Promise<number> {
  let low = 0
  let high = size
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const stored = await readOne(read, middle)
    // Only pruned entries are missing, and they are older than all others.
    if (stored === undefined || stored.entry.time < time) low = middle + 1
    else high = middle
  }
  return low
}
