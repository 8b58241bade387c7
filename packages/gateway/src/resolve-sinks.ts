import { resolve } from 'node:path'
import { GatewayError } from '@sallyport/core'
import type { MetricsConfig } from './config-metrics.ts'
import type { EmailSink, SinkConfig } from './config-sinks.ts'
import { isLoopback } from './is-loopback.ts'

/** A token is looked at again once its reference is filled in. */
const TOKEN_CHARS_MIN = 16

/** Where a configuration lies, and how its secrets are filled in. */
interface Place {
  readonly folder: string
  readonly fill: (values: Record<string, string>) => Record<string, string>
}

/** A sink with its secrets filled in and its files absolute. */
export function resolveSink(sink: SinkConfig, { folder, fill }: Place): SinkConfig {
  const caFile = 'caFile' in sink && sink.caFile !== undefined ? { caFile: resolve(folder, sink.caFile) } : {}
  switch (sink.type) {
    case 'file':
      return { ...sink, path: resolve(folder, sink.path) }
    case 'syslog':
      return { ...sink, ...caFile }
    case 'splunk':
      return { ...sink, ...caFile, ...fill({ token: sink.token }) }
    case 'otlp':
      return { ...sink, ...caFile, headers: fill(sink.headers) }
    case 'webhook':
      return { ...sink, ...caFile, ...fill({ secret: sink.secret }) }
    case 'email':
      return { ...sink, ...caFile, ...resolveAuth(sink, fill) }
    case 'slack':
      return { ...sink, ...caFile, ...fill({ token: sink.token }) }
    case 'teams': {
      const { webhookUrl = '' } = fill({ webhookUrl: sink.webhookUrl })
      requireSecretUrl(webhookUrl, `sink ${sink.id}: webhookUrl`)
      return { ...sink, ...caFile, webhookUrl }
    }
    case 'pagerduty':
      return { ...sink, ...caFile, ...fill({ routingKey: sink.routingKey }) }
  }
}

/** @throws GatewayError `CONFIG_INSECURE` when mail would leave this machine in the clear */
function resolveAuth({ id, tls, server, auth }: EmailSink, fill: Place['fill']): Pick<EmailSink, 'auth'> {
  if (tls === 'none' && !isLoopback(server))
    throw new GatewayError('CONFIG_INSECURE', `sink ${id}: tls: mail off this machine goes over TLS`)
  if (!auth) return {}
  const { user = '', password = '' } = fill({ user: auth.user, password: auth.password })
  return { auth: { user, password } }
}

/** @throws GatewayError `CONFIG_INVALID`, `CONFIG_INSECURE`; none says the URL, which is a secret */
function requireSecretUrl(text: string, where: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new GatewayError('CONFIG_INVALID', `${where}: must be an https URL`)
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    throw new GatewayError('CONFIG_INSECURE', `${where}: plain HTTP off this machine; use https`)
}

/** @throws GatewayError `CONFIG_INSECURE` when measurements, or the token for them, would leave this machine in the clear. */
export function resolveMetrics(
  metrics: NonNullable<MetricsConfig>,
  { folder, fill, isLocal }: Place & { readonly isLocal: boolean },
): NonNullable<MetricsConfig> {
  const { tls, token } = metrics
  if (!isLocal && (tls === undefined || token === undefined))
    throw new GatewayError('CONFIG_INSECURE', 'metrics: off loopback set metrics.tls and metrics.token')
  const filled = token === undefined ? {} : fill({ token })
  if (filled['token'] !== undefined && filled['token'].length < TOKEN_CHARS_MIN)
    throw new GatewayError('CONFIG_INSECURE', `metrics.token: shorter than ${TOKEN_CHARS_MIN} characters`)
  return {
    ...metrics,
    ...filled,
    ...(tls && { tls: { certFile: resolve(folder, tls.certFile), keyFile: resolve(folder, tls.keyFile) } }),
  }
}
