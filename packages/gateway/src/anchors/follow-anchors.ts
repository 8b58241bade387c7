import { isGatewayError, type CursorStore, type Leases } from '@sallyport/core'
import type { Anchor, AnchorReport } from '../anchor.ts'
import type { LogStore } from '../log-store.ts'
import type { OperatorLog } from '../operator-log.ts'
import type { SystemAct } from '../system-entries.ts'

export interface FollowAnchorsDeps {
  readonly log: Pick<LogStore, 'head' | 'files' | 'onCheckpoint'>
  /** Each with the shortest time between two checkpoints it is given. */
  readonly anchors: readonly { readonly anchor: Anchor; readonly everyMs: number }[]
  readonly leases: Leases
  readonly cursors: CursorStore
  readonly record: (act: SystemAct) => void
  readonly report: OperatorLog
  readonly nowMs: () => number
  /** Wait after a first failure; doubled with each that follows. */
  readonly retryMs?: number
}

export interface Anchoring {
  reports(): readonly AnchorReport[]
  /** Entries that every anchor covers; `undefined` while that is not known. */
  size(): number | undefined
  close(): Promise<void>
}

/** How long a replica keeps an anchor to itself without a sign of life. */
const LEASE_MS = 600_000
const RETRY_MS = 5_000
const RETRY_MS_MAX = 600_000

/** Gives checkpoints to anchors from outside the path of an act: the newest one there is, no more often than configured. */
export function followAnchors(deps: FollowAnchorsDeps): Anchoring {
  const followed = deps.anchors.map((one) => followOne(one, deps))
  return {
    reports: () => followed.map(({ report }) => report()),
    size() {
      const sizes = followed.map(({ covered }) => covered())
      return sizes.some((size) => size === undefined) ? undefined : Math.min(...sizes.map((size) => size ?? 0))
    },
    close: async () => void (await Promise.all(followed.map(({ close }) => close()))),
  }
}

function followOne({ anchor, everyMs }: FollowAnchorsDeps['anchors'][number], deps: FollowAnchorsDeps) {
  const { log, leases, cursors, record, nowMs, retryMs = RETRY_MS } = deps
  const name = `anchor.${anchor.id}`
  let covered: number | undefined
  let atMs: number | undefined
  let problem: string | undefined
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  let running: Promise<void> = Promise.resolve()

  async function once(): Promise<void> {
    covered ??= await cursors.get(name)
    const { note, size, rootHex } = log.head()
    if (size <= covered || !(await leases.hold(name, LEASE_MS))) return
    // Another replica may have been faster.
    covered = Math.max(covered, await cursors.get(name))
    if (size <= covered) return
    await anchor.anchor({ note, head: { size, rootHex }, files: log.files, since: covered })
    await cursors.set(name, size)
    covered = size
    atMs = nowMs()
    failures = 0
    if (problem !== undefined) record({ verb: 'anchor.recovered', target: anchor.id, detail: { size } })
    problem = undefined
  }

  async function attempt(): Promise<void> {
    try {
      await once()
      schedule(everyMs)
    } catch (error) {
      const code = isGatewayError(error) ? error.code : 'INTERNAL'
      // One entry for each new trouble: the log must not grow because of what keeps it from being anchored.
      if (problem !== code) record({ verb: 'anchor.failed', target: anchor.id, detail: { code } })
      problem = code
      deps.report(`anchor ${anchor.id} did not take the checkpoint`, error)
      schedule(Math.min(RETRY_MS_MAX, retryMs * 2 ** failures++))
    }
  }

  function schedule(inMs: number): void {
    if (isClosed) return
    clearTimeout(timer)
    timer = setTimeout(look, inMs)
    timer.unref()
  }
  function look(): void {
    timer = undefined
    running = running.then(attempt)
  }
  // The first checkpoint after a quiet time need not wait for the timer.
  const stop = log.onCheckpoint(() => {
    if (problem === undefined && nowMs() - (atMs ?? 0) >= everyMs && timer !== undefined) schedule(0)
  })
  schedule(0)

  return {
    report: (): AnchorReport => ({
      id: anchor.id,
      size: covered ?? 0,
      ...(atMs !== undefined && { atMs }),
      ...(problem !== undefined && { problem }),
    }),
    covered: () => covered,
    async close(): Promise<void> {
      isClosed = true
      clearTimeout(timer)
      stop()
      await running
      await anchor.close()
      await leases.release(name)
    },
  }
}
