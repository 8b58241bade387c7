import { type CursorStore, type Leases, sha256Hex } from '@sallyport/core'
import type { ProvidersConfig } from './config-providers.ts'
import type { OperatorLog } from './operator-log.ts'
import { type Lapse, lapsesOf } from './provider-lapses.ts'
import type { SystemAct } from './system-entries.ts'

const EVERY_MS = 3_600_000
const LEASE = 'provider.lapses'
const LEASE_MS = 60_000
const DAY_MS = 86_400_000

export interface FollowLapsesDeps {
  readonly cursors: CursorStore
  /** One replica tells. */
  readonly leases: Leases
  readonly record: (act: SystemAct) => void
  readonly nowMs: () => number
  readonly log: OperatorLog
}

export interface LapseWatch {
  /** Looks at other providers from now on, and at once. */
  reconfigure(providers: ProvidersConfig, days: number): void
  close(): Promise<void>
}

/** Tells in time that an assessment or agreement of a provider ends (R206): once before, and once when it has ended. */
export function followLapses(
  given: { readonly providers: ProvidersConfig; readonly days: number },
  { cursors, leases, record, nowMs, log }: FollowLapsesDeps,
): LapseWatch {
  let watched = given
  let running: Promise<void> = Promise.resolve()
  const look = (): void => {
    running = running.then(tell).catch((error: unknown) => log('nobody could be reminded of what lapses', error))
  }
  const timer = setInterval(look, EVERY_MS)
  timer.unref()
  look()
  return {
    reconfigure(providers, days) {
      watched = { providers, days }
      look()
    },
    async close() {
      clearInterval(timer)
      await running
    },
  }

  async function tell(): Promise<void> {
    const lapses = lapsesOf(watched.providers, { nowMs: nowMs(), days: watched.days })
    if (lapses.length === 0 || !(await leases.hold(LEASE, LEASE_MS))) return
    for (const lapse of lapses) {
      const name = cursorOf(lapse)
      const told = toldOf(lapse)
      if ((await cursors.get(name)) === told) continue
      record({ verb: lapse.isLapsed ? 'provider.lapsed' : 'provider.lapsing', target: lapse.provider, detail: detailOf(lapse) })
      await cursors.set(name, told)
    }
  }
}

/** A renewed date is another one, and what has ended is told again. */
function toldOf({ endsMs = 0, isLapsed }: Lapse): number {
  return Math.max(0, Math.floor(endsMs / DAY_MS)) * 2 + (isLapsed ? 1 : 0)
}

function cursorOf({ provider, what, model = '' }: Lapse): string {
  return `lapse.${sha256Hex(`${provider}\n${what}\n${model}`).slice(0, 32)}`
}

function detailOf({ what, model, endsMs }: Lapse): SystemAct['detail'] {
  return {
    what,
    ...(model !== undefined && { model }),
    ...(endsMs !== undefined && { ends: new Date(endsMs).toISOString() }),
  }
}
