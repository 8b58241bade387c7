import type { LogSizes } from '@sallyport/core'
import { BUCKETS_MS, type Counters, type Counts, type Histogram } from '../counters.ts'
import type { SinkStatus } from '../sinks-view.ts'

/** What is measured when somebody asks, besides what was counted. */
export interface Gauges {
  readonly entries: LogSizes
  /** Whether too few witnesses vouch for the log; absent where none is configured. */
  readonly witnessOverdue?: boolean
  readonly sinks: readonly SinkStatus[]
  readonly streams: number
  readonly bytesInFlight: number
  readonly isolatedAgents: number
  readonly residentBytes: number
  readonly startedMs: number
  /** Milliseconds by quantile. */
  readonly loopDelayMs: Readonly<Record<'0.5' | '0.99' | '1', number>>
}

const MS_PER_S = 1_000

/**
 * Everything as Prometheus reads it. Infrastructure (`sallyport_infra_`) and behaviour (`sallyport_behaviour_`) are apart: a healthy
 * machine says nothing about whether its agents behave (R015).
 * @see Prometheus text exposition format 0.0.4
 */
export function exposition(counters: Counters, gauges: Gauges): string {
  return [...infra(counters.infra, gauges), ...behaviour(counters.behaviour, gauges)].join('\n') + '\n'
}

function infra(counters: Counters['infra'], gauges: Gauges): string[] {
  const { entries, sinks, loopDelayMs } = gauges
  const states = [
    ['durable', entries.durable],
    ['checkpointed', entries.checkpointed],
    ['witnessed', entries.witnessed],
    ['anchored', entries.anchored],
  ] as const
  return [
    ...histogram('act_duration_seconds', 'Time from a decision to its outcome.', counters.acts()),
    ...histogram('log_append_seconds', 'Time until an entry was durable.', counters.appends()),
    ...metric(
      'infra_act_failures_total',
      'counter',
      'Acts that failed at a tool server or on the way to it, by error.',
      rows(counters.actFailures, ['code']),
    ),
    ...metric('infra_log_append_failures_total', 'counter', 'Entries that could not be made durable.', [
      [{}, counters.appendFailures()],
    ]),
    ...metric('infra_log_appends_in_flight', 'gauge', 'Entries waiting to become durable.', [[{}, counters.appendsInFlight()]]),
    ...metric(
      'infra_log_entries',
      'gauge',
      'Size of the audit log, by state.',
      states.flatMap(([state, value]): Row[] => (value === undefined ? [] : [[{ state }, value]])),
    ),
    ...metric(
      'infra_log_witness_overdue',
      'gauge',
      'Whether too few witnesses vouch for the audit log, for longer than the grace.',
      gauges.witnessOverdue === undefined ? [] : [[{}, Number(gauges.witnessOverdue)]],
    ),
    ...sinkMetrics(sinks),
    ...metric('infra_streams', 'gauge', 'Open event streams of agents.', [[{}, gauges.streams]]),
    ...metric('infra_bytes_in_flight', 'gauge', 'Bytes of bodies in memory, as the byte budget counts them.', [
      [{}, gauges.bytesInFlight],
    ]),
    ...metric('infra_resident_memory_bytes', 'gauge', 'Resident memory.', [[{}, gauges.residentBytes]]),
    ...metric('infra_start_time_seconds', 'gauge', 'Start of the gateway, Unix time.', [[{}, gauges.startedMs / MS_PER_S]]),
    ...metric(
      'infra_event_loop_delay_seconds',
      'gauge',
      'Delay of the event loop since the last scrape, by quantile.',
      Object.entries(loopDelayMs).map(([quantile, ms]) => [{ quantile }, ms / MS_PER_S]),
    ),
  ]
}

function sinkMetrics(sinks: readonly SinkStatus[]): string[] {
  const bySink = (value: (sink: SinkStatus) => number): Row[] => sinks.map((sink) => [{ sink: sink.id }, value(sink)])
  return [
    ...metric(
      'infra_sink_lag_entries',
      'gauge',
      'Entries a destination has not received yet.',
      bySink(({ lag }) => lag),
    ),
    ...metric(
      'infra_sink_cursor',
      'gauge',
      'Index of the next entry a destination receives.',
      sinks.flatMap(({ id, next }): Row[] => (next === undefined ? [] : [[{ sink: id }, next]])),
    ),
    ...metric(
      'infra_sink_delivered_total',
      'counter',
      'Entries delivered, repetitions included.',
      bySink(({ delivered }) => delivered),
    ),
    ...metric(
      'infra_sink_dropped_total',
      'counter',
      'Entries that will never be delivered.',
      bySink(({ skipped }) => skipped),
    ),
    ...metric(
      'infra_sink_failures_total',
      'counter',
      'Deliveries that failed and were tried again.',
      bySink(({ failures }) => failures),
    ),
  ]
}

function behaviour(counters: Counters['behaviour'], { isolatedAgents }: Gauges): string[] {
  return [
    ...metric(
      'behaviour_decisions_total',
      'counter',
      'Decisions by agent and effect.',
      rows(counters.decisions, ['agent', 'effect']),
    ),
    ...metric(
      'behaviour_decision_reasons_total',
      'counter',
      'Decisions by effect and first reason.',
      rows(counters.reasons, ['effect', 'reason']),
    ),
    ...metric(
      'behaviour_outcomes_total',
      'counter',
      'Outcomes of acts by agent and status.',
      rows(counters.outcomes, ['agent', 'status']),
    ),
    ...metric(
      'behaviour_findings_total',
      'counter',
      'What detectors saw, by detector and severity.',
      rows(counters.findings, ['detector', 'severity']),
    ),
    ...metric(
      'behaviour_refusals_total',
      'counter',
      'Requests that never became an act, by error.',
      rows(counters.refusals, ['code']),
    ),
    ...metric(
      'behaviour_admin_total',
      'counter',
      'Acts of people and of the gateway on its own state.',
      rows(counters.admin, ['verb', 'outcome']),
    ),
    ...metric('behaviour_alerts_total', 'counter', 'Alerts raised by this gateway, by class.', rows(counters.alerts, ['class'])),
    ...metric('behaviour_isolated_agents', 'gauge', 'Agents that are cut off.', [[{}, isolatedAgents]]),
  ]
}

type Row = readonly [labels: Readonly<Record<string, string>>, value: number]

function metric(...[name, type, help, values]: [string, 'counter' | 'gauge', string, readonly Row[]]): string[] {
  return [
    `# HELP sallyport_${name} ${help}`,
    `# TYPE sallyport_${name} ${type}`,
    ...values.map(([labels, value]) => line(name, labels, value)),
  ]
}

function rows(counts: Counts, names: readonly string[]): Row[] {
  return [...counts].map(([key, value]) => {
    const values = key.split('\n')
    return [Object.fromEntries(names.map((name, i) => [name, values[i] ?? ''])), value]
  })
}

function histogram(name: string, help: string, { counts, sumMs }: Histogram): string[] {
  const full = `infra_${name}`
  let total = 0
  const buckets = counts.map((count, i) => {
    total += count
    const bound = BUCKETS_MS[i]
    return line(`${full}_bucket`, { le: bound === undefined ? '+Inf' : String(bound / MS_PER_S) }, total)
  })
  const sums = [line(`${full}_sum`, {}, sumMs / MS_PER_S), line(`${full}_count`, {}, total)]
  return [`# HELP sallyport_${full} ${help}`, `# TYPE sallyport_${full} histogram`, ...buckets, ...sums]
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const text = Object.entries(labels)
    .map(([label, text]) => `${label}="${escaped(text)}"`)
    .join(',')
  return `sallyport_${name}${text === '' ? '' : `{${text}}`} ${value}`
}

/** Label values escape the backslash, the quote and the line break. */
function escaped(text: string): string {
  return text.replaceAll(/[\\"]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`)
}
