import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcp } from 'node:net'
import { join } from 'node:path'
import type { EntryBody, SecurityEvent } from '@sallyport/core'
import { toEvents } from '@sallyport/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stored } from '../../../core/src/observe/fixtures/any-entry.ts'
import { ORIGIN, sampleEvent, SAMPLES } from '../../../core/src/observe/fixtures/samples.ts'
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
  type Mail,
  type MailServerOptions,
} from '../fixtures/channel-receivers.ts'
import type { Received, Receiver } from '../fixtures/receivers.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { tempFolder } from '../fixtures/world.ts'
import { openTestSink } from './sinks.contract.ts'

const tls = selfSigned()
const ID = `apr-${'7a'.repeat(12)}`
const LINK = `https://console.example/approvals/${ID}`
const closing: (() => Promise<void> | void)[] = []
let folder: ReturnType<typeof tempFolder>
let received: Received[]
let mails: Mail[]
beforeEach(() => {
  folder = tempFolder()
  received = []
  mails = []
  writeFileSync(join(folder.path, 'ca.pem'), tls.cert)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  folder.remove()
})

const onReceived = (one: Received): void => void received.push(one)
async function opened(receiver: Promise<Receiver>): Promise<Receiver> {
  const open = await receiver
  closing.push(() => open.close())
  return open
}
const url = ({ port }: Receiver) => `http://127.0.0.1:${port}`
const mailTo = (more: Partial<MailServerOptions> = {}) =>
  opened(mailServer({ tls, mode: 'implicit', onReceived, onMail: (mail) => mails.push(mail), ...more }))
const emailConfig = ({ port }: Receiver, more: object = {}) => ({
  type: 'email',
  server: '127.0.0.1',
  port,
  from: 'sallyport@gateway.example',
  to: ['oncall@people.example'],
  auth: MAIL_AUTH,
  caFile: join(folder.path, 'ca.pem'),
  ...more,
})
/** Each channel that is spoken over HTTP, with its receiver. */
const KINDS = {
  slack: async () => ({
    type: 'slack',
    url: `${url(await opened(slackReceiver({ onReceived })))}/api`,
    token: SLACK_TOKEN,
    channel: 'C0123456789',
  }),
  teams: async () => ({ type: 'teams', webhookUrl: `${url(await opened(teamsReceiver({ onReceived })))}${TEAMS_PATH}` }),
  pagerduty: async () => ({
    type: 'pagerduty',
    url: url(await opened(pagerdutyReceiver({ onReceived }))),
    routingKey: ROUTING_KEY,
  }),
  email: async () => emailConfig(await mailTo()),
} as const

function opener(config: object) {
  const sink = openTestSink(SinkConfig.parse({ id: 'a', ...config }))
  closing.push(() => sink.close())
  return {
    send: (events: readonly SecurityEvent[]) =>
      sink.send(events, AbortSignal.timeout(8_000)).then(
        () => 'sent',
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      ),
  }
}
const sending = (config: object, events: readonly SecurityEvent[] = [sampleEvent('asked')]) => opener(config).send(events)

function eventWith(name: string, detail: object, verb?: string): SecurityEvent {
  const body = SAMPLES[name]
  if (body?.type !== 'admin') throw new TypeError('no act of administration')
  const entry = stored({ ...body, detail: { ...body.detail, ...detail }, ...(verb && { verb }) } as EntryBody, 7)
  const [event] = entry ? toEvents(entry, { origin: ORIGIN }) : []
  if (!event) throw new TypeError('no event')
  return event
}
const HOSTILE = [
  'x\r\nBcc: eve@evil.example\r\n\r\n<script>',
  '<!channel> <!here> <@U024BE7LH> @here @channel',
  '<https://evil.example|approve here>',
  '[approve](https://evil.example) **now** www.evil.example evil.example/pay',
  'pay\u202egnp.exe\u200b\u2066',
  '&lt;!channel&gt; &amp; :rotating_light:',
  '='.repeat(10_000),
]

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])('R149: %s tells people', (kind) => {
  test('what waits, and links to the page where they sign in, with nothing in the link', async () => {
    expect(await sending(await KINDS[kind]())).toBe('sent')
    const said = mails[0]?.text ?? received[0]?.record ?? ''
    expect(said).toContain('invoices wants to call pay_invoice of erp')
    const links = said.match(/https?:\/\/[^\s"<>]+/g)?.filter((link) => !link.startsWith('http://adaptivecards.io/'))
    expect(links).toEqual([LINK])
    expect(new URL(LINK)).toMatchObject({ search: '', hash: '', username: '', password: '' })
  })
  test.each(HOSTILE)('nothing but text of a name like %j', async (name) => {
    const event = eventWith('asked', { name, agent: name, task: name, server: name, reasons: [name] })
    expect(await sending(await KINDS[kind](), [event])).toBe('sent')
    const said = mails[0]
      ? `${mails[0].headers.map(([, value]) => value).join('\n')}\n${mails[0].text}`
      : (received[0]?.record ?? '')
    expect(said.replaceAll(LINK, '')).not.toMatch(
      /evil\.example|https?:\/\/evil|<!|<@|<https|(?<!\[)@(?:here|channel|evil)|\u202e|\u200b|={200}/,
    )
    expect(received[0]?.record.length).toBeLessThan(8_000)
  })
  test('each event once, though a batch comes again because its end was refused', async () => {
    const sink = opener(await KINDS[kind]())
    const two = [sampleEvent('asked'), sampleEvent('escalated')]
    expect(await sink.send(two.slice(0, 1))).toBe('sent')
    expect(await sink.send(two)).toBe('sent')
    expect(received.map(({ id }) => id)).toEqual(two.map(({ id }) => id))
  })
  test('a secret that is wrong is an error to try again, which does not say it', async () => {
    const config = await KINDS[kind]()
    const wrong = {
      slack: { token: 'xoxb-wrong-secret' },
      teams: { webhookUrl: 'webhookUrl' in config ? config.webhookUrl.replace('a-secret-signature', 'wrong-secret') : '' },
      pagerduty: { routingKey: 'wrong-secret-0123456789abcdef012' },
      email: { auth: { ...MAIL_AUTH, password: 'wrong-secret' } },
    }[kind]
    const said = await sending({ ...config, ...wrong })
    expect(said).toMatch(/^SINK_UNAVAILABLE: /)
    expect(said).not.toMatch(/wrong-secret|secret-signature/)
    expect(received).toEqual([])
  })
})

describe('R149: mail', () => {
  test('is one message for each person, in one conversation, text only, over TLS', async () => {
    const server = await mailTo()
    const to = ['dana@people.example', 'erin@people.example']
    expect(await sending(emailConfig(server, { to }), [sampleEvent('asked'), sampleEvent('decided')])).toBe('sent')
    expect(mails.map(({ to: one, isSecure }) => [one, isSecure])).toEqual([...to, ...to].map((one) => [[one], true]))
    const [first] = mails
    const headers = Object.fromEntries(first?.headers ?? [])
    expect(headers).toMatchObject({
      subject: 'Approval needed: invoices wants to call pay_invoice of erp',
      from: 'Sallyport <sallyport@gateway.example>',
      'message-id': `<${sampleEvent('asked').id}@gateway.example>`,
      'auto-submitted': 'auto-generated',
      'content-type': expect.stringMatching(/^text\/plain/),
    })
    expect(new Set(mails.map(({ headers: fields }) => fields.find(([name]) => name === 'references')?.[1]))).toEqual(
      new Set([`<${ID}@gateway.example>`]),
    )
  })
  test('R144: a name with line breaks adds no header field and no recipient', async () => {
    const server = await mailTo()
    expect(await sending(emailConfig(server))).toBe('sent')
    const plain = mails[0]?.headers.map(([name]) => name)
    expect(await sending(emailConfig(server), [eventWith('asked', { agent: HOSTILE[0], name: HOSTILE[0] })])).toBe('sent')
    expect(mails[1]?.headers.map(([name]) => name)).toEqual(plain)
    expect(mails[1]?.to).toEqual(['oncall@people.example'])
  })
  test('one who is refused is said, and the others hear of it once', async () => {
    const server = await mailTo({ refuse: (to) => (to.startsWith('gone') ? 550 : undefined) })
    const sink = opener(emailConfig(server, { to: ['gone@people.example', 'dana@people.example'] }))
    for (let i = 0; i < 2; i++)
      expect(await sink.send([sampleEvent('asked')])).toBe('SINK_REJECTED: the mail server refused the message with status 550')
    expect(mails.map(({ to }) => to)).toEqual([['dana@people.example']])
  })
  test.each([
    [451, 'SINK_UNAVAILABLE: the mail server answered with status 451'],
    [554, 'SINK_REJECTED: the mail server refused the message with status 554'],
    [530, 'SINK_UNAVAILABLE: the mail server does not accept the credentials'],
  ])('status %i is %s', async (status, words) => {
    expect(await sending(emailConfig(await mailTo({ refuse: () => status })))).toBe(words)
  })
  test.each(['implicit', 'starttls'] as const)(
    'R234: %s: nothing is said to a server whose certificate does not verify',
    async (mode) => {
      const server = await mailTo({ mode })
      const { caFile: _, ...config } = emailConfig(server, { tls: mode })
      expect(await sending(config)).toBe('SINK_UNAVAILABLE: the certificate of the mail server does not verify')
      expect(received).toEqual([])
    },
  )
  test('a server that says nothing is given up with the delivery', async () => {
    const silent = createTcp((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1')
    closing.push(() => void silent.close())
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as AddressInfo
    const sink = openTestSink(SinkConfig.parse({ id: 'a', ...emailConfig({ port } as Receiver) }))
    const startedMs = performance.now()
    await expect(sink.send([sampleEvent('asked')], AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' })
    expect(performance.now() - startedMs).toBeLessThan(5_000)
  })
  test('R234: no TLS, no mail', async () => {
    const server = await mailTo({ mode: 'none' })
    expect(await sending(emailConfig(server, { tls: 'starttls' }))).toMatch(/^SINK_UNAVAILABLE: /)
    expect(server.problems).toEqual([])
    expect(received).toEqual([])
  })
  test.each(['169.254.169.254', '10.0.0.1'])('%s is not dialled', (server) => {
    expect(() => openTestSink(SinkConfig.parse({ id: 'a', ...emailConfig({ port: 25 } as Receiver, { server }) }))).toThrowError(
      expect.objectContaining({ code: 'CONFIG_INSECURE' }),
    )
  })
  test.each(['a@b.example\r\nBcc: c@d.example', 'a@b.example, c@d.example', 'Eve <a@b.example>'])('%j is no address', (to) => {
    expect(SinkConfig.safeParse({ id: 'a', ...emailConfig({ port: 25 } as Receiver, { to: [to] }) }).success).toBe(false)
  })
})

describe('R149: one incident of PagerDuty is one request', () => {
  const acted = async (events: readonly SecurityEvent[]) => {
    expect(await sending(await KINDS.pagerduty(), events)).toBe('sent')
    return received.map(({ record }) => {
      const { event_action, dedup_key, payload } = JSON.parse(record) as Record<'event_action' | 'dedup_key', string> & {
        payload: { severity: string }
      }
      return [event_action, dedup_key, payload.severity]
    })
  }
  test('it begins when people are asked, goes on when others are, and ends when somebody decided', async () => {
    expect(await acted([sampleEvent('asked'), sampleEvent('escalated'), sampleEvent('decided')])).toEqual([
      ['trigger', ID, 'warning'],
      ['trigger', ID, 'error'],
      ['resolve', ID, 'info'],
    ])
  })
  test('one of two approvals does not end it; time and cancellation do', async () => {
    const first = eventWith('decided', { verdict: 'approve', state: 'pending' })
    const ends = ['approval.expired', 'approval.cancelled'].map((verb) => eventWith('asked', {}, verb))
    expect((await acted([first, ...ends])).map(([action]) => action)).toEqual(['trigger', 'resolve', 'resolve'])
  })
  test('R105: an alert is an incident of its own', async () => {
    expect(await acted([sampleEvent('alert')])).toEqual([['trigger', sampleEvent('alert').id, 'warning']])
  })
})

describe('what others answer', () => {
  const answering = async (status: number, text: string) => {
    const server = createServer((request, response) => {
      request.resume()
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(text)
    }).listen(0, '127.0.0.1')
    closing.push(() => void server.close())
    await new Promise((resolve) => server.once('listening', resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }
  const slackAt = (base: string) => ({ type: 'slack', url: base, token: SLACK_TOKEN, channel: 'C0123456789' })
  test.each([
    ['{"ok":false,"error":"msg_too_long"}', 'SINK_REJECTED: Slack refused the message: msg_too_long'],
    ['{"ok":false,"error":"channel_not_found"}', 'SINK_UNAVAILABLE: Slack refused the message: channel_not_found'],
    [`{"ok":false,"error":"${SLACK_TOKEN}"}`, 'SINK_UNAVAILABLE: Slack refused the message: unknown'],
    ['<html>sign in</html>', 'SINK_UNAVAILABLE: the answer is not one of Slack'],
  ])('Slack: %s is %s', async (text, words) => expect(await sending(slackAt(await answering(200, text)))).toBe(words))

  test('PagerDuty: an event it will never take is refused', async () => {
    const base = await answering(400, '{"status":"invalid event","errors":["\'payload.summary\' is missing"]}')
    expect(await sending({ type: 'pagerduty', url: base, routingKey: ROUTING_KEY })).toMatch(/^SINK_REJECTED: /)
  })
  test.each([302, 429, 503])('status %i is an error to try again, and a redirect is not followed', async (status) => {
    const base = await answering(status, '')
    for (const config of [
      slackAt(base),
      { type: 'teams', webhookUrl: `${base}${TEAMS_PATH}` },
      { type: 'pagerduty', url: base, routingKey: ROUTING_KEY },
    ])
      expect(await sending(config)).toMatch(/^SINK_UNAVAILABLE: /)
  })
  test('an answer without end is cut off', async () => {
    expect(await sending(slackAt(await answering(200, 'x'.repeat(100_000))))).toBe(
      'SINK_UNAVAILABLE: the answer of the destination is too large',
    )
  })
  test.each(['http://169.254.169.254/', 'http://10.0.0.1/', 'https://[fd00:ec2::254]/'])('%s is not dialled', (base) => {
    for (const config of [
      slackAt(base),
      { type: 'teams', webhookUrl: base },
      { type: 'pagerduty', url: base, routingKey: ROUTING_KEY },
    ])
      expect(() => openTestSink(SinkConfig.parse({ id: 'a', ...config }))).toThrowError(
        expect.objectContaining({ code: 'CONFIG_INSECURE' }),
      )
  })
})
