import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import {
  CONVENTIONS_VERSIONS,
  ENTERPRISE_NUMBER_EXAMPLE,
  type FormatContext,
  formats,
  GatewayError,
  readEntries,
  toEvents,
  type SecurityEvent,
  type StoredEntry,
} from '@sallyport/core'
import { approvalUrl } from '../config-console.ts'
import type { SinkConfig } from '../config-sinks.ts'
import { droppedBy, recordDropped } from '../dropped-events.ts'
import { followLog, type Skipped } from '../follow-log.ts'
import { GATEWAY_VERSION } from '../gateway-version.ts'
import { sha256Native } from '../sha256-native.ts'
import { isFresh, isWanted } from '../sink-filter.ts'
import type { Expected, IndexRange, SinksView } from '../sinks-view.ts'
import { openSink } from '../sinks/index.ts'
import type { Stores } from './stores.ts'

/** Opens every configured destination and follows the log for it. */
export function openSinks(stores: Stores): SinksView {
  const { loaded, audit, closing } = stores
  const source = { origin: audit.key.name, sha: sha256Native }
  const eventsFor = (config: SinkConfig, entry: StoredEntry): SecurityEvent[] =>
    toEvents(entry, source).filter((event) => isWanted(event, config.filter))
  const running = loaded.config.sinks.map((config) => {
    const { sink, eventsMax } = openSink(config, {
      format: requireFormat(config.format),
      context: contextOf(stores, config),
      nowMs: stores.nowMs,
      randomUuid: randomUUID,
    })
    const follower = followLog({
      ...followOptions(stores, config),
      entriesMax: eventsMax,
      deliver: async (batch, signal) => {
        const nowMs = stores.nowMs()
        const events = batch.flatMap((entry) => eventsFor(config, entry)).filter((event) => isFresh(event, config.filter, nowMs))
        if (events.length > 0) await sink.send(events, signal)
      },
    })
    closing.push(() => sink.close())
    closing.push(() => follower.close())
    return { config, follower }
  })
  return {
    status: () =>
      running.map(({ config, follower }) => ({ id: config.id, type: config.type, format: config.format, ...follower.status() })),
    async expected(id, range) {
      const found = running.find(({ config }) => config.id === id)
      if (!found) throw new GatewayError('NOT_FOUND', 'no sink of the configuration has this id')
      return expectedOf(readEntries(audit.files, range.from, range.to), id, (entry) => eventsFor(found.config, entry).length)
    },
  }
}

function followOptions(stores: Stores, config: SinkConfig) {
  const { audit, cursors, leases, record, nowMs, log } = stores
  return {
    name: `sink.${config.id}`,
    log: audit,
    cursors,
    leases,
    behindMax: config.behindMax,
    onOverflow: config.onOverflow,
    onBehind: (entries: number) => record({ verb: 'sink.behind', target: config.id, detail: { entries } }),
    onSkip: recordDropped(audit, config.id),
    random: Math.random,
    nowMs,
    operatorLog: log,
  }
}

/** What formats need to know. Numbers and names of protocols that a channel does not speak are the defaults. */
function contextOf({ loaded }: Stores, config: SinkConfig): FormatContext {
  const { console: people } = loaded.config
  return {
    productVersion: GATEWAY_VERSION,
    host: config.host ?? hostname(),
    enterpriseNumber: 'enterpriseNumber' in config ? config.enterpriseNumber : ENTERPRISE_NUMBER_EXAMPLE,
    conventions: 'conventions' in config ? config.conventions : CONVENTIONS_VERSIONS[0],
    ...(people && { approvalUrl: approvalUrl(people) }),
  }
}

async function expectedOf(
  entries: AsyncIterable<StoredEntry>,
  sink: string,
  eventsOf: (entry: StoredEntry) => number,
): Promise<Expected> {
  const ranges: IndexRange[] = []
  const dropped: Skipped[] = []
  const counts = { entries: 0, events: 0 }
  for await (const stored of entries) {
    counts.entries++
    const skipped = droppedBy(stored.entry, sink)
    if (skipped) dropped.push(skipped)
    const events = eventsOf(stored)
    if (events === 0) continue
    counts.events += events
    const last = ranges.at(-1)
    if (last?.to === stored.index) ranges[ranges.length - 1] = { from: last.from, to: stored.index + 1 }
    else ranges.push({ from: stored.index, to: stored.index + 1 })
  }
  return { ...counts, ranges, dropped }
}

function requireFormat(id: string): (typeof formats)[number] {
  const format = formats.find((one) => one.id === id)
  if (!format) throw new GatewayError('CONFIG_INVALID', 'a sink names a format that does not exist')
  return format
}
