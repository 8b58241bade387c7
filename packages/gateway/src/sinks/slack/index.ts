import { GatewayError, type Notice } from '@sallyport/core'
import { z } from 'zod'
import { CHANNEL_EVENTS_MAX, factLines, LINK_WORDS, openChannel } from '../../channel.ts'
import type { SlackSink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

const Answer = z.object({ ok: z.boolean(), error: z.string().optional() })

/** Longest text of a block. */
const BLOCK_CHARS_MAX = 3_000
/** Errors about the message itself; everything else somebody can put right, and then it arrives. */
const REFUSED = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'no_text',
  'invalid_arguments',
])

/**
 * Slack’s `chat.postMessage`. Blocks are plain text, and the text beside them is escaped and parsed for nothing, so that no name
 * becomes a mention, a link or markup. The button opens the console and sends nothing.
 * @see https://docs.slack.dev/reference/methods/chat.postMessage
 */
export const slack = defineSink<SlackSink>({
  id: 'slack',
  eventsMax: CHANNEL_EVENTS_MAX,
  open(config, { context }) {
    const destination = openHttpDestination(config)
    const headers = { authorization: `Bearer ${config.token}`, 'content-type': 'application/json; charset=utf-8' }
    return openChannel(
      {
        to: [config.channel],
        begin: (signal) => ({
          async deliver({ notice, to }) {
            const body = JSON.stringify(slackMessage(notice, to))
            requireOk(await destination.post({ path: '/chat.postMessage', headers, body }, signal))
          },
        }),
        close: () => destination.close(),
      },
      context,
    )
  },
})

function slackMessage(notice: Notice, channel: string): object {
  const button = { type: 'button', text: plain(LINK_WORDS), url: notice.url }
  return {
    channel,
    text: escaped(notice.title),
    mrkdwn: false,
    parse: 'none',
    link_names: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'section', text: plain(notice.title) },
      { type: 'section', text: plain(factLines(notice)) },
      ...(notice.url === undefined ? [] : [{ type: 'actions', elements: [button] }]),
    ],
  }
}

/** Without `emoji: false` a name between colons would be a picture. */
function plain(text: string): object {
  return { type: 'plain_text', text: escaped(text).slice(0, BLOCK_CHARS_MAX), emoji: false }
}

/** @see https://docs.slack.dev/messaging/formatting-message-text/#escaping */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** @throws GatewayError `SINK_REJECTED`, `SINK_UNAVAILABLE`; says Slack’s code and nothing else of the answer */
function requireOk(answer: string): void {
  const said = Answer.safeParse(parse(answer)).data
  if (!said) throw new GatewayError('SINK_UNAVAILABLE', 'the answer is not one of Slack')
  if (said.ok) return
  const code = /^[a-z_]{1,60}$/.exec(said.error ?? '')?.[0] ?? 'unknown'
  throw new GatewayError(REFUSED.has(code) ? 'SINK_REJECTED' : 'SINK_UNAVAILABLE', `Slack refused the message: ${code}`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
