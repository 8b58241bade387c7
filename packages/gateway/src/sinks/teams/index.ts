import type { Notice } from '@sallyport/core'
import { CHANNEL_EVENTS_MAX, LINK_WORDS, openChannel } from '../../channel.ts'
import type { TeamsSink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { openHttpDestination } from '../../http-destination.ts'

const HEADERS = { 'content-type': 'application/json' }

/**
 * Microsoft Teams by a Workflows webhook with an Adaptive Card: one way, nobody can answer it. Text is in text runs, which alone
 * know no Markdown.
 * @see https://adaptivecards.io/explorer/TextRun.html
 */
export const teams = defineSink<TeamsSink>({
  id: 'teams',
  eventsMax: CHANNEL_EVENTS_MAX,
  open({ webhookUrl, allowPrivateNetwork, caFile }, { context }) {
    const destination = openHttpDestination({ url: webhookUrl, allowPrivateNetwork, caFile })
    return openChannel(
      {
        to: [''],
        begin: (signal) => ({
          async deliver({ notice }) {
            await destination.post({ headers: HEADERS, body: JSON.stringify(cardMessage(notice)) }, signal)
          },
        }),
        close: () => destination.close(),
      },
      context,
    )
  },
})

function cardMessage({ title, facts, url }: Notice): object {
  const run = (text: string, more: object = {}): object => ({ type: 'TextRun', text, ...more })
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      { type: 'RichTextBlock', inlines: [run(title, { weight: 'Bolder', size: 'Medium' })] },
      ...facts.map(({ name, value }) => ({ type: 'RichTextBlock', inlines: [run(`${name}: `, { isSubtle: true }), run(value)] })),
    ],
    ...(url !== undefined && { actions: [{ type: 'Action.OpenUrl', title: LINK_WORDS, url }] }),
  }
  return {
    type: 'message',
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }],
  }
}
