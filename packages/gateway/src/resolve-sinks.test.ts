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

test('R137: secrets of sinks come from the environment, and files lie beside the configuration', () => {
  const { config, secrets } = load(
    {
      sinks: [
        splunk,
        { type: 'otlp', id: 'otel', url: 'https://otel.example', headers: { 'x-key': '${env:OTEL_KEY}' }, caFile: 'ca.pem' },
        { type: 'webhook', id: 'hook', url: 'https://hook.example', secret: '${env:HOOK}' },
        { type: 'file', id: 'disk', path: 'out/events.jsonl' },
      ],
      metrics: { port: 9_464, token: '${env:METRICS_TOKEN}' },
    },
    { HEC_TOKEN: 'hec', OTEL_KEY: 'otel', HOOK: 'whsec_x', METRICS_TOKEN: 'scrape-with-this-token' },
  )
  expect(config.sinks).toMatchObject([
    { token: 'hec' },
    { headers: { 'x-key': 'otel' }, caFile: join(folder.path, 'ca.pem') },
    { secret: 'whsec_x' },
    { path: join(folder.path, 'out/events.jsonl') },
  ])
  expect(config.metrics).toMatchObject({ token: 'scrape-with-this-token' })
  expect(secrets).toEqual(expect.arrayContaining(['hec', 'otel', 'whsec_x', 'scrape-with-this-token']))
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
