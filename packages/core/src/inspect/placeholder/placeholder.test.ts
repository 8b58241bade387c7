import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../model/json.ts'
import { applyEdits } from '../edit/apply-edits.ts'
import { atOf, flatten } from '../flatten.ts'
import { findPlaceholders, PLACEHOLDER_CHARS_MAX } from './find-placeholders.ts'
import { plainSealer } from './fixtures/plain-sealer.ts'
import {
  maskText,
  placeholderText,
  SEALED_CHARS_MAX,
  SEALED_CHARS_MIN,
  SEALED_VALUE_CHARS_MAX,
  typeName,
} from './placeholder-text.ts'
import { maskedForRecord, redactions, type SeenValue } from './redactions.ts'
import { restorations } from './restorations.ts'

const sealed = 'Ab_-09'.repeat(10)
const text = placeholderText('payment_card', sealed)
const anywhere = (): boolean => true

describe('findPlaceholders', () => {
  test.each([
    ['as it is', text],
    ['in a sentence', `pay with ${text}, please`],
    ['in brackets', `[${text}]`],
    ['behind a backslash', `C:\\${text}`],
    ['spaces', `[[ payment_card : ${sealed} ]]`],
    ['Markdown', `\\[\\[payment\\_card:${sealed.replaceAll('_', '\\_').replaceAll('-', '\\-')}\\]\\]`],
    ['Markdown, opened only', `\\[\\[payment_card:${sealed}]]`],
    ['entities', `&#91;&#91;payment_card:${sealed}&#93;&#93;`],
    ['named entities', `&lbrack;&lbrack;payment_card&colon;${sealed}&rbrack;&rbrack;`],
    ['a URL', `https://x.example/?c=${encodeURIComponent(text)}&d=1`],
    ['line wraps', `[[payment_card:\n${sealed.replaceAll(/.{20}/g, '$&\r\n  ')}\n]]`],
    ['zero-width spaces', `[[payment_card:${sealed.slice(0, 9)}\u200b${sealed.slice(9)}]]`],
    ['JSON in JSON', JSON.stringify(JSON.stringify({ a: text }))],
  ])('%s', (_, given) => {
    const [found, ...others] = findPlaceholders(given)
    expect(others).toEqual([])
    expect(found).toMatchObject({ type: 'payment_card', sealed })
    // Nothing but the placeholder is between start and end.
    expect(given.slice(0, found?.start) + given.slice(found?.end)).not.toMatch(/Ab_|payment/)
  })
  test('what stands before and behind stays', () => {
    expect(findPlaceholders(`\\${text}`)[0]?.start).toBe(1)
    expect(findPlaceholders(`[${text}]`)).toMatchObject([{ start: 1, end: 1 + text.length }])
    expect(findPlaceholders(`${text}${text}`)).toMatchObject([{ start: 0 }, { start: text.length, end: 2 * text.length }])
  })
  test.each([
    ['a mask', '[payment_card]'],
    ['one bracket', text.slice(1, -1)],
    ['one bracket escaped', `\\[${text.slice(1)}`.replace('\\[[', '\\[x[')],
    ['no colon', text.replace(':', '')],
    ['no type', `[[:${sealed}]]`],
    ['a type that begins with a digit', `[[1a:${sealed}]]`],
    ['a type too long', `[[${'a'.repeat(33)}:${sealed}]]`],
    ['capitals', text.replace('p', 'P')],
    ['too short', `[[payment_card:${'A'.repeat(SEALED_CHARS_MIN - 1)}]]`],
    ['too long', `[[payment_card:${'A'.repeat(SEALED_CHARS_MAX + 1)}]]`],
    ['spread too far', `[[payment_card:${sealed}${' '.repeat(PLACEHOLDER_CHARS_MAX)}]]`],
    ['another character inside', text.replace('A', '+')],
    ['not closed', text.slice(0, -1)],
    ['a blank line inside', text.replace(':', ':\n\n')],
    ['a wiki link', '[[Main page|the main page]]'],
    ['an array', '[[1,2],[3,4]]'],
  ])('not: %s', (_, given) => expect(findPlaceholders(given)).toEqual([]))
  // Nothing is timed: what is not linear here takes hours and never ends.
  test.each([
    '[',
    '[[',
    '[[a',
    '[[a:',
    '[[a:A',
    '[[a\\',
    '\\',
    '\\[',
    '\\[\\[a:',
    '&',
    '&#91;&#91;a:',
    '%5B',
    '%5B%5Ba%3A',
    '[[a:\n',
    '[[ ',
    '&nbsp;',
  ])('gets to the end of a megabyte of %j', (unit) =>
    expect(findPlaceholders(unit.repeat(Math.ceil(1_048_576 / unit.length)))).toEqual([]),
  )
})

test.each([
  ['payment_card', 'payment_card'],
  ['aws-key', 'aws_key'],
  ['Codename', 'codename'],
  ['a]]b', 'redacted'],
  ['', 'redacted'],
  ['4a', 'redacted'],
  ['x'.repeat(33), 'redacted'],
])('a type of %j reads %j', (type, name) => {
  expect(typeName(type)).toBe(name)
  expect(maskText(type)).toBe(`[${name}]`)
})

const CARD = '4111111111111111'
/** Cards, in texts, names and numbers. */
function cardsIn(value: Json): SeenValue[] {
  return [...flatten(value)].flatMap((leaf) =>
    [...leaf.text.matchAll(/4111111111111111/g)].map(({ index }) => ({
      at: atOf(leaf.step),
      inName: leaf.kind === 'name',
      start: index,
      end: index + CARD.length,
      type: 'payment_card',
      class: 'pci',
    })),
  )
}
const anyString = fc
  .array(fc.constantFrom(CARD, 'a', '😀', '[', ']', '\\', '%5B', '&', ' ', text), { maxLength: 6 })
  .map((parts) => parts.join(''))
const { value: anyJson } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    anyString,
    fc.constantFrom<Json>(null, Number(CARD), 5),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(anyString, tie('value'), { maxKeys: 4 }),
  ),
}))

describe('redact and restore', () => {
  const sealer = plainSealer('agent-1 session-1')
  test('R212: what may come back comes back exactly; what stays sealed shows nothing', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        const redacted = applyEdits(value, redactions(value, cardsIn(value), sealer))
        expect(JSON.stringify(redacted)).not.toContain(CARD)
        expect(applyEdits(redacted, restorations(redacted, anywhere, sealer).edits)).toEqual(value)
        const kept = restorations(redacted, () => false, sealer)
        expect([kept.edits, kept.refused.length]).toEqual([[], cardsIn(value).length])
        expect(restorations(redacted, anywhere, plainSealer('agent-2 session-1'))).toEqual({ edits: [], refused: [] })
      }),
      { numRuns: 2_000 },
    )
  })
  const value = { note: `card ${CARD}`, n: Number(CARD) }
  const redacted = applyEdits(value, redactions(value, cardsIn(value), sealer)) as { note: string; n: string }

  test('a number comes back as a number, a part of a text as text', () => {
    expect(applyEdits(redacted, restorations(redacted, anywhere, sealer).edits)).toEqual(value)
    const quoted = { note: `no. ${redacted.n}` }
    expect(applyEdits(quoted, restorations(quoted, anywhere, sealer).edits)).toEqual({ note: `no. ${CARD}` })
  })
  test('R212: the sink decides by type and class, and what is refused is named without its value', () => {
    const asked: string[][] = []
    const { edits, refused } = restorations(
      redacted,
      (type, dataClass) => {
        asked.push([type, dataClass])
        return false
      },
      sealer,
    )
    expect(edits).toEqual([])
    expect(asked[0]).toEqual(['payment_card', 'pci'])
    expect(refused).toEqual([
      { at: ['note'], inName: false, type: 'payment_card', classes: ['pci'] },
      { at: ['n'], inName: false, type: 'payment_card', classes: ['pci'] },
    ])
  })
  test('a type that was changed does not open', () => {
    const changed = redacted.note.replace('payment_card', 'order_number')
    expect(restorations(changed, anywhere, sealer)).toEqual({ edits: [], refused: [] })
  })
  test('values that overlap open only where all of them may go', () => {
    const url = `https://x.example/?c=${CARD}`
    const seen: SeenValue[] = [
      { at: [], start: 0, end: url.length, type: 'url', class: 'internal' },
      { at: [], start: url.length - 16, end: url.length, type: 'payment_card', class: 'pci' },
    ]
    const one = applyEdits(url, redactions(url, seen, sealer))
    expect(findPlaceholders(String(one)).map(({ type }) => type)).toEqual(['url'])
    expect(restorations(one, (_, dataClass) => dataClass === 'internal', sealer).refused[0]?.classes).toEqual(['internal', 'pci'])
    expect(restorations(one, (_, dataClass) => dataClass === 'pci', sealer).edits).toEqual([])
    expect(applyEdits(one, restorations(one, anywhere, sealer).edits)).toBe(url)
  })
  test('without a class nothing vouches for the sink', () => {
    const open = { open: () => ({ value: CARD, classes: [], isNumber: false }) }
    expect(restorations(text, anywhere, open).edits).toEqual([])
  })
  test('a sealed value is not sealed again; text in its form is', () => {
    const inside: SeenValue = { at: [], start: 20, end: 30, type: 'high_entropy', class: 'secret' }
    expect(redactions(redacted.n, [inside], sealer)).toEqual([])
    const forged = `[[payment_card:${CARD.repeat(4)}]]`
    expect(redactions(forged, [{ ...inside, start: 15, end: 31 }], sealer).length).toBe(1)
  })
  test.each([
    ['too long', 'x'.repeat(SEALED_VALUE_CHARS_MAX + 1)],
    ['half a character', 'abc\ud83d'],
  ])('%s to seal: masked for good', (_, given) => {
    const seen: SeenValue = { at: [], start: 0, end: given.length, type: 'source_code', class: 'internal' }
    expect(applyEdits(given, redactions(given, [seen], sealer))).toBe('[source_code]')
  })
  test('a sealer that cannot is a mask', () => {
    const none = { ...sealer, seal: () => undefined }
    expect(applyEdits(CARD, redactions(CARD, cardsIn(CARD), none))).toBe('[payment_card]')
  })
  test('a value is written as its placeholder was', () => {
    const mail = `a&b"<c>@d.example`
    const seen: SeenValue = { at: [], start: 0, end: mail.length, type: 'email', class: 'pii' }
    const placeholder = String(applyEdits(mail, redactions(mail, [seen], sealer)))
    const back = (given: string): Json => applyEdits(given, restorations(given, anywhere, sealer).edits)
    expect(back(`/?to=${encodeURIComponent(placeholder)}`)).toBe(`/?to=${encodeURIComponent(mail)}`)
    expect(back(`<p>${placeholder.replaceAll('[', '&#91;').replaceAll(']', '&#93;')}`)).toBe('<p>a&#38;b&#34;&#60;c&#62;@d.example')
    expect(back(`to ${placeholder}`)).toBe(`to ${mail}`)
  })
  test('what lies outside is refused', () => {
    const seen: SeenValue = { at: ['note'], start: 0, end: 99, type: 'a', class: 'pii' }
    expect(() => redactions(value, [seen], sealer)).toThrow(RangeError)
    expect(() => redactions(value, [{ ...seen, at: ['none'], end: 1 }], sealer)).toThrow(RangeError)
  })
})

test('R133, R247: what is recorded holds masks, not values, and nothing to open', () => {
  fc.assert(
    fc.property(anyJson, (value) => {
      const recorded = JSON.stringify(maskedForRecord(value, cardsIn(value)))
      expect(recorded).not.toContain(CARD)
      expect(recorded.split('[payment_card]').length).toBe(cardsIn(value).length + 1)
    }),
  )
})
