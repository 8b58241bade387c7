import { defineFormat, JSON_RECORD_BYTES_MAX } from '../../define-format.ts'
import { jsonLine } from '../../json-line.ts'
import type { EventType } from '../../security-event.ts'

const TYPES = {
  decision: 'sallyport.tool.decision.v1',
  evaluation: 'sallyport.tool.evaluation.v1',
  outcome: 'sallyport.tool.outcome.v1',
  unknown: 'sallyport.tool.unknown.v1',
  refusal: 'sallyport.request.refused.v1',
  detection: 'sallyport.detection.v1',
  alert: 'sallyport.alert.raised.v1',
  isolation: 'sallyport.killswitch.changed.v1',
  policy: 'sallyport.config.changed.v1',
  access: 'sallyport.access.changed.v1',
  lifecycle: 'sallyport.gateway.lifecycle.v1',
  admin: 'sallyport.admin.v1',
} as const satisfies Record<EventType, string>

/** CloudEvents 1.0.2 in JSON, structured mode; `data` is the internal event. @see https://cloudevents.io */
export const cloudevents = defineFormat({
  id: 'cloudevents',
  mediaType: 'application/cloudevents+json',
  bytesMax: JSON_RECORD_BYTES_MAX,
  format: (event) =>
    jsonLine({
      specversion: '1.0',
      id: event.id,
      source: `/sallyport/${encodeURIComponent(event.log.origin)}`,
      type: TYPES[event.type],
      subject: event.admin?.target ?? event.agent ?? event.actor.id,
      time: event.time,
      datacontenttype: 'application/json',
      // Extensions are lower case letters and digits only.
      logorigin: event.log.origin,
      logindex: event.log.index,
      leafhash: event.log.leafHash,
      severity: event.severity,
      // The Distributed Tracing extension.
      ...(event.trace && { traceparent: `00-${event.trace.traceId}-${event.trace.spanId}-00` }),
      data: event,
    }),
  batch: { mediaType: 'application/cloudevents-batch+json', join: (records) => `[${records.join(',')}]` },
})
