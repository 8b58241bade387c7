import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SinkConfig } from '../config-sinks.ts'
import {
  MAIL_AUTH,
  mailServer,
  pagerdutyReceiver,
  ROUTING_KEY,
  SLACK_TOKEN,
  slackReceiver,
  TEAMS_PATH,
  teamsReceiver,
} from '../fixtures/channel-receivers.ts'
import {
  OTLP_KEY,
  otlpReceiver,
  SPLUNK_TOKEN,
  splunkReceiver,
  syslogReceiver,
  WEBHOOK_SECRET,
  webhookReceiver,
  type Receiver,
} from '../fixtures/receivers.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { sinkContract, type SinkKind } from './sinks.contract.ts'

const tls = selfSigned()
const started = async (receiver: Promise<Receiver>) => {
  const { port, close } = await receiver
  return { port, stop: close }
}

const kinds: readonly SinkKind[] = [
  {
    name: 'file',
    isRemote: false,
    // Read once, when it is stopped: a file has no other side.
    start: async ({ folder, onReceived }) => ({
      port: 0,
      stop: async () => {
        for (const name of readdirSync(folder)) {
          for (const record of readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1)) {
            const { metadata } = JSON.parse(record) as { metadata: { uid: string; sequence: number } }
            onReceived({ id: metadata.uid, index: metadata.sequence, record })
          }
        }
      },
    }),
    config: ({ folder }) => ({ type: 'file', id: 'a', path: join(folder, 'events.jsonl') }),
  },
  {
    name: 'syslog',
    isRemote: true,
    start: (options) => {
      writeFileSync(join(options.folder, 'ca.pem'), tls.cert)
      return started(syslogReceiver({ ...options, tls }))
    },
    config: ({ folder, port }) => ({ type: 'syslog', id: 'a', server: '127.0.0.1', port, caFile: join(folder, 'ca.pem') }),
  },
  {
    name: 'splunk',
    isRemote: true,
    start: (options) => started(splunkReceiver(options)),
    config: ({ port }) => ({ type: 'splunk', id: 'a', url: `http://127.0.0.1:${port}`, token: SPLUNK_TOKEN }),
  },
  {
    name: 'splunk with acknowledgement',
    isRemote: true,
    start: (options) => started(splunkReceiver({ ...options, acks: true })),
    config: ({ port }) => ({
      type: 'splunk',
      id: 'a',
      url: `http://127.0.0.1:${port}/`,
      token: SPLUNK_TOKEN,
      acknowledge: true,
      format: 'cef',
    }),
  },
  {
    name: 'otlp',
    isRemote: true,
    start: (options) => started(otlpReceiver(options)),
    config: ({ port }) => ({ type: 'otlp', id: 'a', url: `http://127.0.0.1:${port}`, headers: { 'x-key': OTLP_KEY } }),
  },
  {
    name: 'webhook',
    isRemote: true,
    start: (options) => started(webhookReceiver(options)),
    config: ({ port }) => ({ type: 'webhook', id: 'a', url: `http://127.0.0.1:${port}/hook`, secret: WEBHOOK_SECRET }),
  },
  ...(['implicit', 'starttls', 'none'] as const).map((mode) => ({
    name: `email with TLS ${mode}`,
    isRemote: true,
    start: (options: Parameters<SinkKind['start']>[0]) => {
      writeFileSync(join(options.folder, 'ca.pem'), tls.cert)
      return started(mailServer({ ...options, tls, mode }))
    },
    config: ({ folder, port }: Parameters<SinkKind['config']>[0]) => ({
      type: 'email',
      id: 'a',
      server: '127.0.0.1',
      port,
      tls: mode,
      auth: MAIL_AUTH,
      from: 'sallyport@gateway.example',
      to: ['oncall@people.example'],
      caFile: join(folder, 'ca.pem'),
    }),
  })),
  {
    name: 'slack',
    isRemote: true,
    start: (options) => started(slackReceiver(options)),
    config: ({ port }) => ({
      type: 'slack',
      id: 'a',
      url: `http://127.0.0.1:${port}/api`,
      token: SLACK_TOKEN,
      channel: 'C0123456789',
    }),
  },
  {
    name: 'teams',
    isRemote: true,
    start: (options) => started(teamsReceiver(options)),
    config: ({ port }) => ({ type: 'teams', id: 'a', webhookUrl: `http://127.0.0.1:${port}${TEAMS_PATH}` }),
  },
  {
    name: 'pagerduty',
    isRemote: true,
    start: (options) => started(pagerdutyReceiver(options)),
    config: ({ port }) => ({ type: 'pagerduty', id: 'a', url: `http://127.0.0.1:${port}`, routingKey: ROUTING_KEY }),
  },
]

for (const kind of kinds) sinkContract(kind, (config) => SinkConfig.parse(config))
