import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anyEntry } from '../../fixtures/any-entry.ts'
import { CONTEXT } from '../../fixtures/context.ts'
import { ORIGIN, sampleEvent } from '../../fixtures/samples.ts'
import { toEvents } from '../../to-events.ts'
import { cef } from './index.ts'

/** Reads CEF as its specification says; `undefined` for anything else. */
function parse(line: string): { header: string[]; extension: Record<string, string> } | undefined {
  const header: string[] = []
  let at = 0
  for (let field = ''; header.length < 7; at++) {
    if (at >= line.length) return undefined
    if (line[at] === '\\') field += line[++at] ?? ''
    else if (line[at] === '|') {
      header.push(field)
      field = ''
    } else field += line[at] ?? ''
  }
  const keys = [...line.slice(at).matchAll(/(?:^| )([A-Za-z0-9]+)=/g)].map((match) => ({
    key: match[1] ?? '',
    start: match.index,
    end: match.index + match[0].length,
  }))
  const rest = line.slice(at)
  const extension = Object.fromEntries(
    keys.map(({ key, end }, i) => [
      key,
      rest
        .slice(end, keys[i + 1]?.start ?? rest.length)
        .replaceAll(/\\([=\\nr])/g, (_, c: string) => (c === 'n' ? '\n' : c === 'r' ? '\r' : c)),
    ]),
  )
  // Outside of an escape, an equals sign only ever follows a key.
  const isEscaped = keys.every(({ end }, i) => /^(?:[^=\\]|\\[=\\nr])*$/.test(rest.slice(end, keys[i + 1]?.start ?? rest.length)))
  return isEscaped ? { header, extension } : undefined
}
const written = (name: string, part = 0) => parse(cef.format(sampleEvent(name, part), CONTEXT) ?? '')

test('R137: a decision reads back', () => {
  const event = sampleEvent('denied')
  expect(written('denied')).toEqual({
    header: ['CEF:0', 'Sallyport', 'Sallyport', '1.2.3', 'TOOL_DECISION', 'Tool call decided', '5'],
    extension: {
      rt: String(event.timeMs),
      dvchost: 'gateway-1.example',
      externalId: event.id,
      cat: 'act.denied',
      act: 'deny',
      reason: 'recipient_not_allowed',
      suser: 'alice',
      suid: 'invoices',
      request: 'pay_invoice',
      app: 'mcp',
      dhost: 'erp',
      fileHash: event.log.leafHash,
      cn1: '1',
      cn1Label: 'leafIndex',
      cn2: '3',
      cn2Label: 'priority',
      cs1: '4',
      cs1Label: 'policyVersion',
      cs2: 'invoices',
      cs2Label: 'agentId',
      cs3: event.trace?.traceId,
      cs3Label: 'traceId',
      cs4: ORIGIN,
      cs4Label: 'logOrigin',
      cs5: 'act-7',
      cs5Label: 'callId',
      cs6: 'domains',
      cs6Label: 'rule',
    },
  })
})

test('R137: bars, equals signs and backslashes come back as they were', () => {
  expect(written('read')?.extension['request']).toBe('file:///a|b=c\\d"e]f')
})

test('R137: no text of an entry can add a field or a line', () => {
  fc.assert(
    fc.property(anyEntry, (entry) => {
      for (const event of toEvents(entry, { origin: ORIGIN })) {
        const line = cef.format(event, CONTEXT) ?? ''
        const read = parse(line)
        expect(read?.header).toHaveLength(7)
        expect(read?.extension['externalId']).toBe(event.id)
        expect(read?.extension['suid']?.length).toBeLessThanOrEqual(255)
        expect(line.split('\n')).toHaveLength(1)
        expect(Number(read?.extension['cn1'])).toBe(event.log.index)
      }
    }),
  )
})

test.each([
  ['allowed', '1'],
  ['held', '3'],
  ['denied', '5'],
  ['lost', '8'],
  ['isolated', '10'],
])('R270: %s has CEF severity %s', (name, severity) => expect(written(name)?.header[6]).toBe(severity))

test('R137: cutting an agent off reads as suspend', () => {
  expect(written('isolated')).toMatchObject({
    header: expect.arrayContaining(['KILL_SWITCH']),
    extension: { act: 'suspend', duser: 'invoices', suid: 'bob' },
  })
})
