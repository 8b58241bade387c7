import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTls } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer as createMutualTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleEvents } from '../../../core/src/observe/fixtures/samples.ts'
import { SinkConfig } from '../config-sinks.ts'
import { SPLUNK_TOKEN, splunkReceiver, syslogReceiver, WEBHOOK_SECRET, webhookReceiver } from '../fixtures/receivers.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { tempFolder } from '../fixtures/world.ts'
import { openTestSink } from './sinks.contract.ts'

const tls = selfSigned()
const events = sampleEvents().slice(0, 3)
const closing: (() => Promise<void> | void)[] = []
let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  folder.remove()
})

/** What sending says: the code and the words of the failure, or `sent`. */
async function sending(config: object): Promise<string> {
  const sink = openTestSink(SinkConfig.parse({ id: 'a', ...config }))
  closing.push(() => sink.close())
  return sink.send(events, AbortSignal.timeout(5_000)).then(
    () => 'sent',
    (error: Error & { code: string }) => `${error.code}: ${error.message}`,
  )
}
const ca = (): string => {
  const file = join(folder.path, 'ca.pem')
  writeFileSync(file, tls.cert)
  return file
}

describe('R234: a certificate that does not verify stops delivery and says so', () => {
  test('syslog: unknown issuer, right issuer, wrong name', async () => {
    const received: string[] = []
    const receiver = await syslogReceiver({ tls, onReceived: ({ id }) => received.push(id) })
    closing.push(() => receiver.close())
    const config = { type: 'syslog', server: '127.0.0.1', port: receiver.port }
    expect(await sending(config)).toMatch(/^SINK_UNAVAILABLE: the destination’s certificate does not verify/)
    expect(received).toEqual([])
    expect(await sending({ ...config, caFile: ca() })).toBe('sent')
    const other = selfSigned('elsewhere.example')
    const wrong = await syslogReceiver({ tls: other, onReceived: ({ id }) => received.push(id) })
    closing.push(() => wrong.close())
    writeFileSync(join(folder.path, 'other.pem'), other.cert)
    const named = { type: 'syslog', server: 'localhost', port: wrong.port, caFile: join(folder.path, 'other.pem') }
    expect(await sending(named)).toMatch(/^SINK_UNAVAILABLE: the destination’s certificate does not verify/)
    expect(received).toHaveLength(3)
  })
  test('https: unknown issuer, right issuer', async () => {
    const server = createTls(tls, (_, response) => void response.end('{"text":"Success","code":0}')).listen(0, '127.0.0.1')
    closing.push(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    const config = { type: 'splunk', url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, token: SPLUNK_TOKEN }
    expect(await sending(config)).toMatch(/^SINK_UNAVAILABLE: the destination’s certificate does not verify/)
    expect(await sending({ ...config, caFile: ca() })).toBe('sent')
  })
})

describe('webhooks go where they were sent and nowhere else', () => {
  test('a redirect is not followed', async () => {
    const received: string[] = []
    const target = createServer(
      (request, response) => void (received.push(request.url ?? ''), response.writeHead(302, { location: '/x' }).end()),
    )
    target.listen(0, '127.0.0.1')
    closing.push(() => void target.close())
    await new Promise((resolve) => target.once('listening', resolve))
    const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}/hook`
    expect(await sending({ type: 'webhook', url, secret: WEBHOOK_SECRET })).toContain('which is not followed')
    expect(received).toEqual(['/hook'])
  })
  test.each(['http://169.254.169.254/', 'http://10.0.0.1/', 'https://[fd00:ec2::254]/'])('%s is not dialled', (url) => {
    expect(() => openTestSink(SinkConfig.parse({ type: 'webhook', id: 'a', url, secret: WEBHOOK_SECRET }))).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INSECURE' }),
    )
  })
  test.each(['short', 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(40)}`])('the secret %s is too weak or no secret', (secret) => {
    expect(() => openTestSink(SinkConfig.parse({ type: 'webhook', id: 'a', url: 'http://127.0.0.1:1/', secret }))).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INSECURE' }),
    )
  })
  test('a receiver with another secret refuses the signature', async () => {
    const receiver = await webhookReceiver({ onReceived: () => undefined })
    closing.push(() => receiver.close())
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`
    expect(await sending({ type: 'webhook', url: `http://127.0.0.1:${receiver.port}/`, secret })).toBe(
      'SINK_UNAVAILABLE: the destination answered with status 401',
    )
    expect(receiver.problems).toEqual(['wrong signature'])
  })
})

test.each([
  [400, 'SINK_REJECTED'],
  [413, 'SINK_REJECTED'],
  [401, 'SINK_UNAVAILABLE'],
  [429, 'SINK_UNAVAILABLE'],
  [503, 'SINK_UNAVAILABLE'],
])('R137: status %i is %s, without a secret in the words', async (status, code) => {
  const receiver = await splunkReceiver({ onReceived: () => undefined, status: () => status })
  closing.push(() => receiver.close())
  const said = await sending({ type: 'splunk', url: `http://127.0.0.1:${receiver.port}`, token: SPLUNK_TOKEN })
  expect(said).toMatch(new RegExp(`^${code}: `))
  expect(said).not.toContain(SPLUNK_TOKEN)
})

test('R137, R234: a syslog server that refuses us after the handshake has taken nothing', async () => {
  const server = createMutualTls({ ...tls, requestCert: true, rejectUnauthorized: true }, (socket) =>
    socket.on('error', () => undefined),
  )
  server.on('tlsClientError', () => undefined).listen(0, '127.0.0.1')
  closing.push(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  for (let i = 0; i < 5; i++)
    expect(await sending({ type: 'syslog', server: '127.0.0.1', port, caFile: ca() })).toMatch(/^SINK_UNAVAILABLE: /)
})

test('R137: with acknowledgement a collector that never confirms is an error', async () => {
  const receiver = await splunkReceiver({ onReceived: () => undefined })
  closing.push(() => receiver.close())
  const config = { type: 'splunk', url: `http://127.0.0.1:${receiver.port}`, token: SPLUNK_TOKEN, acknowledge: true }
  expect(await sending(config)).toContain('does not acknowledge')
})

test.each([
  ['a login page', '<html>please log in</html>'],
  ['an error in JSON', '[]'],
  ['a count that is none', '{"partialSuccess":{"rejectedLogRecords":"many"}}'],
])('R137: %s with status 200 is no receiver that took the records', async (_, text) => {
  expect(await sendingTo('otlp', text)).toBe('SINK_UNAVAILABLE: the answer is not one of an OTLP receiver')
})
test.each(['', '{}', '{"partialSuccess":{}}', '{"partialSuccess":{"rejectedLogRecords":"0"}}', '{"partialSuccess":null}'])(
  'R137: an OTLP receiver that answers “%s” took all records',
  async (text) => expect(await sendingTo('otlp', text)).toBe('sent'),
)
test('R137: records an OTLP receiver refuses are not delivered', async () => {
  expect(await sendingTo('otlp', '{"partialSuccess":{"rejectedLogRecords":"1"}}')).toMatch(/^SINK_REJECTED/)
})

/** What sending says to a server that answers everything with this text and status 200. */
async function sendingTo(type: string, text: string): Promise<string> {
  const server = createServer((request, response) => void (request.resume(), response.end(text))).listen(0, '127.0.0.1')
  closing.push(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  return sending({ type, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

describe('R137: the file', () => {
  const path = (): string => join(folder.path, 'events.jsonl')
  const lines = (name: string): string[] => readFileSync(join(folder.path, name), 'utf8').split('\n').filter(Boolean)

  test('half a line that a crash left is replaced by the whole one', async () => {
    const first = openTestSink(SinkConfig.parse({ type: 'file', id: 'a', path: path() }))
    await first.send(events, AbortSignal.timeout(1_000))
    const whole = readFileSync(path(), 'utf8')
    writeFileSync(path(), whole.slice(0, -20))
    const second = openTestSink(SinkConfig.parse({ type: 'file', id: 'a', path: path() }))
    await second.send(events.slice(2), AbortSignal.timeout(1_000))
    expect(readFileSync(path(), 'utf8')).toBe(whole)
  })
  test('a full file is closed and kept under a number; the oldest go', async () => {
    const sink = openTestSink(SinkConfig.parse({ type: 'file', id: 'a', path: path(), rotateBytes: 4_096, filesMax: 2 }))
    for (let i = 0; i < 12; i++) await sink.send(events, AbortSignal.timeout(1_000))
    const names = readdirSync(folder.path).filter((name) => name.startsWith('events.jsonl.'))
    expect(names.length).toBe(2)
    for (const name of names) for (const line of lines(name)) expect(JSON.parse(line)).toHaveProperty('metadata.uid')
  })
  test('what keeps a full file from being closed does not write the same lines again and again', async () => {
    // No number is left that it may be given.
    mkdirSync(`${path()}.1`)
    const sink = openTestSink(SinkConfig.parse({ type: 'file', id: 'a', path: path(), rotateBytes: 4_096, filesMax: 1 }))
    let delivered = 0
    for (let i = 0; i < 12; i++)
      await sink.send(events, AbortSignal.timeout(1_000)).then(
        () => delivered++,
        () => undefined,
      )
    const files = readdirSync(folder.path, { withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.flatMap(({ name }) => lines(name))).toHaveLength(delivered * events.length)
  })
  test('a file that somebody moved away is begun anew', async () => {
    const sink = openTestSink(SinkConfig.parse({ type: 'file', id: 'a', path: path() }))
    await sink.send(events, AbortSignal.timeout(1_000))
    rmSync(path())
    await sink.send(events.slice(0, 1), AbortSignal.timeout(1_000))
    expect(lines('events.jsonl')).toHaveLength(1)
  })
  test('a folder that is not there is an error to try again', async () => {
    expect(await sending({ type: 'file', path: join(folder.path, 'no', 'x.jsonl') })).toBe(
      'SINK_UNAVAILABLE: the file cannot be written',
    )
  })
})
