import { defineRule } from '../../define-rule.ts'

/** Suspicious contents of one source within the window that make a drift. */
const SUSPICIOUS_MAX = 5
const WINDOW_MS = 600_000
/** A source that was suspicious within this time before is not new to it. */
const CLEAN_MS = 86_400_000
/** Sources watched at once; the one silent longest is forgotten. */
const SOURCES_MAX = 1_000

export interface Standing {
  readonly times: readonly number[]
  /** When a drift was last told. */
  readonly toldMs: number
}

/** A source that was clean and begins to deliver suspicious content: a poisoned corpus, a swapped model, a captured server. */
export const contentDrift = defineRule({
  id: 'content-drift',
  initial: () => new Map<string, Standing>(),
  step: (state, observation) => {
    if (observation.type !== 'event' || observation.event.type !== 'detection') return []
    const { kind, action, timeMs, source } = observation.event
    const server = action?.server
    if (server === undefined || source === undefined || (kind !== 'injection.detected' && kind !== 'finding.high')) return []
    const before = state.get(server)
    const times = [...(before?.times ?? []), timeMs].filter((at) => at > timeMs - WINDOW_MS)
    const isDrift = times.length >= SUSPICIOUS_MAX && timeMs - (before?.toldMs ?? -Infinity) > CLEAN_MS
    state.delete(server)
    state.set(server, {
      times: times.slice(-SUSPICIOUS_MAX),
      toldMs: times.length >= SUSPICIOUS_MAX ? timeMs : (before?.toldMs ?? -Infinity),
    })
    for (const oldest of state.keys()) {
      if (state.size <= SOURCES_MAX) break
      state.delete(oldest)
    }
    if (!isDrift) return []
    const message = 'a source that was clean keeps delivering suspicious content'
    return [{ class: 'security', severity: 'high', message, subject: server, count: times.length }]
  },
})
