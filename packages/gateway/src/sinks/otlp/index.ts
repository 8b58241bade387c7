import { GatewayError, otlpTraces, type Format, type SecurityEvent } from '@sallyport/core'
import { z } from 'zod'
import type { OtlpSink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

/** 64-bit integers of OTLP/JSON are strings or numbers. */
const Count = z.union([z.string().regex(/^-?\d{1,19}$/), z.int()]).nullish()
const Answer = z.object({ partialSuccess: z.object({ rejectedLogRecords: Count, rejectedSpans: Count }).nullish() })

/** OpenTelemetry collectors: OTLP/HTTP with JSON, logs and traces. @see opentelemetry-proto, docs/specification.md (OTLP 1.9) */
export const otlp = defineSink<OtlpSink>({
  id: 'otlp',
  eventsMax: 256,
  open(config, { format, context }) {
    const destination = openHttpDestination(config)
    const headers = { ...config.headers, 'content-type': 'application/json' }

    async function post(
      path: string,
      of: Format,
      { events, signal }: { events: readonly SecurityEvent[]; signal: AbortSignal },
    ): Promise<void> {
      const records = events.map((event) => of.format(event, context)).filter((record) => record !== undefined)
      if (records.length === 0 || !of.batch) return
      const answer = await destination.post({ path, headers, body: of.batch.join(records, context) }, signal)
      if (rejectedIn(answer) > 0) throw new GatewayError('SINK_REJECTED', 'the receiver refused some of the records')
    }

    return {
      async send(events, signal) {
        await post('/v1/logs', format, { events, signal })
        if (config.traces) await post('/v1/traces', otlpTraces, { events, signal })
      },
      close: () => destination.close(),
    }
  },
})

/**
 * How many records the receiver says it will not keep; an empty answer means none.
 * @throws GatewayError `SINK_UNAVAILABLE` when it is no answer of a receiver: a proxy’s login page has status 200 too.
 */
function rejectedIn(answer: string): number {
  try {
    const { partialSuccess } = Answer.parse(JSON.parse(answer === '' ? '{}' : answer))
    return Number(partialSuccess?.rejectedLogRecords ?? 0) + Number(partialSuccess?.rejectedSpans ?? 0)
  } catch (cause) {
    throw new GatewayError('SINK_UNAVAILABLE', 'the answer is not one of an OTLP receiver', { cause })
  }
}
