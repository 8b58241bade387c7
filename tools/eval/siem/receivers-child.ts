import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  otlpReceiver,
  splunkReceiver,
  syslogReceiver,
  webhookReceiver,
  type Received,
} from '../../../packages/gateway/src/fixtures/receivers.ts'
import type { SelfSigned } from '../../../packages/gateway/src/fixtures/self-signed.ts'

/**
 * Four receivers as a process of their own: `receivers-child.ts FOLDER PORTS`. What arrives is in a file before it is answered, so
 * that ending the process loses nothing it acknowledged. Prints the ports as one line.
 */
const [folder = '', portsText = '[]'] = process.argv.slice(2)
const ports = JSON.parse(portsText) as number[]
const tls = JSON.parse(readFileSync(join(folder, 'tls.json'), 'utf8')) as SelfSigned

const into = (name: string, i: number) => ({
  onReceived: (received: Received) =>
    appendFileSync(join(folder, `${name}.jsonl`), `${JSON.stringify({ ...received, atMs: Date.now() })}\n`),
  ...(ports[i] === undefined ? {} : { port: ports[i] }),
})
const receivers = await Promise.all([
  syslogReceiver({ ...into('syslog', 0), tls }),
  splunkReceiver(into('splunk', 1)),
  otlpReceiver({
    ...into('otlp', 2),
    onSpan: (received) => appendFileSync(join(folder, 'spans.jsonl'), `${JSON.stringify(received)}\n`),
  }),
  webhookReceiver(into('webhook', 3)),
])
process.stdout.write(`${JSON.stringify(receivers.map(({ port }) => port))}\n`)
process.once('disconnect', () => process.exit(0))
