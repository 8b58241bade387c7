import type { Queries } from './open-pool.ts'

/** How often a replica says that it is there. */
const BEAT_MS = 1_000
/** A pause between two beats that is no pause yet. */
const GAP_MS_MAX = 3 * BEAT_MS

export interface ReplicaOptions {
  readonly database: Queries
  readonly id: string
  /** A clock that never goes back, also counting while this process is stopped. */
  readonly monotonicMs: () => number
  /** Called once when the others gave this replica up: it must not go on under its name. */
  readonly onGivenUp: () => void
}

/** This process among the gateways over one database. */
export interface Replica {
  readonly id: string
  /** Whether it has been heard without a gap for so long. */
  isSteady(ms: number): boolean
  close(): Promise<void>
}

/** Registers a replica and keeps it alive. @throws GatewayError `STORE_UNAVAILABLE` */
export async function startReplica({ database, id, monotonicMs, onGivenUp }: ReplicaOptions): Promise<Replica> {
  let isBeating = false
  let isClosed = false
  /** Since when there was no gap. */
  let steadyMs = monotonicMs()
  let heardMs = steadyMs
  await database.query('SELECT sallyport.beat_replica($1)', [id])
  const timer = setInterval(() => {
    if (isBeating) return
    isBeating = true
    beat()
      .catch(() => undefined)
      .finally(() => {
        isBeating = false
      })
  }, BEAT_MS)
  timer.unref()

  async function beat(): Promise<void> {
    const sentMs = monotonicMs()
    const { rows } = await database.query<{ alive: boolean }>('SELECT sallyport.beat_replica($1) AS alive', [id])
    if (sentMs - heardMs > GAP_MS_MAX) steadyMs = sentMs
    heardMs = sentMs
    if (rows[0]?.alive === true || isClosed) return
    clearInterval(timer)
    onGivenUp()
  }

  return {
    id,
    isSteady: (ms) => monotonicMs() - heardMs <= GAP_MS_MAX && heardMs - steadyMs >= ms,
    async close() {
      isClosed = true
      clearInterval(timer)
      await database.query('SELECT sallyport.end_replica($1)', [id]).catch(() => undefined)
    },
  }
}
