import type { SinkConfig } from '../config-sinks.ts'
import type { Sink, SinkDeps } from '../define-sink.ts'
import { email } from './email/index.ts'
import { file } from './file/index.ts'
import { otlp } from './otlp/index.ts'
import { pagerduty } from './pagerduty/index.ts'
import { slack } from './slack/index.ts'
import { splunk } from './splunk/index.ts'
import { syslog } from './syslog/index.ts'
import { teams } from './teams/index.ts'
import { webhook } from './webhook/index.ts'

/** Every kind of destination. A new one is a folder, its options in `config-sinks.ts`, and a line here. */
export const SINKS = { email, file, otlp, pagerduty, slack, splunk, syslog, teams, webhook } as const

/** Opens the sink a configuration names. @throws GatewayError `CONFIG_*` */
export function openSink(config: SinkConfig, deps: SinkDeps): { readonly sink: Sink; readonly eventsMax: number } {
  const type = SINKS[config.type]
  const open = type.open as (config: SinkConfig, deps: SinkDeps) => Sink
  return { sink: open(config, deps), eventsMax: type.eventsMax }
}
