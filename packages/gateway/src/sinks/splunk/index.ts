import { setTimeout as sleep } from 'node:timers/promises'
import { GatewayError, type SecurityEvent } from '@sallyport/core'
import { z } from 'zod'
import type { SplunkSink } from '../../config-sinks.ts'
import { defineSink, type SinkDeps } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

const Answer = z.object({ code: z.int(), ackId: z.int().optional() })
const Acks = z.object({ acks: z.record(z.string(), z.boolean()) })
const ACK_POLL_MS = 250

/**
 * Splunk’s HTTP Event Collector. Status 200 means accepted, not indexed: where the indexers acknowledge, `acknowledge` waits for
 * them; everywhere else reconcile by index range.
 * @see https://help.splunk.com/en/splunk-enterprise/get-started/get-data-in (HTTP Event Collector)
 */
export const splunk = defineSink<SplunkSink>({
  id: 'splunk',
  eventsMax: 256,
  open(config, deps) {
    const destination = openHttpDestination(config)
    const headers = {
      authorization: `Splunk ${config.token}`,
      'content-type': 'application/json',
      'x-splunk-request-channel': deps.randomUuid(),
    }

    async function acknowledged(ackId: number, signal: AbortSignal): Promise<void> {
      for (;;) {
        const body = JSON.stringify({ acks: [ackId] })
        const answer = Acks.safeParse(parse(await destination.post({ path: '/services/collector/ack', headers, body }, signal)))
        if (answer.data?.acks[String(ackId)] === true) return
        await sleep(ACK_POLL_MS, undefined, { signal }).catch((cause: unknown) => {
          throw new GatewayError('SINK_UNAVAILABLE', 'the indexers did not confirm in time', { cause })
        })
      }
    }

    return {
      async send(events, signal) {
        const body = events.flatMap((event) => hecEvent(event, config, deps)).join('\n')
        if (body === '') return
        const answer = Answer.safeParse(parse(await destination.post({ path: '/services/collector/event', headers, body }, signal)))
        if (answer.data?.code !== 0) throw new GatewayError('SINK_UNAVAILABLE', 'the answer is not one of an event collector')
        const { ackId } = answer.data
        if (config.acknowledge && ackId === undefined)
          throw new GatewayError('SINK_UNAVAILABLE', 'the event collector does not acknowledge; turn that on for its token')
        if (config.acknowledge && ackId !== undefined) await acknowledged(ackId, signal)
      },
      close: () => destination.close(),
    }
  },
})

const MS_PER_S = 1_000

function hecEvent(event: SecurityEvent, config: SplunkSink, { format, context }: SinkDeps): string[] {
  const record = format.format(event, context)
  if (record === undefined) return []
  const isJson = format.mediaType.endsWith('json')
  const about = {
    time: event.timeMs / MS_PER_S,
    host: context.host,
    source: 'sallyport',
    sourcetype: isJson ? `${format.id}:json` : format.id,
    ...(config.index !== undefined && { index: config.index }),
    fields: { idx: event.log.index, origin: event.log.origin, uid: event.id },
  }
  // The record is JSON already: writing it again would cost as much as everything else together.
  return [`${JSON.stringify(about).slice(0, -1)},"event":${isJson ? record : JSON.stringify(record)}}`]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
