import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyEntry } from '../../fixtures/any-entry.ts'
import { CONTEXT } from '../../fixtures/context.ts'
import { ORIGIN, sampleEvent } from '../../fixtures/samples.ts'
import { toEvents } from '../../to-events.ts'
import { rfc5424 } from './index.ts'

/** The grammar of RFC 5424, section 6, for messages with one SD-ELEMENT and no MSG. */
const MESSAGE =
  /^<(\d{1,3})>1 (\S+) ([!-~]{1,255}|-) sallyport - ([!-~]{1,32}) \[sallyport@(\d+)((?: [!#-<>-\\^-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")*)\]$/u

function parse(line: string): Record<string, string> | undefined {
  const match = MESSAGE.exec(line)
  if (!match) return undefined
  const [, priority = '', time = '', host = '', id = '', number = '', parameters = ''] = match
  const values = [...parameters.matchAll(/ ([^=]+)="((?:[^"\\\]]|\\["\\\]])*)"/gu)].map(
    ([, name = '', value = '']): [string, string] => [name, value.replaceAll(/\\(["\\\]])/g, '$1')],
  )
  return { ...Object.fromEntries(values), priority, time, host, messageId: id, number }
}

test('R137: a denied call reads back', () => {
  const event = sampleEvent('denied')
  expect(parse(rfc5424.format(event, CONTEXT) ?? '')).toEqual({
    // Facility 13, severity 4.
    priority: '108',
    time: event.time,
    host: 'gateway-1.example',
    messageId: 'tool.decision',
    number: '32473',
    id: event.id,
    idx: '1',
    origin: ORIGIN,
    hash: event.log.leafHash,
    kind: 'act.denied',
    severity: 'medium',
    verdict: 'deny',
    agent: 'invoices',
    actor: 'invoices',
    tool: 'pay_invoice',
    server: 'erp',
    reason: 'recipient_not_allowed',
    rule: 'domains',
    ver: '4',
    call: 'act-7',
    user: 'alice',
    trace: event.trace?.traceId,
  })
})

test('R137: quotes, brackets and backslashes come back as they were', () => {
  expect(parse(rfc5424.format(sampleEvent('read'), CONTEXT) ?? '')?.['tool']).toBe('file:///a|b=c\\d"e]f')
})

test('R137: any entry follows the grammar within 2,048 bytes', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      for (const event of toEvents(entry, { origin: ORIGIN })) {
        const line = rfc5424.format(event, CONTEXT) ?? ''
        expect(parse(line)).toMatchObject({ idx: String(event.log.index), id: event.id, hash: event.log.leafHash })
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(2_048)
      }
    }),
    { numRuns: 300 },
  )
})

test('a host name that syslog cannot carry is left out', () => {
  expect(parse(rfc5424.format(sampleEvent('denied'), { ...CONTEXT, host: 'gate way\n' }) ?? '')?.['host']).toBe('gateway')
  expect(parse(rfc5424.format(sampleEvent('denied'), { ...CONTEXT, host: '門' }) ?? '')?.['host']).toBe('-')
})
