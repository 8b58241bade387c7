import { CONVENTIONS_VERSIONS, ENTERPRISE_NUMBER_EXAMPLE, EVENT_TYPES, Id, SEVERITIES, formats } from '@sallyport/core'
import { z } from 'zod'

/** `${env:NAME}` and `${file:path}` are replaced, as in every secret field. */
const SecretText = z.string().min(1).max(10_000)
const FormatId = z.enum(formats.map(({ id }) => id) as [string, ...string[]])

const Common = {
  id: Id.meta({ description: 'Names the sink and its place in the log; a new name starts at the first entry.' }),
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

export const SinkConfig = z.discriminatedUnion('type', [FileSink, SyslogSink, SplunkSink, OtlpSink, WebhookSink])
export type SinkConfig = z.infer<typeof SinkConfig>

/** Most sinks of one gateway: each reads the log for itself. */
const SINKS_MAX = 20

export const SinksConfig = z
  .array(SinkConfig)
  .max(SINKS_MAX)
  .refine((sinks) => new Set(sinks.map(({ id }) => id)).size === sinks.length, 'two sinks have the same id')
  .default([])
  .meta({ description: 'Where events go: files, syslog, Splunk, OpenTelemetry, webhooks.' })
