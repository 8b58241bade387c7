import {
  APPROVAL_KINDS,
  CONVENTIONS_VERSIONS,
  ENTERPRISE_NUMBER_EXAMPLE,
  EVENT_TYPES,
  Id,
  SEVERITIES,
  formats,
} from '@sallyport/core'
import { z } from 'zod'

/** `${env:NAME}` and `${file:path}` are replaced, as in every secret field. */
const SecretText = z.string().min(1).max(10_000)
const FormatId = z.enum(formats.map(({ id }) => id) as [string, ...string[]])

/** What every sink has. */
const Place = {
  id: Id.meta({ description: 'Names the sink and its place in the log; a new name starts at the first entry.' }),
  behindMax: z
    .int()
    .min(1_000)
    .max(100_000_000)
    .default(100_000)
    .meta({ description: 'Entries it may be behind before that is an alert.' }),
  host: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Name of this gateway for the receiver; the host name unless set.' }),
}

const Common = {
  ...Place,
  filter: z
    .strictObject({
      types: z.array(z.enum(EVENT_TYPES)).min(1).optional().meta({ description: 'Only events about these; all unless set.' }),
      severityMin: z.enum(SEVERITIES).default('info').meta({ description: 'Only events at least this severe.' }),
    })
    .prefault({})
    .meta({ description: 'What it receives; what is left out here is not a gap.' }),
  onOverflow: z.enum(['wait', 'drop']).default('wait').meta({
    description: '`wait` leaves nothing out. `drop` leaves out what is too far behind or refused, records the range, and alerts.',
  }),
  enterpriseNumber: z
    .int()
    .min(1)
    .max(4_294_967_295)
    .default(ENTERPRISE_NUMBER_EXAMPLE)
    .meta({ description: 'IANA private enterprise number of `rfc5424`; the default is reserved for examples.' }),
  conventions: z.enum(CONVENTIONS_VERSIONS).default('1.42.0').meta({ description: 'Version of the OpenTelemetry GenAI names.' }),
}

const Network = {
  allowPrivateNetwork: z
    .boolean()
    .default(false)
    .meta({ description: 'Allow addresses of private ranges; loopback is always allowed.' }),
  caFile: z.string().optional().meta({ description: 'PEM certificates to trust instead of the system’s, relative to this file.' }),
}
const Url = z.url({ protocol: /^https?$/ })

export const FileSink = z.strictObject({
  type: z.literal('file'),
  ...Common,
  format: FormatId.default('ocsf'),
  path: z.string().min(1).meta({ description: 'File to append to, one event a line, relative to this file.' }),
  rotateBytes: z
    .int()
    .min(4_096)
    .default(64 * 1_048_576)
    .meta({ description: 'Size at which a file is closed and renamed to `<path>.<number>`.' }),
  filesMax: z.int().min(1).max(10_000).default(1_000).meta({ description: 'Closed files kept; the oldest are removed.' }),
})
export type FileSink = z.infer<typeof FileSink>

export const SyslogSink = z.strictObject({
  type: z.literal('syslog'),
  ...Common,
  ...Network,
  format: z.enum(['rfc5424']).default('rfc5424'),
  server: z.string().min(1).max(255).meta({ description: 'Host name or address of the syslog server; TLS only.' }),
  port: z.int().min(1).max(65_535).default(6_514),
})
export type SyslogSink = z.infer<typeof SyslogSink>

export const SplunkSink = z.strictObject({
  type: z.literal('splunk'),
  ...Common,
  ...Network,
  format: FormatId.default('ocsf'),
  url: Url.meta({ description: 'Base URL of the HTTP Event Collector.' }),
  token: SecretText.meta({ description: 'HEC token.' }),
  index: z.string().max(80).optional(),
  acknowledge: z
    .boolean()
    .default(false)
    .meta({ description: 'Wait until the indexers confirm; not offered by Splunk Cloud for HEC.' }),
})
export type SplunkSink = z.infer<typeof SplunkSink>

export const OtlpSink = z.strictObject({
  type: z.literal('otlp'),
  ...Common,
  ...Network,
  format: z.enum(['otlp-logs']).default('otlp-logs'),
  url: Url.meta({ description: 'Base URL of an OTLP/HTTP receiver; `/v1/logs` and `/v1/traces` are added.' }),
  headers: z.record(z.string(), SecretText).default({}),
  traces: z.boolean().default(true).meta({ description: 'Send a span for every act too.' }),
})
export type OtlpSink = z.infer<typeof OtlpSink>

export const WebhookSink = z.strictObject({
  type: z.literal('webhook'),
  ...Common,
  ...Network,
  format: FormatId.default('cloudevents'),
  url: Url,
  secret: SecretText.meta({ description: 'Shared secret, `whsec_` and at least 24 bytes in base64 (Standard Webhooks).' }),
})
export type WebhookSink = z.infer<typeof WebhookSink>

/** What sinks have that tell people. */
const Channel = {
  ...Place,
  ...Network,
  filter: z
    .strictObject({
      approvals: z
        .array(z.enum(APPROVAL_KINDS))
        .default([...APPROVAL_KINDS])
        .meta({ description: 'What people are told of acts that wait for approval.' }),
      types: z.array(z.enum(EVENT_TYPES)).default(['alert']).meta({ description: 'Other events people are told of.' }),
      severityMin: z
        .enum(SEVERITIES)
        .default('high')
        .meta({ description: 'Of the other events, only those at least this severe.' }),
      hoursMax: z
        .int()
        .min(1)
        .max(720)
        .default(24)
        .meta({ description: 'What is older when its turn comes is not told any more.' }),
    })
    .prefault({})
    .meta({ description: 'What it tells; what is left out here is not a gap.' }),
  onOverflow: z.enum(['wait', 'drop']).default('drop').meta({
    description:
      '`drop` leaves out what is refused or too far behind, records that, and tells the rest. `wait` leaves nothing out.',
  }),
  format: z.enum(['notice']).default('notice'),
}

export const EmailSink = z.strictObject({
  type: z.literal('email'),
  ...Channel,
  server: z.string().min(1).max(255).meta({ description: 'Host name or address of the mail server (SMTP).' }),
  port: z.int().min(1).max(65_535).optional().meta({ description: '465 for `implicit`, 587 for `starttls`, 25 for `none`.' }),
  tls: z
    .enum(['implicit', 'starttls', 'none'])
    .default('implicit')
    .meta({ description: 'TLS from the first byte, or before anything is said. `none` only on this machine.' }),
  auth: z.strictObject({ user: SecretText, password: SecretText }).optional(),
  from: z.email().max(254),
  to: z.array(z.email().max(254)).min(1).max(20).meta({ description: 'Each gets a message of their own.' }),
})
export type EmailSink = z.infer<typeof EmailSink>

export const SlackSink = z.strictObject({
  type: z.literal('slack'),
  ...Channel,
  url: Url.default('https://slack.com/api').meta({ description: 'Base URL of the Web API.' }),
  token: SecretText.meta({ description: 'Bot token with `chat:write`.' }),
  channel: z.string().min(1).max(100).meta({ description: 'Id of the channel; the bot has to be in it.' }),
})
export type SlackSink = z.infer<typeof SlackSink>

export const TeamsSink = z.strictObject({
  type: z.literal('teams'),
  ...Channel,
  webhookUrl: SecretText.meta({ description: 'URL of a Workflows webhook. Whoever has it can post, so it is a secret.' }),
})
export type TeamsSink = z.infer<typeof TeamsSink>

export const PagerdutySink = z.strictObject({
  type: z.literal('pagerduty'),
  ...Channel,
  url: Url.default('https://events.pagerduty.com').meta({ description: 'Base URL of the Events API v2.' }),
  routingKey: SecretText.meta({ description: 'Integration key of a service.' }),
})
export type PagerdutySink = z.infer<typeof PagerdutySink>

export const SinkConfig = z.discriminatedUnion('type', [
  FileSink,
  SyslogSink,
  SplunkSink,
  OtlpSink,
  WebhookSink,
  EmailSink,
  SlackSink,
  TeamsSink,
  PagerdutySink,
])
export type SinkConfig = z.infer<typeof SinkConfig>

/** Most sinks of one gateway: each reads the log for itself. */
const SINKS_MAX = 20

export const SinksConfig = z
  .array(SinkConfig)
  .max(SINKS_MAX)
  .refine((sinks) => new Set(sinks.map(({ id }) => id)).size === sinks.length, 'two sinks have the same id')
  .default([])
  .meta({
    description: 'Where events go: files, syslog, Splunk, OpenTelemetry, webhooks; and people: email, Slack, Teams, PagerDuty.',
  })
