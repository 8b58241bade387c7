import { defineFormat, JSON_RECORD_BYTES_MAX, type FormatContext } from '../../define-format.ts'
import { jsonLine } from '../../json-line.ts'
import type { SecurityEvent } from '../../security-event.ts'
import { CONVENTIONS } from './conventions.ts'
import { attributes, errorOf, eventAttributes, methodOf, nanos } from './values.ts'

/** SeverityNumber of the OpenTelemetry logs data model. */
const SEVERITY_NUMBERS = { info: 9, low: 10, medium: 13, high: 17, critical: 21 } as const
const SPAN_KIND_INTERNAL = 1
const SPAN_KIND_SERVER = 2
const STATUS_OK = 1
const STATUS_ERROR = 2

/** Every event as a LogRecord of OTLP/JSON 1.9; a batch is one ExportLogsServiceRequest. */
export const otlpLogs = defineFormat({
  id: 'otlp-logs',
  mediaType: 'application/json',
  bytesMax: JSON_RECORD_BYTES_MAX,
  format: (event, context) =>
    jsonLine({
      timeUnixNano: nanos(event.timeMs),
      observedTimeUnixNano: nanos(event.timeMs),
      severityNumber: SEVERITY_NUMBERS[event.severity],
      severityText: event.severity.toUpperCase(),
      eventName: `sallyport.${event.kind}`,
      body: { stringValue: event.alert?.message ?? `${event.kind} (entry ${event.log.index})` },
      attributes: eventAttributes(event, context),
      ...(event.trace && { traceId: event.trace.traceId, spanId: event.trace.spanId, flags: 0 }),
    }),
  batch: {
    mediaType: 'application/json',
    join: (records, context) => around('resourceLogs', 'scopeLogs', 'logRecords', records, context),
  },
})

/**
 * A span for every act once it is over, carried out or refused; and in it, where it was allowed, one for the decision, with what
 * that rested on. Trace and span ids are ours; a caller’s `traceparent` is only a link. A batch is one ExportTraceServiceRequest.
 */
export const otlpTraces = defineFormat({
  id: 'otlp-traces',
  mediaType: 'application/json',
  bytesMax: JSON_RECORD_BYTES_MAX,
  format: (event, context) => (hasSpan(event) ? jsonLine(span(event, event.trace, context)) : undefined),
  batch: {
    mediaType: 'application/json',
    join: (records, context) => around('resourceSpans', 'scopeSpans', 'spans', records, context),
  },
})

type Trace = NonNullable<SecurityEvent['trace']>

function hasSpan(event: SecurityEvent): event is SecurityEvent & { trace: Trace } {
  return event.trace !== undefined && (event.type === 'outcome' || event.type === 'decision')
}

function span(event: SecurityEvent, trace: Trace, context: FormatContext): object {
  const { action, outcome, verdict, log } = event
  const method = verdict?.enforced === 'allow' ? 'decide' : methodOf(action?.kind ?? 'unknown')
  const error = errorOf(event)
  return {
    traceId: trace.traceId,
    // The act’s own span is still to come; this one is named by the entry.
    ...(verdict?.enforced === 'allow'
      ? { spanId: log.leafHash.slice(0, trace.spanId.length), parentSpanId: trace.spanId, kind: SPAN_KIND_INTERNAL }
      : { spanId: trace.spanId, kind: SPAN_KIND_SERVER }),
    name: action?.name === undefined ? method : `${method} ${action.name}`,
    startTimeUnixNano: nanos(event.timeMs - Math.max(0, outcome?.durationMs ?? 0)),
    endTimeUnixNano: nanos(event.timeMs),
    attributes: eventAttributes(event, context),
    links: linksOf(trace.link),
    status: error === undefined ? { code: STATUS_OK } : { code: STATUS_ERROR, message: `${error} (entry ${log.index})` },
  }
}

/** @see W3C Trace Context, section 3.2.2: version 00 only, ids not all zero. */
function linksOf(traceparent: string | undefined): object[] {
  const [, traceId = '', spanId = ''] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(traceparent ?? '') ?? []
  return /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId)
    ? [{ traceId, spanId, attributes: attributes({ 'sallyport.link': 'caller' }) }]
    : []
}

function around(...[outer, inner, list, records, context]: [string, string, string, readonly string[], FormatContext]): string {
  const resource = jsonLine({
    attributes: attributes({ 'service.name': 'sallyport', 'service.version': context.productVersion, 'host.name': context.host }),
  })
  const scope = jsonLine({ name: 'sallyport.audit', version: context.productVersion })
  const schemaUrl = JSON.stringify(CONVENTIONS[context.conventions].schemaUrl)
  return `{"${outer}":[{"resource":${resource},"${inner}":[{"scope":${scope},"${list}":[${records.join(',')}],"schemaUrl":${schemaUrl}}]}]}`
}
