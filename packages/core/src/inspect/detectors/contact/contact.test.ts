import { describe, expect, test } from 'vitest'
import { detectIn, identifiersContract } from '../../identifiers.contract.ts'
import { found, passed } from './fixtures/texts.ts'
import { contact, contactDetector } from './index.ts'

identifiersContract(contact, found, passed)

describe('R077: addresses that belong to nobody weigh nothing', () => {
  const severities = (text: string) => detectIn(contact, text).map(({ severity }) => severity)
  test.each([
    '10.1.2.3',
    '127.0.0.1',
    '192.168.0.1',
    '172.16.0.1',
    '169.254.1.1',
    '203.0.113.9',
    '::1:2:3',
    'fe80::1:2',
    'fd00::1:2',
    '2001:db8::1',
    'a@example.com',
    'a@mail.test',
  ])('%s', (text) => expect(severities(text)).toEqual(['info']))
  test.each(['8.8.8.8', '172.32.0.1', '192.169.0.1', '2606:4700::1', 'a@examples.com', 'a@test.de'])('but %s does', (text) =>
    expect(severities(text)).toEqual(['low']),
  )
})

describe('telephone numbers', () => {
  const all = contactDetector({
    findPhones: (text, isWorthwhile) =>
      [...text.matchAll(/[+(]?\d[\d() -]+\d/g)].flatMap(({ 0: one, index }) => {
        const span = { start: index, end: index + one.length }
        return isWorthwhile(span) ? [span] : []
      }),
  })
  test('the finder is asked and its spans are reported', () =>
    expect(detectIn(all, 'call 5550143')).toEqual([{ code: 'phone', class: 'pii', severity: 'low', start: 5, end: 12 }]))
  test.each(['+1 202 5550143', '(202) 555-0143', '202-555-0143', 'tel 5550143'])('%s is worthwhile', (text) =>
    expect(detectIn(all, text)).toHaveLength(1),
  )
  test.each(['5550143', 'order 202 555 0143', '102-555-0143'])('%s is not', (text) => expect(detectIn(all, text)).toEqual([]))
})
