import {
  firstKept,
  GAP_KINDS,
  gapName,
  isGatewayError,
  readEntries,
  readOne,
  Reconciler,
  type AuditLog,
  type CursorStore,
  type Gap,
  type Leases,
  type ReadFile,
} from '@sallyport/core'
import type { CompletenessConfig } from './config-completeness.ts'
import type { OperatorLog } from './operator-log.ts'
import { SYSTEM_ACTOR } from './system-entries.ts'

const NAME = 'completeness'
/** A look may take this long before another gateway may begin one. */
const LEASE_MS = 60_000
/** Gaps one look reports; the next goes on. */
const GAPS_MAX = 1_000

export interface ReconcileOptions extends Pick<CompletenessConfig, 'aliveMs' | 'checkMs' | 'openMs'> {
  readonly log: Pick<AuditLog, 'size' | 'append'> & { readonly files: ReadFile }
  readonly leases: Leases
  readonly cursors: CursorStore
  readonly nowMs: () => number
  readonly operatorLog: OperatorLog
}

export interface LogReconciler {
  /** Looks at everything new, now. Returns the gaps that were written down. */
  look(): Promise<readonly Gap[]>
  close(): Promise<void>
}

/**
 * Looks at new entries for gaps and writes each down once, as an `admin` entry `log.gap` whose target names it. The cursor stays
 * before the oldest open act and before every gap not yet written; who begins there again finds the entries of the last look, so
 * nothing is said twice, also after a crash. One gateway of many does it.
 */
export function reconcileLog(options: ReconcileOptions): LogReconciler {
  const { log, leases, cursors, nowMs, checkMs, openMs, aliveMs } = options
  let running: Promise<readonly Gap[]> = Promise.resolve([])
  let place: Place | undefined
  const timer = setInterval(() => void look().catch(report), checkMs)
  timer.unref()
  return {
    look,
    async close() {
      clearInterval(timer)
      await running.catch(() => undefined)
      await leases.release(NAME)
    },
  }

  function report(error: unknown): void {
    options.operatorLog('the log was not looked at for gaps', error)
    if (!isGatewayError(error) || error.code !== 'AUDIT_FORBIDDEN') return
    // Another gateway may be able to read; saying this again and again helps nobody.
    clearInterval(timer)
    leases.release(NAME).catch(() => undefined)
  }

  function look(): Promise<readonly Gap[]> {
    running = running
      .catch(() => [])
      .then(async () => {
        try {
          return await lookOnce()
        } catch (error) {
          // What was found and perhaps not written is found again from the cursor on.
          place = undefined
          throw error
        }
      })
    return running
  }

  async function lookOnce(): Promise<readonly Gap[]> {
    if (!(await leases.hold(NAME, LEASE_MS))) {
      place = undefined
      return []
    }
    place ??= await begin(await cursors.get(NAME))
    const found = await findGaps(place, await log.size())
    for (const gap of found) await log.append(entryOf(gap))
    const next = Math.min(place.end, place.reconciler.oldestOpen ?? place.end)
    if (next > place.stored) await cursors.set(NAME, next)
    place.stored = Math.max(next, place.stored)
    return found
  }

  async function begin(cursor: number): Promise<Place> {
    // What retention removed is no gap.
    const from = Math.max(cursor, await firstKept(log.files))
    const before = from === 0 ? undefined : await readOne(log.files, from - 1)
    const reconciler = new Reconciler({ from, ...(before && { before: before.entry }), ...(from > 0 && { aliveMs }) })
    return { reconciler, told: new Set(), end: from, stored: cursor }
  }

  /** Reads on to `size`: gaps that no entry tells of yet. */
  async function findGaps(at: Place, size: number): Promise<readonly Gap[]> {
    const found: Gap[] = []
    for await (const { entry } of readEntries(log.files, at.end, size)) {
      at.end = entry.index + 1
      if (entry.type === 'admin' && entry.verb === 'log.gap' && entry.target !== undefined) at.told.add(entry.target)
      found.push(...at.reconciler.add(entry).filter(({ kind }) => GAP_KINDS[kind].isAlert && !isSelfTold(kind)))
      if (found.length >= GAPS_MAX) break
    }
    found.push(...at.reconciler.overdue(new Date(nowMs() - openMs).toISOString()))
    return found.filter((gap) => !at.told.has(gapName(gap)))
  }
}

/** How far the log was read, and what is known from there. */
interface Place {
  readonly reconciler: Reconciler
  /** Gaps that entries tell of. */
  readonly told: Set<string>
  end: number
  stored: number
}

/** Whether the entry that shows the gap is itself the alert: no second one is needed. */
function isSelfTold(kind: Gap['kind']): boolean {
  return kind === 'replica' || kind === 'clock'
}

function entryOf(gap: Gap): Parameters<AuditLog['append']>[0] {
  const known = Object.entries(gap).filter((pair): pair is [string, string | number] => pair[1] !== undefined)
  return {
    type: 'admin',
    actor: SYSTEM_ACTOR,
    verb: 'log.gap',
    target: gapName(gap),
    outcome: 'done',
    detail: Object.fromEntries(known),
  }
}
