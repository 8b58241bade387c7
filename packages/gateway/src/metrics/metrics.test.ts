import { request } from 'node:http'
import type { EntryBody } from '@sallyport/core'
import { afterEach, describe, expect, test } from 'vitest'
import { SAMPLES } from '../../../core/src/observe/fixtures/samples.ts'
import { countAppends } from '../count-appends.ts'
import { openCounters, type Counters } from '../counters.ts'
import { memoryLog } from '../fixtures/world.ts'
import { exposition, type Gauges } from './exposition.ts'
import { listenMetrics } from './listen.ts'

const GAUGES: Gauges = {
  entries: { durable: 10, checkpointed: 9, witnessed: undefined },
  sinks: [
    { id: 'siem', type: 'splunk', format: 'ocsf', state: 'following', next: 8, lag: 2, delivered: 8, skipped: 1, failures: 3 },
  ],
  streams: 1,
  bytesInFlight: 2,
  isolatedAgents: 0,
  residentBytes: 1_000,
  startedMs: 5_000,
  loopDelayMs: { '0.5': 0, '0.99': 1, '1': 2 },
}
/** The grammar of the text format 0.0.4, line by line. */
const LINE =
  /^(?:# (?:HELP|TYPE) sallyport_(?:infra|behaviour)_[a-z_0-9]+ .+|sallyport_(?:infra|behaviour)_[a-z_0-9]+(?:\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? -?[0-9.e+-]+)$/

function counted(...bodies: readonly (EntryBody | undefined)[]): Counters {
  const counters = openCounters()
  for (const body of bodies) {
    counters.appendStarted()
    if (body) counters.appended(body, 3)
  }
  return counters
}
const value = (text: string, series: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1)

test('R015: every line follows the format, and infrastructure and behaviour are families of their own', () => {
  const text = exposition(counted(...Object.values(SAMPLES)), GAUGES)
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(LINE)
  expect(value(text, 'sallyport_behaviour_decisions_total{agent="invoices",effect="deny"}')).toBe('1')
  expect(value(text, 'sallyport_behaviour_findings_total{detector="hidden-text",severity="high"}')).toBe('1')
  expect(value(text, 'sallyport_behaviour_refusals_total{code="IDENTITY_INVALID"}')).toBe('1')
  expect(value(text, 'sallyport_behaviour_alerts_total{class="policy"}')).toBe('1')
  expect(value(text, 'sallyport_infra_act_failures_total{code="UPSTREAM_TIMEOUT"}')).toBe('1')
  expect(value(text, 'sallyport_infra_log_entries{state="checkpointed"}')).toBe('9')
  expect(value(text, 'sallyport_infra_sink_lag_entries{sink="siem"}')).toBe('2')
  expect(value(text, 'sallyport_infra_sink_dropped_total{sink="siem"}')).toBe('1')
  expect(value(text, 'sallyport_infra_log_append_seconds_count')).toBe(String(Object.keys(SAMPLES).length))
})

test('R015: behaviour changes what behaviour counts and nothing of infrastructure', () => {
  const infra = (text: string) => text.split('\n').filter((line) => line.includes('_infra_') && !line.includes('log_append'))
  const [calm, odd] = [SAMPLES['allowed'], SAMPLES['denied']].map((body) => exposition(counted(body), GAUGES))
  expect(infra(odd ?? '')).toEqual(infra(calm ?? ''))
  expect(odd).not.toBe(calm)
})

test('a histogram counts up to each bound, and what is above all of them', () => {
  const outcome = (durationMs: number): EntryBody => ({ ...(SAMPLES['succeeded'] as EntryBody & { type: 'outcome' }), durationMs })
  const text = exposition(counted(outcome(0.5), outcome(7), outcome(120_000)), GAUGES)
  const bucket = (le: string) => value(text, `sallyport_infra_act_duration_seconds_bucket{le="${le}"}`)
  expect([bucket('0.001'), bucket('0.005'), bucket('0.01'), bucket('60'), bucket('+Inf')]).toEqual(['1', '1', '2', '2', '3'])
  expect(Number(value(text, 'sallyport_infra_act_duration_seconds_sum'))).toBeCloseTo(120.0075)
})

test('labels are bounded: agents beyond the first hundred count as others', () => {
  const denied = SAMPLES['denied'] as EntryBody & { type: 'decision' }
  const many = Array.from({ length: 500 }, (_, i): EntryBody => ({ ...denied, actor: { type: 'agent', id: `agent-${i}` } }))
  const counters = counted(...many)
  expect(counters.behaviour.decisions.size).toBe(101)
  expect(counters.behaviour.decisions.get('other\ndeny')).toBe(400)
})

test('R133: users, subjects and sessions are no labels', () => {
  const text = exposition(counted(...Object.values(SAMPLES)), GAUGES)
  for (const word of ['alice', 's-42', 'bob', 'erin']) expect(text).not.toContain(word)
})

test('a label that breaks lines is escaped', () => {
  const odd = { ...(SAMPLES['refused'] as EntryBody & { type: 'refusal' }), code: 'a"b\\c' }
  expect(exposition(counted(odd), GAUGES)).toContain(String.raw`{code="a\"b\\c"}`)
})

test('an entry counts once it is durable, and one that is not as a failure', async () => {
  const counters = openCounters()
  const log = countAppends(memoryLog(), counters)
  await log.append(SAMPLES['denied'] as EntryBody)
  expect(counters.behaviour.decisions.get('invoices\ndeny')).toBe(1)
  log.fail = true
  await expect(log.append(SAMPLES['denied'] as EntryBody)).rejects.toThrow()
  expect(counters.behaviour.decisions.get('invoices\ndeny')).toBe(1)
  expect([counters.infra.appendFailures(), counters.infra.appendsInFlight()]).toEqual([1, 0])
})

test('a sample holds what happened since the last one', () => {
  const counters = counted(SAMPLES['succeeded'], SAMPLES['failed'])
  expect(counters.sample(1, 5)).toEqual({ timeMs: 1, acts: 2, failures: 1, loopDelayMs: 5, p99Ms: 25 })
  expect(counters.sample(2, 0)).toEqual({ timeMs: 2, acts: 0, failures: 0, loopDelayMs: 0 })
})

describe('the listener', () => {
  const open: { close(): Promise<void> }[] = []
  afterEach(async () => void (await Promise.all(open.splice(0).map((one) => one.close()))))
  async function listen(token?: string, write = () => Promise.resolve('x 1\n')) {
    const listener = await listenMetrics({ host: '127.0.0.1', port: 0, ...(token !== undefined && { token }) }, write)
    open.push(listener)
    return listener.port
  }
  const ask = (port: number, options: { path?: string; method?: string; headers?: Record<string, string> } = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path: '/metrics', agent: false, ...options }, (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => (text += chunk.toString()))
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.once('error', reject)
      sent.end()
    })

  test('answers on loopback without a token, to its own names only', async () => {
    const port = await listen()
    expect(await ask(port)).toEqual({ status: 200, text: 'x 1\n' })
    expect(await ask(port, { headers: { host: 'evil.example' } })).toEqual({ status: 403, text: '' })
    expect(await ask(port, { headers: { origin: 'http://127.0.0.1' } })).toEqual({ status: 403, text: '' })
    expect((await ask(port, { path: '/' })).status).toBe(404)
    expect((await ask(port, { method: 'POST' })).status).toBe(405)
  })
  test('with a token answers whoever has it', async () => {
    const port = await listen('a-token-of-some-length')
    expect((await ask(port)).status).toBe(401)
    expect((await ask(port, { headers: { authorization: 'Bearer a-token-of-some-lengtH' } })).status).toBe(401)
    expect((await ask(port, { headers: { authorization: 'Bearer a-token-of-some-length', host: 'pod-7' } })).status).toBe(200)
  })
  test('a failure says nothing', async () => {
    const port = await listen(undefined, () => Promise.reject(new Error('postgres://user:secret@db')))
    expect(await ask(port)).toEqual({ status: 500, text: '' })
  })
})
