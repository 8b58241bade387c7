import { createHmac } from 'node:crypto'
import { GatewayError } from '@sallyport/core'
import type { WebhookSink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

const SECRET_PREFIX = 'whsec_'
/** Lengths of a secret that Standard Webhooks allows. */
const SECRET_BYTES_MIN = 24
const SECRET_BYTES_MAX = 64
const MS_PER_S = 1_000

/**
 * One signed POST for each event, in order. `webhook-id` is the event’s id, so a repeat is known by it. Redirects are not
 * followed and nothing but the signature proves who sends.
 * @see https://www.standardwebhooks.com
 */
export const webhook = defineSink<WebhookSink>({
  id: 'webhook',
  // One after the other: a batch must fit into the time a delivery may take.
  eventsMax: 16,
  open(config, { format, context, nowMs }) {
    const key = secretKey(config.secret)
    const destination = openHttpDestination(config)
    return {
      async send(events, signal) {
        for (const event of events) {
          const body = format.format(event, context)
          if (body === undefined) continue
          const timestamp = String(Math.floor(nowMs() / MS_PER_S))
          const headers = {
            'content-type': format.mediaType,
            'webhook-id': event.id,
            'webhook-timestamp': timestamp,
            'webhook-signature': `v1,${createHmac('sha256', key).update(`${event.id}.${timestamp}.${body}`).digest('base64')}`,
          }
          await destination.post({ headers, body }, signal)
        }
      },
      close: () => destination.close(),
    }
  },
})

/** @throws GatewayError `CONFIG_INSECURE` when it is not one, or too short to be one. */
function secretKey(secret: string): Buffer {
  const text = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : ''
  const key = Buffer.from(text, 'base64')
  if (key.toString('base64') !== text || key.length < SECRET_BYTES_MIN || key.length > SECRET_BYTES_MAX)
    throw new GatewayError(
      'CONFIG_INSECURE',
      'a webhook secret must be whsec_ and 24 to 64 random bytes in base64; run: openssl rand -base64 32',
    )
  return key
}
