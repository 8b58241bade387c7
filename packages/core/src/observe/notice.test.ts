import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anyEntry, stored } from './fixtures/any-entry.ts'
import { CONTEXT } from './fixtures/context.ts'
import { ORIGIN, sampleEvent, SAMPLES } from './fixtures/samples.ts'
import { inertText } from './inert-text.ts'
import { noticeOf } from './notice.ts'
import { toEvents } from './to-events.ts'

const ID = `apr-${'7a'.repeat(12)}`
/** What a sample says once some of its detail is other. */
function noticeWith(name: string, detail: object, more: object = {}) {
  const body = SAMPLES[name]
  if (body?.type !== 'admin') throw new TypeError('no act of administration')
  const entry = stored({ ...body, ...more, detail: { ...body.detail, ...detail } } as never, 7)
  const [event] = entry ? toEvents(entry, { origin: ORIGIN }) : []
  if (!event) throw new TypeError('no event')
  return noticeOf(event, CONTEXT)
}

describe('R149: what people are told of an act that waits', () => {
  test('who wants to do what, why they are asked, until when, and where to look', () => {
    expect(noticeOf(sampleEvent('asked'), CONTEXT)).toEqual({
      title: 'Approval needed: invoices wants to call pay_invoice of erp',
      facts: [
        { name: 'Agent', value: 'invoices' },
        { name: 'Task', value: 'pay' },
        { name: 'Effect', value: 'transact, tier high' },
        { name: 'Why people are asked', value: expect.stringMatching(/^[a-z].* /) },
        { name: 'Approvals', value: '0 of 1' },
        { name: 'Until', value: '2026-11-21 00:05:00 UTC' },
        { name: 'Request', value: ID },
        { name: 'Gateway', value: CONTEXT.host },
        { name: 'Record', value: expect.stringMatching(/^entry 22 of sallyport\/0123456789abcdef, event [0-9A-Z]{26}$/) },
      ],
      request: ID,
      stage: 'waits',
      url: `https://console.example/approvals/${ID}`,
    })
  })
  test('without a console, the command that shows it', () => {
    const { url, facts } = noticeOf(sampleEvent('asked'), { host: 'a' })
    expect(url).toBeUndefined()
    expect(facts).toContainEqual({ name: 'Look at it', value: `sallyport approvals show ${ID}` })
  })
  test.each([
    ['escalated', {}, 'waits', 'Nobody decided in time'],
    ['decided', {}, 'over', 'Rejected by bob: invoices'],
    ['decided', { verdict: 'approve', state: 'approved' }, 'over', 'Approved by bob: invoices'],
    ['decided', { verdict: 'approve', state: 'pending' }, 'waits', 'Approved by bob, and one more has to: invoices'],
  ])('%s %j: %s', (name, detail, stage, title) => {
    expect(noticeWith(name, detail)).toMatchObject({ stage, title: expect.stringContaining(title) })
  })
  test('R149: reminded, expired, not used in time, cancelled', () => {
    const told = (verb: string, detail = {}) => noticeWith('asked', detail, { verb }).title.split(':')[0]
    expect(told('approval.due')).toBe('Still waiting for approval')
    expect(told('approval.expired')).toBe('Nobody decided, so it will not happen')
    expect(told('approval.expired', { votes: 1 })).toBe('Approved, but not used in time')
    expect(told('approval.cancelled')).toBe('No decision needed any more')
    expect(noticeWith('asked', {}, { verb: 'approval.expired' }).stage).toBe('over')
  })
  test('what is no id of a request has no link', () => {
    for (const target of ['apr-1/../../login?next=https://evil.example', `${ID}/approve`, undefined]) {
      const { url, stage, request } = noticeWith('asked', {}, { target })
      expect({ url, stage, request }).toEqual({ url: undefined, stage: 'none', request: undefined })
    }
  })
  test('the reason of an approver and the hash of what they saw stay in the record', () => {
    const said = JSON.stringify(noticeOf(sampleEvent('decided'), CONTEXT))
    expect(said).not.toMatch(/unknown payee|abab|cdcd/)
  })
})

test('R105: an alert says what, who, how severe and where the evidence lies', () => {
  const { title, facts, stage } = noticeOf(sampleEvent('alert'), CONTEXT)
  expect({ title, stage }).toEqual({ title: 'Alert: 20 denied acts in 60 s', stage: 'none' })
  expect(facts.map(({ name, value }) => `${name}: ${value}`)).toEqual([
    'Severity: medium, priority 3',
    'Agent: invoices',
    'By: sallyport',
    'Rule: denied-burst',
    'Gateway: gateway-1.example',
    expect.stringContaining('Record: entry 21 of'),
  ])
})

/** What no message may hold: a line break, something hidden, something a program makes a link or a mention of. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|https?:|www\.|\w\.[a-z]|(?<!\[)[@<]/u

describe('R144: foreign text in a message is only text', () => {
  test.each([
    ['a\r\nBcc: eve@evil.example', 'a\\u{d}\\u{a}Bcc: eve[@]evil[.]example'],
    ['<!channel> @here', '[<]!channel> [@]here'],
    ['https://evil.example/x', 'https[:]//evil[.]example/x'],
    ['evil。com', 'evil[。]com'],
    ['pay\u202etxt.exe', 'pay\\u{202e}txt[.]exe'],
    ['pay\u200bload', 'pay\\u{200b}load'],
    ['version 1.2', 'version 1.2'],
  ])('%j shows as %j', (text, shown) => expect(inertText(text)).toBe(shown))

  test('10,000 characters are no longer than a line', () => {
    expect(inertText('x'.repeat(10_000))).toBe(`${'x'.repeat(80)}…`)
    expect(inertText('\u202e'.repeat(10_000)).length).toBeLessThanOrEqual(161)
    const { title, facts } = noticeWith('asked', { agent: '\n'.repeat(600), name: '@'.repeat(600), server: 'x'.repeat(600) })
    expect(Math.max(title.length, ...facts.map(({ value }) => value.length))).toBeLessThan(700)
  })

  test('whatever the log holds', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        for (const event of toEvents(entry, { origin: 'sallyport/test' })) {
          const { title, facts, url } = noticeOf(event, { ...CONTEXT, host: 'here' })
          expect(`${title}${facts.map(({ value }) => value).join('')}`).not.toMatch(ACTIVE)
          expect(url ?? '').toMatch(/^(?:https:\/\/console\.example\/approvals\/apr-[0-9a-f]{24})?$/)
        }
      }),
      { numRuns: 300 },
    )
  })
})
