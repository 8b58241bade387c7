import { setTimeout as wait } from 'node:timers/promises'
import { NOTE } from '../crash/company.ts'
import type { Member } from './fleet.ts'
import { type Seen, startLoad } from './load.ts'
import type { World } from './world.ts'

const WARM_MS = 600
/** How long arrivals are watched for after an isolation. */
const WATCH_MS = 1_200
const CALLERS = 2

export interface Isolation {
  /** From the answer to the one who isolated until the last call that reached the tool server by any gateway; 0 when none did. */
  readonly lastCallMs: number
  /** The same from when the isolation was asked for. */
  readonly lastCallAfterAskedMs: number
  /** How long the isolation itself took. */
  readonly answeredMs: number
  readonly callsBefore: number
}

/** Isolates an agent under load through every gateway. @param meanwhile What else goes on, between the isolation and the last look. */
export async function isolateUnderLoad(
  world: World,
  members: readonly Member[],
  drill: {
    readonly victim: string
    readonly at: Member
    readonly seen: Seen
    readonly before?: () => void
    readonly meanwhile?: () => Promise<void>
  },
): Promise<Isolation> {
  const { victim, at, seen } = drill
  const load = startLoad(members, { agents: [victim], tool: NOTE, callers: CALLERS, mayBeIsolated: true }, seen)
  await wait(WARM_MS)
  drill.before?.()
  const sentMs = performance.now()
  await at.control('bob', 'isolate', { agent: victim, reason: 'drill' })
  const doneMs = performance.now()
  await drill.meanwhile?.()
  await wait(WATCH_MS)
  await load.stop()
  const times = world.arrivals.filter(({ id }) => id.startsWith(`${victim}/`)).map(({ atMs }) => atMs)
  return {
    lastCallMs: Math.max(0, ...times.map((atMs) => atMs - doneMs)),
    lastCallAfterAskedMs: Math.max(0, ...times.map((atMs) => atMs - sentMs)),
    answeredMs: doneMs - sentMs,
    callsBefore: times.filter((atMs) => atMs < doneMs).length,
  }
}
