import { GatewayError, type StateDelta, type StateStore } from '@sallyport/core'

/** How often a shared state is asked for what others committed. */
const STATE_POLL_MS = 75
/** How long an answer allows acts, counted from when it was asked for: the bound of isolation over all replicas. */
export const STATE_LEASE_MS = 250

export interface FollowOptions {
  readonly store: Pick<StateStore, 'since'>
  /** Takes an answer over; its failure loses the lease as a lost connection does. */
  readonly absorb: (delta: StateDelta) => void
  /** A clock that never goes back, also counting while this process is stopped. */
  readonly monotonicMs: () => number
  /** Called when the lease ran out: what this replica knows is too old to act on. */
  readonly onLost: () => void
}

/** Keeps a mirror of a shared state fresh. */
export interface Following {
  /** Waits until everything committed before this call is known. @throws GatewayError `STORE_UNAVAILABLE` */
  refresh(): Promise<void>
  /** @throws GatewayError `STORE_STALE` when the last answer is too old to act on */
  requireFresh(): void
  /** Forgets the lease: something is known to be missing. */
  lose(): void
  stop(): void
}

/** Starts to ask again and again, from the first answer on; one question at a time. */
export function followState({ store, absorb, monotonicMs, onLost }: FollowOptions, first: StateDelta): Following {
  let revision = first.revision
  let leaseEndMs = -Infinity
  let isLost = false
  let asking: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function ask(): Promise<void> {
    const sentMs = monotonicMs()
    const delta = await store.since(revision)
    absorb(delta)
    revision = delta.revision
    leaseEndMs = sentMs + STATE_LEASE_MS
    isLost &&= monotonicMs() >= leaseEndMs
  }

  /** An answer under way may have been asked for too early; everybody who comes meanwhile shares the next one. */
  function refresh(): Promise<void> {
    if (asking === undefined) {
      asking = ask().finally(() => {
        asking = undefined
      })
      return asking
    }
    next ??= asking
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return refresh()
      })
    return next
  }

  function look(): void {
    if (monotonicMs() < leaseEndMs || isLost) return
    isLost = true
    onLost()
  }

  const timer = setInterval(() => {
    look()
    if (asking === undefined) refresh().catch(() => undefined)
  }, STATE_POLL_MS)
  timer.unref()
  return {
    refresh,
    requireFresh() {
      if (monotonicMs() >= leaseEndMs) throw new GatewayError('STORE_STALE', 'this replica has no fresh state; nothing may happen')
    },
    lose() {
      leaseEndMs = -Infinity
    },
    stop: () => clearInterval(timer),
  }
}
