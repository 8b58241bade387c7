import type { Severity } from '@sallyport/core'
import { CHANNEL_EVENTS_MAX, type ChannelMessage, LINK_WORDS, openChannel } from '../../channel.ts'
import type { PagerdutySink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

const HEADERS = { 'content-type': 'application/json' }
/** Longest summary of an event. */
const SUMMARY_CHARS_MAX = 1_024
const SEVERITY = { info: 'info', low: 'info', medium: 'warning', high: 'error', critical: 'critical' } as const satisfies Record<
  Severity,
  string
>

/**
 * PagerDuty’s Events API v2. A request for approval is one incident from the time people are asked until it is over, whichever
 * gateway tells of it and however often; everything else is an incident of its own, which people close.
 * @see https://developer.pagerduty.com/docs/send-alert-event
 */
export const pagerduty = defineSink<PagerdutySink>({
  id: 'pagerduty',
  eventsMax: CHANNEL_EVENTS_MAX,
  open(config, { context }) {
    const destination = openHttpDestination(config)
    return openChannel(
      {
        to: [''],
        begin: (signal) => ({
          async deliver(message) {
            const body = JSON.stringify({ routing_key: config.routingKey, ...incident(message, context) })
            await destination.post({ path: '/v2/enqueue', headers: HEADERS, body, isRefused }, signal)
          },
        }),
        close: () => destination.close(),
      },
      context,
    )
  },
})

function incident({ event, notice }: ChannelMessage, { host, productVersion }: { host: string; productVersion: string }): object {
  const { title, facts, url, stage, request } = notice
  return {
    event_action: stage === 'over' ? 'resolve' : 'trigger',
    dedup_key: request ?? event.id,
    payload: {
      summary: title.slice(0, SUMMARY_CHARS_MAX).toWellFormed(),
      source: host,
      severity: SEVERITY[event.severity],
      timestamp: event.time,
      component: 'sallyport',
      class: event.kind,
      custom_details: Object.fromEntries(facts.map(({ name, value }) => [name, value])),
    },
    client: `Sallyport ${productVersion}`,
    ...(url !== undefined && { links: [{ href: url, text: LINK_WORDS }] }),
  }
}

/** A wrong key is status 400 as well; once somebody puts it right, everything arrives. */
function isRefused(status: number, answer: string): boolean {
  return status === 413 || (status === 400 && !/routing.?key|integration.?key/i.test(answer))
}
