import { resolve } from 'node:path'
import { GatewayError } from '@sallyport/core'
import type { MetricsConfig } from './config-metrics.ts'
import type { SinkConfig } from './config-sinks.ts'

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
  }
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
