import {
  firstKept,
  GatewayError,
  isGatewayError,
  readBundle,
  type CursorStore,
  type Entry,
  type Leases,
  type ReadFile,
  type StoredEntry,
  TILE_WIDTH,
} from '@sallyport/core'
import type { OperatorLog } from './operator-log.ts'

/** The log as a follower needs it. */
export interface FollowedLog {
  readonly files: ReadFile
  size(): Promise<number>
  onCheckpoint(listener: () => void): () => void
}

export interface FollowOptions {
  /** Names the cursor and the lease; lower case letters, digits, dots and dashes. */
  readonly name: string
  readonly log: FollowedLog
  readonly cursors: CursorStore
  /** Only who holds the lease delivers: one replica of many. */
  readonly leases: Leases
  /** Resolves once the destination has the batch for good. It gets the same entries again when it rejects, or after a crash. */
  readonly deliver: (batch: readonly StoredEntry[], signal: AbortSignal) => Promise<void>
  /**
   * Records that entries `from` (inclusive) to `to` (exclusive) will never be delivered. The cursor moves once it resolves, so a
   * crash in between records the range twice and never not at all.
   */
  readonly onSkip: (skipped: Skipped) => Promise<void>
  /** Further behind than this is too far. */
  readonly behindMax: number
  /** `wait`: nothing is ever left out. `drop`: what is too far behind, and what the destination refuses for good, is. */
  readonly onOverflow: 'wait' | 'drop'
  /** Told once when it falls too far behind, and again when that happens anew. */
  readonly onBehind: (entries: number) => void
  readonly random: () => number
  readonly nowMs: () => number
  readonly operatorLog: OperatorLog
  /** Most entries of one batch; `BATCH_ENTRIES_MAX` unless set. */
  readonly entriesMax?: number
  /** Longest wait after a failure. */
  readonly backoffMsMax?: number
}

export interface Skipped {
  readonly from: number
  readonly to: number
  readonly reason: 'overflow' | 'refused' | 'pruned'
}

export interface FollowerStatus {
  /** `waiting`: another replica holds the lease. */
  readonly state: 'following' | 'retrying' | 'waiting'
  /** Index of the next entry to deliver; absent until the lease is held. */
  readonly next?: number
  /** Durable entries not yet delivered, as far as known. */
  readonly lag: number
  /** Entries delivered by this process, repetitions included. */
  readonly delivered: number
  readonly skipped: number
  readonly failures: number
  /** What the last failure was, in words without secrets. */
  readonly problem?: string
  /** When a batch was last accepted, Unix milliseconds. */
  readonly deliveredMs?: number
}

export interface Follower {
  status(): FollowerStatus
  /** Ends a delivery under way and gives the lease back. */
  close(): Promise<void>
}

/** Most entries of one batch; two bundles at most are in memory. */
export const BATCH_ENTRIES_MAX = 256
/** Most bytes of leaves in one batch, unless a single entry has more. */
export const BATCH_BYTES_MAX = 1_048_576
/** A new entry is looked for this often, besides at every checkpoint. */
const POLL_MS = 250
const LEASE_MS = 30_000
/** A delivery that takes longer is given up, well before the lease runs out. */
const DELIVER_MS_MAX = 20_000
const BACKOFF_MS_MIN = 100
const BACKOFF_MS_MAX = 30_000

/**
 * Delivers the durable entries of a log in order, from where the cursor stands: at least once each, also across crashes of either
 * side. Retries for ever with growing waits. Holds one batch in memory.
 */
export function followLog(options: FollowOptions): Follower {
  const { name, log, cursors, leases, random } = options
  const ended = new AbortController()
  const status = { state: 'waiting' as FollowerStatus['state'], lag: 0, delivered: 0, skipped: 0, failures: 0 }
  const place: { next?: number; problem?: string; deliveredMs?: number } = {}
  const entriesMax = options.entriesMax ?? BATCH_ENTRIES_MAX
  let batchMax = entriesMax
  let failedInARow = 0
  let isBehind = false
  let wake: () => void = () => undefined
  const stopListening = log.onCheckpoint(() => wake())
  const running = run()
  return {
    status: () => ({ ...status, ...place }),
    async close() {
      ended.abort()
      wake()
      await running
      stopListening()
      await leases.release(name)
    },
  }

  async function run(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        const hasMoved = await step()
        failedInARow = 0
        if (!hasMoved) await pause(POLL_MS)
      } catch (error) {
        if (ended.signal.aborted) return
        await failed(error)
      }
    }
  }

  /** Delivers one batch. `false` when there was nothing to do. */
  async function step(): Promise<boolean> {
    if (!(await leases.hold(name, LEASE_MS))) {
      status.state = 'waiting'
      delete place.next
      return false
    }
    // While the lease was held nobody else moved the cursor.
    place.next ??= await cursors.get(name)
    if (status.state === 'waiting') status.state = 'following'
    const size = await log.size()
    status.lag = Math.max(0, size - place.next)
    await checkLag(place.next, size)
    if (place.next >= size) return false
    const batch = await readBatch(log.files, { from: place.next, to: Math.min(size, place.next + batchMax) })
    const [first] = batch
    if (first === undefined) return await skipPruned(place.next)
    await options.deliver(batch, AbortSignal.any([ended.signal, AbortSignal.timeout(DELIVER_MS_MAX)]))
    status.state = 'following'
    delete place.problem
    place.deliveredMs = options.nowMs()
    status.delivered += batch.length
    batchMax = Math.min(entriesMax, batchMax * 2)
    await moveTo(first.index + batch.length)
    status.lag = Math.max(0, size - first.index - batch.length)
    return true
  }

  async function moveTo(next: number): Promise<void> {
    // Unset while nobody knows whether it was stored.
    delete place.next
    await cursors.set(name, next)
    place.next = next
  }

  async function skip(skipped: Skipped): Promise<void> {
    await options.onSkip(skipped)
    status.skipped += skipped.to - skipped.from
    await moveTo(skipped.to)
  }

  async function checkLag(next: number, size: number): Promise<void> {
    const behind = size - next
    if (behind > options.behindMax && !isBehind) {
      isBehind = true
      options.onBehind(behind)
    }
    if (behind <= options.behindMax / 2) isBehind = false
    if (options.onOverflow === 'drop' && behind > options.behindMax)
      // Down to half of what is allowed, so that a slow destination makes few ranges and not one for each entry.
      await skip({ from: next, to: size - Math.floor(options.behindMax / 2), reason: 'overflow' })
  }

  /** Retention may let entries go that were never delivered. */
  async function skipPruned(next: number): Promise<boolean> {
    const kept = await firstKept(log.files)
    if (kept <= next) throw new GatewayError('AUDIT_INVALID', 'a durable entry cannot be read')
    await skip({ from: next, to: kept, reason: 'pruned' })
    return true
  }

  async function failed(error: unknown): Promise<void> {
    status.state = 'retrying'
    status.failures++
    failedInARow++
    place.problem = isGatewayError(error) ? error.message : 'a bug; see the gateway’s own log'
    if (failedInARow === 1) options.operatorLog(`${name} could not deliver`, error)
    const { next } = place
    // One entry may be what the destination cannot take, or all of them more than it can in time: smaller batches find out.
    if (batchMax > 1) batchMax = Math.ceil(batchMax / 4)
    else if (isGatewayError(error) && error.code === 'SINK_REJECTED' && options.onOverflow === 'drop' && next !== undefined)
      await skip({ from: next, to: next + 1, reason: 'refused' }).catch(() => undefined)
    const most = Math.min(options.backoffMsMax ?? BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(20, failedInARow - 1))
    await pause(most / 2 + (random() * most) / 2, false)
  }

  /** Ends early when the log grows, unless it is a wait after a failure. */
  function pause(ms: number, isWoken: boolean = true): Promise<void> {
    return new Promise((resolve) => {
      if (ended.signal.aborted) return resolve()
      const timer = setTimeout(done, ms)
      ended.signal.addEventListener('abort', done, { once: true })
      if (isWoken) wake = done
      function done(): void {
        clearTimeout(timer)
        ended.signal.removeEventListener('abort', done)
        wake = () => undefined
        resolve()
      }
    })
  }
}

/** Entries from `from` on, up to `to` or until they are `BATCH_BYTES_MAX` large; none when they are gone. */
async function readBatch(files: ReadFile, { from, to }: { readonly from: number; readonly to: number }): Promise<StoredEntry[]> {
  const batch: StoredEntry[] = []
  let bytes = 0
  for (let n = Math.floor(from / TILE_WIDTH); n * TILE_WIDTH < to; n++) {
    const bundle = await readBundle(files, n)
    for (const [i, leaf] of bundle?.entries.slice(0, TILE_WIDTH).entries() ?? []) {
      const index = n * TILE_WIDTH + i
      if (index < from || index >= to) continue
      bytes += leaf.length
      if (batch.length > 0 && bytes > BATCH_BYTES_MAX) return batch
      batch.push({ index, bytes: leaf, entry: decode(leaf) })
    }
    if ((bundle?.entries.length ?? 0) < TILE_WIDTH) break
  }
  return batch
}

/** The native decoder is several times as fast as the one of `core`, and every follower reads every entry. */
function decode(leaf: Uint8Array): Entry {
  try {
    return JSON.parse(Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).toString('utf8')) as Entry
  } catch (cause) {
    throw new GatewayError('AUDIT_INVALID', 'an entry of the log is not readable', { cause })
  }
}
