import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tempFolder } from './fixtures/world.ts'
import { loadConfig } from './load-config.ts'

let folder: ReturnType<typeof tempFolder>
beforeEach(() => {
  folder = tempFolder()
})
afterEach(() => folder.remove())

function load(members: object, env: Record<string, string> = {}) {
  const file = join(folder.path, 'sallyport.yaml')
  writeFileSync(file, JSON.stringify({ apiVersion: 'sallyport/v1', ...members }))
  return loadConfig(file, env)
}
const codeOf = (members: object): string => {
  try {
    load(members)
    return 'loaded'
  } catch (error) {
    return (error as { code: string }).code
  }
}
const splunk = { type: 'splunk', id: 'siem', url: 'https://splunk.example', token: '${env:HEC_TOKEN}' }

const email = { type: 'email', id: 'mail', server: 'mail.example', from: 'a@b.example', to: ['c@d.example'] }
const channels = {
  MAIL_USER: 'mail-user',
  MAIL_PASSWORD: 'mail-password',
  SLACK: 'xoxb',
  TEAMS: 'https://teams.example/?sig=teams-secret',
  PAGER: 'pager',
}

test('R137: secrets of sinks come from the environment, and files lie beside the configuration', () => {
  const { config, secrets } = load(
    {
      sinks: [
        splunk,
        { type: 'otlp', id: 'otel', url: 'https://otel.example', headers: { 'x-key': '${env:OTEL_KEY}' }, caFile: 'ca.pem' },
        { type: 'webhook', id: 'hook', url: 'https://hook.example', secret: '${env:HOOK}' },
        { type: 'file', id: 'disk', path: 'out/events.jsonl' },
        { ...email, auth: { user: '${env:MAIL_USER}', password: '${env:MAIL_PASSWORD}' }, caFile: 'ca.pem' },
        { type: 'slack', id: 'chat', token: '${env:SLACK}', channel: 'C01' },
        { type: 'teams', id: 'room', webhookUrl: '${env:TEAMS}' },
        { type: 'pagerduty', id: 'pager', routingKey: '${env:PAGER}' },
      ],
      metrics: { port: 9_464, token: '${env:METRICS_TOKEN}' },
    },
    { HEC_TOKEN: 'hec', OTEL_KEY: 'otel', HOOK: 'whsec_x', METRICS_TOKEN: 'scrape-with-this-token', ...channels },
  )
  expect(config.sinks).toMatchObject([
    { token: 'hec' },
    { headers: { 'x-key': 'otel' }, caFile: join(folder.path, 'ca.pem') },
    { secret: 'whsec_x' },
    { path: join(folder.path, 'out/events.jsonl') },
    { auth: { user: 'mail-user', password: 'mail-password' }, caFile: join(folder.path, 'ca.pem') },
    { token: 'xoxb', url: 'https://slack.com/api' },
    { webhookUrl: channels.TEAMS },
    { routingKey: 'pager' },
  ])
  expect(config.metrics).toMatchObject({ token: 'scrape-with-this-token' })
  expect(secrets).toEqual(expect.arrayContaining(['hec', 'otel', 'whsec_x', 'scrape-with-this-token', ...Object.values(channels)]))
})

describe('R234: nothing leaves this machine in the clear', () => {
  test.each(['splunk', 'otlp', 'webhook'])('%s over plain http', (type) => {
    const sink = { type, id: 'a', url: 'http://siem.example', token: 't', secret: 's' }
    const { token, secret, ...rest } = sink
    const own = { splunk: { token }, otlp: {}, webhook: { secret } }[type]
    expect(codeOf({ sinks: [{ ...rest, ...own }] })).toBe('CONFIG_INSECURE')
    expect(codeOf({ sinks: [{ ...rest, ...own, url: 'http://127.0.0.1:1' }] })).toBe('loaded')
    expect(codeOf({ sinks: [{ ...rest, ...own, url: 'https://user:pw@siem.example' }] })).toBe('CONFIG_INSECURE')
  })
  test('mail, and a webhook whose address is a secret', () => {
    const teams = (webhookUrl: string) => ({ type: 'teams', id: 'a', webhookUrl })
    expect(codeOf({ sinks: [email] })).toBe('loaded')
    expect(codeOf({ sinks: [{ ...email, tls: 'none' }] })).toBe('CONFIG_INSECURE')
    expect(codeOf({ sinks: [{ ...email, tls: 'none', server: '127.0.0.1' }] })).toBe('loaded')
    expect(codeOf({ sinks: [teams('http://teams.example/?sig=s')] })).toBe('CONFIG_INSECURE')
    expect(codeOf({ sinks: [teams('http://127.0.0.1/?sig=s')] })).toBe('loaded')
    for (const text of ['not-a-url-secret', 'ftp://x.example/secret']) {
      expect(() => load({ sinks: [teams(text)] })).toThrowError(expect.objectContaining({ code: 'CONFIG_INVALID' }))
      expect(() => load({ sinks: [teams(text)] })).not.toThrowError(/secret/)
    }
    for (const type of ['slack', 'pagerduty'])
      expect(
        codeOf({
          sinks: [
            { type, id: 'a', url: 'http://x.example', ...(type === 'slack' ? { token: 't', channel: 'C' } : { routingKey: 'k' }) },
          ],
        }),
      ).toBe('CONFIG_INSECURE')
  })
  test('measurements off loopback need TLS and a token', () => {
    const metrics = { host: '0.0.0.0', port: 9_464 }
    const tls = { certFile: 'a', keyFile: 'b' }
    const token = 'a-token-of-some-length'
    expect([{}, { tls }, { token }, { tls, token }].map((more) => codeOf({ metrics: { ...metrics, ...more } }))).toEqual([
      ...Array.from({ length: 3 }, () => 'CONFIG_INSECURE'),
      'loaded',
    ])
  })
})

test('a token that is too short is refused whatever its reference looks like', () => {
  expect(() => load({ metrics: { port: 1, token: '${env:METRICS_TOKEN}' } }, { METRICS_TOKEN: 'short' })).toThrowError(
    expect.objectContaining({ code: 'CONFIG_INSECURE' }),
  )
})

test.each([
  [
    'two sinks of one name',
    [
      { type: 'file', id: 'a', path: 'x' },
      { type: 'file', id: 'a', path: 'y' },
    ],
  ],
  ['a sink of no known type', [{ type: 'kafka', id: 'a' }]],
  ['an unknown member', [{ type: 'file', id: 'a', path: 'x', filters: {} }]],
  ['a format that does not exist', [{ type: 'file', id: 'a', path: 'x', format: 'leef' }]],
  ['syslog without TLS', [{ type: 'syslog', id: 'a', server: 'x', tls: false }]],
])('%s is refused', (_, sinks) => expect(codeOf({ sinks })).toBe('CONFIG_INVALID'))
