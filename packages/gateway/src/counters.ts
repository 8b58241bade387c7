import type { EntryBody, HealthSample } from '@sallyport/core'

/** Different values of one label; what comes later counts as `other`. Agents are labels, users and subjects never. */
const LABELS_MAX = 100
/** Upper bounds of latency buckets, in milliseconds. */
export const BUCKETS_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const
const NO_TIMES: readonly number[] = [...BUCKETS_MS, 0].map(() => 0)

/** How long something took, as Prometheus counts it: one bucket for each bound and one above all. */
export interface Histogram {
  readonly counts: readonly number[]
  readonly sumMs: number
}

/** A family of counts by labels joined with a line break. */
export type Counts = ReadonlyMap<string, number>

/** What a gateway counts of its own: infrastructure and behaviour apart, since one says nothing about the other. */
export interface Counters {
  /** Counts an entry that became durable after this long. A few additions: it is on the path of every act. */
  appended(body: EntryBody, tookMs: number): void
  appendStarted(): void
  appendFailed(): void
  /** What happened since the last call. */
  sample(nowMs: number, loopDelayMs: number): HealthSample
  readonly infra: {
    readonly acts: () => Histogram
    readonly appends: () => Histogram
    readonly actFailures: Counts
    readonly appendFailures: () => number
    readonly appendsInFlight: () => number
  }
  readonly behaviour: {
    readonly decisions: Counts
    readonly reasons: Counts
    readonly outcomes: Counts
    readonly findings: Counts
    readonly refusals: Counts
    readonly admin: Counts
    readonly alerts: Counts
  }
}

export function openCounters(): Counters {
  const [acts, appends, recent] = [histogram(), histogram(), histogram()]
  const families = Array.from({ length: 8 }, () => family())
  const [decisions, reasons, outcomes, findings, refusals, admin, alerts, actFailures] = families as [
    Family,
    Family,
    Family,
    Family,
    Family,
    Family,
    Family,
    Family,
  ]
  const state = { appendFailures: 0, inFlight: 0, recentActs: 0, recentFailures: 0 }

  function count(body: EntryBody): void {
    switch (body.type) {
      case 'decision':
        decisions.add(body.actor.id, body.enforced)
        reasons.add(body.enforced, body.reasons[0] ?? 'none')
        for (const finding of body.findings) findings.add(finding.detector, finding.severity)
        return
      case 'outcome':
        outcomes.add(body.actor.id, body.status)
        acts.add(body.durationMs)
        recent.add(body.durationMs)
        state.recentActs++
        for (const finding of body.findings) findings.add(finding.detector, finding.severity)
        if (body.status === 'failure') {
          actFailures.add(body.code ?? 'none')
          state.recentFailures++
        }
        return
      case 'unknown':
        outcomes.add('', 'unknown')
        return
      case 'refusal':
        refusals.add(body.code)
        return
      case 'evaluation':
        // What is asked about is no act; the findings in it are what detectors saw all the same.
        for (const finding of body.findings) findings.add(finding.detector, finding.severity)
        return
      case 'admin':
        admin.add(body.verb, body.outcome)
        if (typeof body.detail['class'] === 'string' && body.verb === 'alert.raised') alerts.add(body.detail['class'])
    }
  }

  return {
    appendStarted: () => void state.inFlight++,
    appended(body, tookMs) {
      state.inFlight--
      appends.add(tookMs)
      count(body)
    },
    appendFailed() {
      state.inFlight--
      state.appendFailures++
    },
    sample(nowMs, loopDelayMs) {
      const p99Ms = recent.quantile(0.99)
      const sample = {
        timeMs: nowMs,
        acts: state.recentActs,
        failures: state.recentFailures,
        loopDelayMs,
        ...(p99Ms !== undefined && { p99Ms }),
      }
      recent.clear()
      state.recentActs = 0
      state.recentFailures = 0
      return sample
    },
    infra: {
      acts: acts.read,
      appends: appends.read,
      actFailures: actFailures.counts,
      appendFailures: () => state.appendFailures,
      appendsInFlight: () => state.inFlight,
    },
    behaviour: {
      decisions: decisions.counts,
      reasons: reasons.counts,
      outcomes: outcomes.counts,
      findings: findings.counts,
      refusals: refusals.counts,
      admin: admin.counts,
      alerts: alerts.counts,
    },
  }
}

interface Family {
  readonly counts: Counts
  add(first: string, second?: string): void
}

function family(): Family {
  const counts = new Map<string, number>()
  const known = new Set<string>()
  return {
    counts,
    add(first, second) {
      if (!known.has(first) && known.size < LABELS_MAX) known.add(first)
      const label = known.has(first) ? first : 'other'
      const key = second === undefined ? label : `${label}\n${second}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    },
  }
}

interface Times {
  read(): Histogram
  add(ms: number): void
  clear(): void
  /** Upper bound of the bucket that holds this quantile; `undefined` when nothing was counted. */
  quantile(share: number): number | undefined
}

function histogram(): Times {
  let counts = [...NO_TIMES]
  let sumMs = 0
  return {
    read: () => ({ counts: [...counts], sumMs }),
    add(ms) {
      const at = BUCKETS_MS.findIndex((bound) => ms <= bound)
      const bucket = at < 0 ? BUCKETS_MS.length : at
      counts[bucket] = (counts[bucket] ?? 0) + 1
      sumMs += ms
    },
    clear() {
      counts = [...NO_TIMES]
      sumMs = 0
    },
    quantile(share) {
      const all = counts.reduce((sum, one) => sum + one, 0)
      if (all === 0) return undefined
      let seen = 0
      const at = counts.findIndex((one) => (seen += one) >= all * share)
      return BUCKETS_MS[at] ?? Number.MAX_SAFE_INTEGER
    },
  }
}
