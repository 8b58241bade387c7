import { monitorEventLoopDelay } from 'node:perf_hooks'
import { exposition } from '../metrics/exposition.ts'
import { listenMetrics } from '../metrics/listen.ts'
import type { SinksView } from '../sinks-view.ts'
import type { Stores } from './stores.ts'

const RESOLUTION_MS = 20
const NANOS_PER_MS = 1e6

/** Opens `/metrics` where it is configured. @returns Longest delay of the event loop since it was asked last, in milliseconds. */
export async function openMetrics(
  stores: Stores,
  running: { readonly sinks: SinksView; readonly streams: () => number },
): Promise<() => number> {
  const { loaded, state, standing, bytes, counters, nowMs, closing } = stores
  const [scraped, watched] = [
    monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
    monitorEventLoopDelay({ resolution: RESOLUTION_MS }),
  ]
  scraped.enable()
  watched.enable()
  closing.push(() => void [scraped.disable(), watched.disable()])
  const startedMs = nowMs()
  const { metrics } = loaded.config
  if (metrics) {
    const listener = await listenMetrics(metrics, async () => {
      const report = standing.report()
      const quantile = (share: number): number => Math.max(0, scraped.percentile(share * 100) / NANOS_PER_MS - RESOLUTION_MS)
      const loopDelayMs = { '0.5': quantile(0.5), '0.99': quantile(0.99), '1': quantile(1) }
      scraped.reset()
      return exposition(counters, {
        entries: await standing.sizes(),
        ...(report && { witnessOverdue: report.isOverdue }),
        sinks: running.sinks.status(),
        streams: running.streams(),
        bytesInFlight: bytes.used(),
        isolatedAgents: state.agents().filter(({ isolated }) => isolated !== undefined).length,
        residentBytes: process.memoryUsage.rss(),
        startedMs,
        loopDelayMs,
      })
    })
    closing.push(() => listener.close())
  }
  return () => {
    const ms = Math.max(0, watched.max / NANOS_PER_MS - RESOLUTION_MS)
    watched.reset()
    return ms
  }
}
