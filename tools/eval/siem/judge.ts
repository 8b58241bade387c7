import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SecurityEvent } from '@sallyport/core'
import { Ajv } from 'ajv'
import { z } from 'zod'

export const DESTINATIONS = ['file', 'syslog', 'splunk', 'otlp', 'webhook'] as const
export type Destination = (typeof DESTINATIONS)[number]

/** One record as a destination has it. */
export interface Arrived {
  readonly id: string
  readonly index: number
  readonly record: string
  /** Absent for the file: nobody was there when it came. */
  readonly atMs?: number
}

const SCHEMA = new URL('../../../packages/core/src/observe/formats/ocsf/fixtures/ocsf-1.8.0.schema.json', import.meta.url)

/** What a destination received, in order of arrival. `half` lines a kill may leave at the end are not records. */
export function arrivedAt(destination: Destination, { folder }: { readonly folder: string }): Arrived[] {
  if (destination !== 'file') return linesOf(join(folder, `${destination}.jsonl`)).map((line) => JSON.parse(line) as Arrived)
  const number = (name: string): number => Number(/\.jsonl\.(\d+)$/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY)
  return readdirSync(folder)
    .filter((name) => name.startsWith('events.jsonl'))
    .sort((a, b) => number(a) - number(b))
    .flatMap((name) => linesOf(join(folder, name)))
    .map((record) => {
      const { metadata } = JSON.parse(record) as { metadata: { uid: string; sequence: number } }
      return { id: metadata.uid, index: metadata.sequence, record }
    })
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
}

export interface Verdict {
  readonly records: number
  readonly distinctIndices: number
  /** Indices of the log that never arrived. */
  readonly missing: number
  /** Indices that arrived and are not in the log. */
  readonly foreign: number
  readonly duplicates: number
  /** First arrivals that came after a later one. */
  readonly outOfOrder: number
  readonly invalid: number
}

/** Holds what a destination has against a log of this many entries. */
export function judge(destination: Destination, arrived: readonly Arrived[], size: number): Verdict {
  const seen = new Set<number>()
  let last = -1
  let outOfOrder = 0
  for (const { index } of arrived) {
    if (seen.has(index)) continue
    seen.add(index)
    if (index < last) outOfOrder++
    last = Math.max(last, index)
  }
  const inside = [...seen].filter((index) => index < size).length
  const isValid = VALID[destination]
  return {
    records: arrived.length,
    distinctIndices: seen.size,
    missing: size - inside,
    foreign: seen.size - inside,
    duplicates: arrived.length - new Set(arrived.map(({ id }) => id)).size,
    outOfOrder,
    invalid: arrived.filter(({ record }) => !isValid(record)).length,
  }
}

const ocsf = new Ajv({ strict: false }).addSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object, 'ocsf')

function isOcsf(text: string): boolean {
  const record = JSON.parse(text) as { class_uid: number }
  return ocsf.getSchema(`ocsf#/$defs/${record.class_uid}`)?.(record) === true
}

/** RFC 5424, section 6, for one SD-ELEMENT and no MSG. */
const SYSLOG =
  /^<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [!-~]{1,255} sallyport - [!-~]{1,32} \[sallyport@\d+(?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+\]$/u

const Attribute = z.object({ key: z.string().min(1), value: z.record(z.string(), z.json()) })
/** LogRecord of opentelemetry-proto, logs/v1, as OTLP/JSON writes it. */
const LogRecord = z.object({
  timeUnixNano: z.string().regex(/^\d{1,20}$/),
  severityNumber: z.int().min(1).max(24),
  attributes: z.array(Attribute).min(1),
  traceId: z.string().regex(/^[0-9a-f]{32}$/).optional(),
  spanId: z.string().regex(/^[0-9a-f]{16}$/).optional(),
}) // prettier-ignore
/** CloudEvents 1.0: the required attributes, and the event in `data`. */
const CloudEvent = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1),
  source: z.string().min(1),
  type: z.string().min(1),
  data: SecurityEvent,
})

const VALID: Readonly<Record<Destination, (record: string) => boolean>> = {
  file: isOcsf,
  splunk: isOcsf,
  syslog: (record) => SYSLOG.test(record),
  otlp: (record) => LogRecord.safeParse(JSON.parse(record)).success,
  webhook: (record) => CloudEvent.safeParse(JSON.parse(record)).success,
}

/** Value below which this share of the values lies; 0 when there are none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
