import { connect as connectTcp, type Socket } from 'node:net'
import { GatewayError } from '@sallyport/core'
import { createTransport, type SendMailOptions } from 'nodemailer'
import { CHANNEL_EVENTS_MAX, type ChannelMessage, factLines, LINK_WORDS, openChannel } from '../../channel.ts'
import type { EmailSink } from '../../config-sinks.ts'
import { defineSink } from '../../define-sink.ts'
import { checkedLookup, requireAllowed } from '../../egress.ts'
import { readCa, unavailable } from '../../http-destination.ts'

const SILENCE_MS_MAX = 10_000
const SUBJECT_CHARS_MAX = 200
const PORTS = { implicit: 465, starttls: 587, none: 25 } as const

/**
 * Mail by SMTP, text only, one message for each recipient and event. Delivered means that the mail server took it. Messages about
 * one request are one conversation.
 * @see RFC 5321; RFC 8314 for TLS from the first byte; RFC 3834 for `Auto-Submitted`
 */
export const email = defineSink<EmailSink>({
  id: 'email',
  eventsMax: CHANNEL_EVENTS_MAX,
  open(config, { context, nowMs }) {
    requireAllowed(config.server, config.allowPrivateNetwork)
    const server = { ...config, ca: readCa(config.caFile) }
    return openChannel(
      {
        to: config.to,
        begin(signal) {
          const line = openLine(server, signal)
          return {
            async deliver(message) {
              await line.send(mailOf(message, config.from, new Date(nowMs())))
            },
            end: line.end,
          }
        },
        close: () => Promise.resolve(),
      },
      context,
    )
  },
})

type Server = EmailSink & { readonly ca: string | undefined }

/** One connection for the mails of a batch; one that was left open longer is a server’s to close at any time. */
function openLine(config: Server, signal: AbortSignal): { send(mail: SendMailOptions): Promise<void>; end(): void } {
  const sockets: Socket[] = []
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    maxMessages: Infinity,
    maxRequeues: 0,
    host: config.server,
    port: portOf(config),
    secure: config.tls === 'implicit',
    requireTLS: config.tls === 'starttls',
    ignoreTLS: config.tls === 'none',
    tls: { minVersion: 'TLSv1.2', ...(config.ca !== undefined && { ca: config.ca }) },
    ...(config.auth && { auth: { user: config.auth.user, pass: config.auth.password } }),
    greetingTimeout: SILENCE_MS_MAX,
    socketTimeout: SILENCE_MS_MAX,
    // Ours, because its address is checked as it is dialled.
    getSocket(_: unknown, callback: (error: Error | null, socket?: { connection: Socket }) => void) {
      const connection = dial(config, signal)
      sockets.push(connection)
      connection.once('error', callback)
      connection.once('connect', () => {
        connection.off('error', callback)
        callback(null, { connection })
      })
    },
  })
  return {
    async send(mail) {
      try {
        await transport.sendMail({ ...mail, signal })
      } catch (error) {
        throw failureOf(error)
      }
    },
    end() {
      transport.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

function dial(config: EmailSink, signal: AbortSignal): Socket {
  const lookup = checkedLookup(config.allowPrivateNetwork)
  const socket = connectTcp({ host: config.server, port: portOf(config), lookup, signal, noDelay: true })
  socket.setTimeout(SILENCE_MS_MAX, () => socket.destroy(new Error('the mail server says nothing')))
  // The signal may end it when nobody listens any more.
  return socket.on('error', () => undefined)
}

function portOf({ port, tls }: EmailSink): number {
  return port ?? PORTS[tls]
}

function mailOf({ event, notice, to }: ChannelMessage, from: string, date: Date): SendMailOptions {
  const domain = from.slice(from.lastIndexOf('@') + 1)
  const link = notice.url === undefined ? [] : [`${LINK_WORDS}, once you have signed in:\n${notice.url}`]
  return {
    from: { name: 'Sallyport', address: from },
    to: { name: '', address: to },
    subject: notice.title.slice(0, SUBJECT_CHARS_MAX).toWellFormed(),
    text: `${[notice.title, factLines(notice), ...link].join('\n\n')}\n`,
    date,
    messageId: `<${event.id}@${domain}>`,
    ...(notice.request !== undefined && { references: `<${notice.request}@${domain}>` }),
    headers: { 'Auto-Submitted': 'auto-generated', 'X-Sallyport-Event': event.id, 'X-Sallyport-Entry': String(event.log.index) },
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** A refusal of this message by its status. What somebody can put right, credentials above all, is tried again. */
const REFUSED = new Set([550, 551, 552, 553, 554])
const NOT_SIGNED_IN = new Set([530, 534, 535, 538])

/** The error in our words: the server’s own could repeat what it was told. */
function failureOf(error: unknown): GatewayError {
  const { code, responseCode } = (error instanceof Error ? error : {}) as { code?: unknown; responseCode?: unknown }
  const status = typeof responseCode === 'number' ? responseCode : 0
  if (code === 'EAUTH' || NOT_SIGNED_IN.has(status))
    return new GatewayError('SINK_UNAVAILABLE', 'the mail server does not accept the credentials')
  if (REFUSED.has(status)) return new GatewayError('SINK_REJECTED', `the mail server refused the message with status ${status}`)
  if (status > 0) return new GatewayError('SINK_UNAVAILABLE', `the mail server answered with status ${status}`)
  if (error instanceof Error && /certificate|altnames/i.test(error.message))
    return new GatewayError('SINK_UNAVAILABLE', 'the certificate of the mail server does not verify', { cause: error })
  if (code === 'ETLS') return new GatewayError('SINK_UNAVAILABLE', 'the mail server speaks no TLS here', { cause: error })
  return unavailable(error)
}
